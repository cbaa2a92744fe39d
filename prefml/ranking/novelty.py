"""How unusual a picture's change from its source is, learned without looking at any choice.

Nearly every picture of a higher stage differs from the stage below it in the same way: larger,
sharper, the face replaced. One that differs in another way came out wrong more often than not,
and there are far more pictures to learn the usual way from than there are wrong ones to learn
wrongness from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA

from prefml._typing import Bools, Floats

__all__ = ["CLIP", "NAMES", "StepNovelty", "Whitening"]


NAMES = ("novelty__step", "novelty__mean")
# Standardised steps beyond this are pulled in.
CLIP = 5.0
# A kind of step with fewer examples than this is judged by the steps of all kinds.
_MIN_EXAMPLES = 30
_COMPONENTS = 20
_NONE = np.empty(0, np.intp)


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
        """Take over a fitted analysis."""
        deviation = np.sqrt(pca.explained_variance_)
        # What does not vary at all carries nothing, however it is scaled.
        deviation = np.maximum(deviation, np.finfo(float).eps)
        return cls(pca.mean_, pca.components_ / deviation[:, None])

    def transform(self, X: Floats) -> Floats:
        """Return the whitened components, shape (n_rows, n_components)."""
        return np.asarray((X - self.mean) @ self.directions.T)


class StepNovelty:
    """Distance of a step from the usual steps of its kind.

    Each column is centred on the median of its kind of step and scaled by the quartiles; the
    distances are the length of the whitened leading components (Mahalanobis) and the mean of
    the columns' log distances.

    Parameters
    ----------
    random_state : int, default=0
        Seed of the components' solver.

    Attributes
    ----------
    columns_ : ndarray of int
        The columns that vary.
    stats_by_kind_ : dict of float to tuple of ndarray
        Kind of step -> middle and width of each column; NaN for steps of all kinds.
    whitening_ : Whitening or None
        None where there was too little to learn from.

    References
    ----------
    P. J. Rousseeuw, M. Hubert, "Robust statistics for outlier detection", WIREs Data Mining and
    Knowledge Discovery 1, 2011 (median and quartiles, so that the odd ones do not set the norm).
    """

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, steps: Floats, kind: Floats) -> StepNovelty:
        """Learn the usual steps.

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
        rows, kinds = steps[has][:, self.columns_], kind[has]
        spread = rows.std(axis=0)
        self.stats_by_kind_ = {np.nan: _median_and_iqr(rows, spread)}
        for value in np.unique(kinds[~np.isnan(kinds)]):
            same = rows[kinds == value]
            if len(same) >= _MIN_EXAMPLES:
                self.stats_by_kind_[float(value)] = _median_and_iqr(same, spread)
        count = min(_COMPONENTS, len(self.columns_), len(rows) - 1)
        solver = PCA(count, svd_solver="full", random_state=self.random_state)
        self.whitening_ = Whitening.of(solver.fit(self._standardised(rows, kinds)))
        return self

    def _standardised(self, rows: Floats, kinds: Floats) -> Floats:
        result = np.empty(rows.shape)
        general = next(iter(self.stats_by_kind_.values()))
        for value in np.unique(kinds):
            same = np.isnan(kinds) if np.isnan(value) else kinds == value
            middle, width = self.stats_by_kind_.get(float(value), general)
            result[same] = (rows[same] - middle) / width
        return np.asarray(np.clip(result, -CLIP, CLIP))

    def transform(self, steps: Floats, kind: Floats) -> Floats:
        """Return the two distances of each row.

        Parameters
        ----------
        steps, kind
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_rows, 2)
            The columns `NAMES`; NaN where there is no source, or nothing was learned.
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


def _median_and_iqr(rows: Floats, spread: Floats) -> tuple[Floats, Floats]:
    low, middle, high = np.percentile(rows, (25, 50, 75), axis=0)
    return middle, high - low + 1e-3 * spread
