"""Learn which pictures a person would tag from few measurements, with a limit that is precise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from prefml._typing import Bools, Floats, Ints, Labels

__all__ = ["LEAST_FLAGGED", "PRECISION", "HeldOutFlags", "TagModel", "fit_tags", "hold_out_flags"]

# Share of flagged pictures that are to be tagged, on projects that were held out; the limit of a
# model is set for more on the projects it was fitted on, since the best of many limits flatters.
PRECISION, _AIM = 0.9, 0.95
# With fewer flagged pictures a precision says nothing.
LEAST_FLAGGED = 10
_LEAST_ABOVE_LIMIT = 5
# A limit that no probability reaches.
_NEVER = 2.0
_FOLDS = 10
# In standard units, for a measurement may be absurd where a detector errs.
_FARTHEST = 10.0


@dataclass(frozen=True)
class TagModel:
    """Logistic regression of a tag with the probability from which a picture is flagged.

    Attributes
    ----------
    usual, scale : tuple of float, length n_columns
        Median and interquartile range of the sound pictures, by which columns are standardized; a
        missing value counts as usual.
    weights : tuple of float, length n_columns
        Of the standardized columns.
    intercept : float
        Of the regression.
    limit : float
        Probability from which a picture is flagged; above 1 where no limit is precise.
    """

    usual: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    limit: float

    def predict(self, X: Floats) -> Floats:
        """Return the probability of the tag.

        Parameters
        ----------
        X : ndarray of shape (n_pictures, n_columns)
            Measurements; NaN where missing.

        Returns
        -------
        ndarray of shape (n_pictures,)
        """
        standard = _standardized(X, np.array(self.usual), np.array(self.scale))
        return np.asarray(expit((standard * np.array(self.weights)).sum(axis=1) + self.intercept))

    def flag(self, X: Floats) -> Bools:
        """Tell the pictures that are flagged.

        Parameters
        ----------
        X : ndarray of shape (n_pictures, n_columns)
            Measurements; where the first is missing nothing is flagged, there being no place.

        Returns
        -------
        ndarray of bool, of shape (n_pictures,)
        """
        return np.asarray((self.predict(X) >= self.limit) & np.isfinite(X[:, 0]))


@dataclass(frozen=True)
class HeldOutFlags:
    """Flags of pictures, each by a model that was fitted and given its limit without its project.

    Attributes
    ----------
    flagged, right : int
        Flagged pictures, and those of them that are tagged.
    tagged : int
        Tagged pictures.
    """

    flagged: int
    right: int
    tagged: int

    @property
    def precision(self) -> float:
        """Share of flagged pictures that are tagged; NaN where none is flagged."""
        return self.right / self.flagged if self.flagged else float("nan")

    @property
    def recall(self) -> float:
        """Share of tagged pictures that are flagged; NaN where none is tagged."""
        return self.right / self.tagged if self.tagged else float("nan")

    @property
    def is_precise(self) -> bool:
        """Tell whether such flags may be shown."""
        return self.flagged >= LEAST_FLAGGED and self.precision >= PRECISION


def fit_tags(X: Floats, tagged: Bools, project: Labels) -> TagModel:
    """Fit a model on tagged and untagged pictures, with a limit from projects held out in turn.

    Parameters
    ----------
    X : ndarray of shape (n_pictures, n_columns)
        Measurements; NaN where missing. The first is the score that a flag needs a place from.
    tagged : ndarray of bool, of shape (n_pictures,)
        What the person tagged.
    project : ndarray of shape (n_pictures,)
        Whole projects are held out to set the limit.

    Returns
    -------
    TagModel
        Without a limit, where there are fewer than two projects with tagged and with untagged
        pictures, or no limit is precise.
    """
    known = np.isfinite(X[:, 0])
    stated = np.full(len(X), np.nan)
    for train, test in _by_project(project):
        model = _fit(X[train][known[train]], tagged[train][known[train]])
        if model is not None:
            stated[test] = model.predict(X[test])
    fitted = _fit(X[known], tagged[known])
    if fitted is None:
        return TagModel((0.0,) * X.shape[1], (1.0,) * X.shape[1], (0.0,) * X.shape[1], 0.0, _NEVER)
    usable = known & np.isfinite(stated)
    limit = _precise_limit(stated[usable], tagged[usable])
    return TagModel(fitted.usual, fitted.scale, fitted.weights, fitted.intercept, limit)


def hold_out_flags(
    X: Floats,
    tagged: Bools,
    project: Labels,
    fit: Callable[[Floats, Bools, Labels], TagModel] = fit_tags,
) -> HeldOutFlags:
    """Count flags on projects that were held out in turn, from the fit and from its limit.

    Parameters
    ----------
    X, tagged, project
        As for `fit_tags`.
    fit : callable, optional
        What is fitted on the other projects.

    Returns
    -------
    HeldOutFlags
    """
    flags = np.zeros(len(X), bool)
    for train, test in _by_project(project):
        flags[test] = fit(X[train], tagged[train], project[train]).flag(X[test])
    return HeldOutFlags(int(flags.sum()), int((flags & tagged).sum()), int(tagged.sum()))


def _by_project(project: Labels) -> list[tuple[Ints, Ints]]:
    """Split pictures into folds, whole projects together; none where there is one project."""
    numbers = np.unique(project.astype(str), return_inverse=True)[1]
    n_folds = min(_FOLDS, len(np.unique(numbers)))
    return list(GroupKFold(n_folds).split(numbers, groups=numbers)) if n_folds > 1 else []


def _fit(X: Floats, tagged: Bools) -> TagModel | None:
    """Fit the regression; None where all pictures are tagged alike."""
    if tagged.all() or not tagged.any():
        return None
    sound = X[~tagged]
    usual = np.array([_quantile(column, 0.5) for column in sound.T])
    spread = [_quantile(column, 0.75) - _quantile(column, 0.25) for column in sound.T]
    scale = np.maximum(spread, 1e-3)
    standard = _standardized(X, usual, scale)
    model = LogisticRegression(C=1.0, max_iter=1000).fit(standard, tagged)
    weights = tuple(map(float, model.coef_[0]))
    return TagModel(
        tuple(map(float, usual)),
        tuple(map(float, scale)),
        weights,
        float(model.intercept_[0]),
        _NEVER,
    )


def _quantile(column: Floats, share: float) -> float:
    known = column[np.isfinite(column)]
    return float(np.quantile(known, share)) if len(known) else 0.0


def _standardized(X: Floats, usual: Floats, scale: Floats) -> Floats:
    known = np.where(np.isfinite(X), X, usual)
    return np.asarray(np.clip((known - usual) / scale, -_FARTHEST, _FARTHEST))


def _precise_limit(stated: Floats, tagged: Bools) -> float:
    """Return the lowest probability above which flags are precise; above 1 where there is none."""
    order = np.argsort(-stated, kind="stable")
    right = np.cumsum(tagged[order])
    count = np.arange(1, len(order) + 1)
    # Of equal probabilities all are flagged or none.
    last = np.append(np.diff(stated[order]) != 0, True) if len(order) else np.empty(0, bool)
    precise = last & (right / count >= _AIM) & (count >= _LEAST_ABOVE_LIMIT)
    return float(stated[order][np.flatnonzero(precise)[-1]]) if precise.any() else _NEVER
