"""Detect unusual steps: outlier scores of a picture's change from its source, unsupervised.

Nearly every picture of a higher stage differs from the stage below it in the same way: larger,
sharper, the face replaced. One that differs in another way came out wrong more often than not,
and there are far more pictures to learn the usual way from than there are wrong ones to learn
wrongness from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA

from prefml._typing import Bools, Floats

__all__ = ["CLIP", "NAMES", "LocationScale", "StepNovelty", "Whitening"]


NAMES = ("novelty__step", "novelty__mean")
# Standardised steps beyond this are pulled in.
CLIP = 5.0
# A kind of step with fewer examples than this is judged by the steps of all kinds.
_MIN_EXAMPLES = 30
_COMPONENTS = 20
# Rows, at most, from which locations, scales and components are learned: more tell no more.
_MAX_FITTED = 50_000
_NONE = np.empty(0, np.intp)


class LocationScale(NamedTuple):
    """Robust location and scale of columns.

    Attributes
    ----------
    location : ndarray of shape (n_columns,)
        Medians.
    scale : ndarray of shape (n_columns,)
        Interquartile ranges, and a little more so that none is 0.
    """

    location: Floats
    scale: Floats


@dataclass(frozen=True)
class Whitening:
    """Leading principal components, each brought to variance 1.

    Attributes
    ----------
    mean : ndarray of shape (n_columns,)
        Taken off first.
    directions : ndarray of shape (n_components, n_columns)
        Each component, divided by the deviation along it.
    """

    mean: Floats
    directions: Floats

    @classmethod
    def of(cls, pca: PCA) -> Whitening:
        """Return the whitening by a fitted PCA.

        Parameters
        ----------
        pca : sklearn.decomposition.PCA
            Fitted.

        Returns
        -------
        Whitening
        """
        deviation = np.sqrt(pca.explained_variance_)
        # What does not vary at all carries nothing, however it is scaled.
        deviation = np.maximum(deviation, np.finfo(float).eps)
        return cls(pca.mean_, pca.components_ / deviation[:, None])

    def transform(self, X: Floats) -> Floats:
        """Return the whitened components.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Columns as the PCA was fitted on.

        Returns
        -------
        ndarray of shape (n_rows, n_components)
        """
        return np.asarray((X - self.mean) @ self.directions.T)


class StepNovelty:
    """Outlier scores of a step among the steps of its kind.

    Each column is centred on the median of its kind of step and scaled by the interquartile range;
    the scores are the Mahalanobis distance in the whitened leading components, and the mean of the
    columns' log squared distances.

    Parameters
    ----------
    random_state : int, default=0
        Seed of the components' solver.

    Attributes
    ----------
    columns_ : ndarray of int
        The columns that vary.
    stats_by_kind_ : dict of float to LocationScale
        Kind of step -> location and scale of each column; NaN for steps of all kinds.
    whitening_ : Whitening or None
        None where there was too little to fit.

    References
    ----------
    P. J. Rousseeuw, M. Hubert, "Robust statistics for outlier detection", WIREs Data Mining and
    Knowledge Discovery 1, 2011 (median and quartiles, so that the odd ones do not set the norm).
    """

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, steps: Floats, kind: Floats) -> StepNovelty:
        """Fit location, scale and components of the steps.

        Parameters
        ----------
        steps : ndarray of shape (n_rows, n_columns)
            Differences to the source; rows of NaN have none.
        kind : ndarray of shape (n_rows,)
            A number for each kind of step.

        Returns
        -------
        StepNovelty
        """
        has = _complete_rows(steps)
        self.columns_ = np.flatnonzero(steps[has].std(axis=0) > 0) if has.any() else _NONE
        self.whitening_: Whitening | None = None
        if has.sum() < _MIN_EXAMPLES or len(self.columns_) < 2:
            return self
        taken = np.flatnonzero(has)
        if len(taken) > _MAX_FITTED:
            taken = taken[np.arange(_MAX_FITTED) * len(taken) // _MAX_FITTED]
        rows, kinds = steps[taken][:, self.columns_], kind[taken]
        spread = rows.std(axis=0)
        self.stats_by_kind_ = {np.nan: _location_scale(rows, spread)}
        for value in np.unique(kinds[~np.isnan(kinds)]):
            same = rows[kinds == value]
            if len(same) >= _MIN_EXAMPLES:
                self.stats_by_kind_[float(value)] = _location_scale(same, spread)
        count = min(_COMPONENTS, len(self.columns_), len(rows) - 1)
        solver = PCA(count, svd_solver="full", random_state=self.random_state)
        self.whitening_ = Whitening.of(solver.fit(self._standardised(rows, kinds)))
        return self

    def _standardised(self, rows: Floats, kinds: Floats) -> Floats:
        result = np.empty(rows.shape)
        general = next(iter(self.stats_by_kind_.values()))
        for value in np.unique(kinds):
            same = np.isnan(kinds) if np.isnan(value) else kinds == value
            stats = self.stats_by_kind_.get(float(value), general)
            result[same] = (rows[same] - stats.location) / stats.scale
        return np.asarray(np.clip(result, -CLIP, CLIP))

    def transform(self, steps: Floats, kind: Floats) -> Floats:
        """Return the two outlier scores of each row.

        Parameters
        ----------
        steps, kind
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_rows, 2)
            The columns `NAMES`; NaN where there is no source, or there was too little to fit.
        """
        result = np.full((len(steps), len(NAMES)), np.nan)
        has = _complete_rows(steps)
        if self.whitening_ is None or not has.any():
            return result
        standard = self._standardised(steps[has][:, self.columns_], kind[has])
        result[has, 0] = np.log1p((self.whitening_.transform(standard) ** 2).mean(axis=1))
        result[has, 1] = np.log1p(standard**2).mean(axis=1)
        return result


def _complete_rows(steps: Floats) -> Bools:
    return np.asarray(~np.isnan(steps).any(axis=1))


def _location_scale(rows: Floats, spread: Floats) -> LocationScale:
    low, median, high = np.percentile(rows, (25, 50, 75), axis=0)
    return LocationScale(median, high - low + 1e-3 * spread)
