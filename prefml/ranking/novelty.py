"""How unusual a picture's change from its source is, learned without looking at any choice.

Nearly every picture of a higher stage differs from the stage below it in the same way: larger,
sharper, the face replaced. One that differs in another way came out wrong more often than not,
and there are far more pictures to learn the usual way from than there are wrong ones to learn
wrongness from.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

__all__ = ["NAMES", "StepNovelty"]

Floats = NDArray[np.float64]

NAMES = ("novelty__step", "novelty__mean")
# A kind of step with fewer examples than this is judged by the steps of all kinds.
_LEAST = 30
_COMPONENTS = 20
_CLIP = 5.0
_NONE = np.empty(0, np.intp)


class StepNovelty:
    """Distance of a step from the usual steps of its kind.

    Each column is centred on the median of its kind of step and scaled by the quartiles; the
    distances are the length of the whitened leading components (Mahalanobis) and the mean of
    the columns' log distances.

    Parameters
    ----------
    random_state : int, default=0
        Seed of the components' solver.

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
        has = _present(steps)
        self.columns_ = np.flatnonzero(steps[has].std(axis=0) > 0) if has.any() else _NONE
        self.pca_ = None
        if has.sum() < _LEAST or len(self.columns_) < 2:
            return self
        rows, kinds = steps[has][:, self.columns_], kind[has]
        self.spread_ = rows.std(axis=0)
        self.usual_ = {np.nan: _quartiles(rows)}
        for value in np.unique(kinds[~np.isnan(kinds)]):
            same = rows[kinds == value]
            if len(same) >= _LEAST:
                self.usual_[value] = _quartiles(same)
        count = min(_COMPONENTS, len(self.columns_), len(rows) - 1)
        solver = PCA(count, whiten=True, svd_solver="full", random_state=self.random_state)
        self.pca_ = solver.fit(self._standardised(rows, kinds))
        return self

    def _standardised(self, rows: Floats, kinds: Floats) -> Floats:
        result = np.empty(rows.shape)
        general = next(iter(self.usual_.values()))
        for value in np.unique(kinds):
            same = np.isnan(kinds) if np.isnan(value) else kinds == value
            low, middle, high = self.usual_.get(value, general)
            width = high - low + 1e-3 * self.spread_
            result[same] = (rows[same] - middle) / width
        return np.asarray(np.clip(result, -_CLIP, _CLIP))

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
        has = _present(steps)
        if self.pca_ is None or not has.any():
            return result
        standard = self._standardised(steps[has][:, self.columns_], kind[has])
        result[has, 0] = np.log1p((self.pca_.transform(standard) ** 2).mean(axis=1))
        result[has, 1] = np.log1p(standard**2).mean(axis=1)
        return result


def _present(steps: Floats) -> NDArray[np.bool_]:
    return np.asarray(~np.isnan(steps).any(axis=1))


def _quartiles(rows: Floats) -> Floats:
    return np.asarray(np.percentile(rows, (25, 50, 75), axis=0))
