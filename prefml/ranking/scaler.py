"""Scale columns by how much they differ inside sets."""

from __future__ import annotations

import numpy as np
from sklearn.utils import gen_batches

from prefml._typing import Floats, Ints
from prefml.sets import Sets

__all__ = ["WithinSetScaler"]

_TINY = 1e-300
# Columns that are brought to double precision at a time.
_COLUMNS_AT_ONCE = 64


class WithinSetScaler:
    """Centre columns and scale them by how much they differ inside sets.

    A column that never differs inside a set cannot decide one and is scaled to 0. Values beyond
    `clip` deviations are pulled in, and missing values stand at the centre, so that one odd
    measurement cannot decide a set by itself.

    Parameters
    ----------
    clip : float, default=4.0
        Largest absolute value after scaling.

    Attributes
    ----------
    centre_ : ndarray of shape (n_columns,)
        Weighted means.
    scale_ : ndarray of shape (n_columns,)
        Standard deviations inside sets; infinite for a column that never differs inside one.
    """

    def __init__(self, clip: float = 4.0) -> None:
        self.clip = clip

    def fit(self, X: Floats, sets: Sets, weight: Floats | None = None) -> WithinSetScaler:
        """Fit the centre and scale of each column.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Columns, NaN where missing.
        sets : Sets
            The grouping of the rows.
        weight : ndarray of shape (n_rows,), optional
            Weight of each row.

        Returns
        -------
        WithinSetScaler
        """
        rows = np.ones(len(X)) if weight is None else weight
        self.centre_, self.scale_ = np.empty((2, X.shape[1]))
        for columns in gen_batches(X.shape[1], _COLUMNS_AT_ONCE):
            part = X[:, columns].astype(np.float64)
            self.centre_[columns], self.scale_[columns] = _centre_and_scale(part, sets, rows)
        return self

    def subset(self, columns: Ints) -> WithinSetScaler:
        """Return the fitted scaler of some of the columns.

        Parameters
        ----------
        columns : ndarray of int
            Their positions.

        Returns
        -------
        WithinSetScaler
        """
        part = WithinSetScaler(self.clip)
        part.centre_, part.scale_ = self.centre_[columns], self.scale_[columns]
        return part

    def transform(self, X: Floats) -> Floats:
        """Return the columns centred, scaled and clipped.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            In [-clip, clip], 0 where missing.
        """
        scaled = (X - self.centre_) / self.scale_
        scaled[np.isnan(scaled)] = 0.0
        return np.asarray(np.clip(scaled, -self.clip, self.clip, out=scaled))


def _centre_and_scale(X: Floats, sets: Sets, weight: Floats) -> tuple[Floats, Floats]:
    missing = np.isnan(X)
    known = weight @ ~missing
    filled = np.where(missing, 0.0, X) if missing.any() else X
    centre = (weight @ filled) / np.maximum(known, _TINY)
    filled = filled - centre
    filled[missing] = 0.0
    counts = np.maximum(sets.reduce(np.add, weight), _TINY)
    means = sets.reduce(np.add, filled * weight[:, None]) / counts[:, None]
    total = max(float(weight.sum()), _TINY)
    whole = weight @ filled**2
    filled -= means[sets.codes]
    spread = np.sqrt(weight @ filled**2 / total)
    whole = np.sqrt(whole / total)
    return centre, np.where(spread > 1e-9 * (whole + 1e-30), spread, np.inf)
