"""The linear score that boosting starts from, out of fold where it must be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.model_selection import GroupKFold

from prefml.ranking.pairwise import (
    PairwiseLogistic,
    WithinSetScaler,
    fit_weights,
    pair_weights,
    row_sums,
)
from prefml.ranking.sets import Sets, index_sets, winning_pairs

__all__ = ["STRENGTHS", "LinearStart", "grouped_folds", "held_out_losses"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Fold = tuple[Ints, Ints]

# Prior variances tried, the most cautious first. A wider choice is made differently from one set of
# projects to the next, and the scale of the scores with it.
STRENGTHS = (3e-3, 1e-2, 3e-2)
_FACTORS = np.geomspace(0.05, 10, 24)


def grouped_folds(groups: Ints, sets: Sets, n_folds: int) -> list[Fold]:
    """Split rows into folds, whole groups together.

    Parameters
    ----------
    groups : ndarray of shape (n_rows,)
        Number of the project of each row, or of whatever must stay together.
    sets : Sets
        The grouping into sets; used instead where there are fewer than two groups.
    n_folds : int
        Most folds.

    Returns
    -------
    list of (train, test)
        Empty if there are fewer than two sets.
    """
    together = groups if len(np.unique(groups)) > 1 else sets.codes
    n_splits = min(n_folds, len(np.unique(together)))
    if n_splits < 2:
        return []
    return list(GroupKFold(n_splits).split(together, groups=together))


class LinearStart:
    """Mean of linear Bradley-Terry scores, each on its own choice of columns.

    Parameters
    ----------
    columns : sequence of ndarray of int
        Columns of each score.
    strengths : sequence of sequence of float, optional
        Prior variances to try for each score; the one with the least out-of-fold log loss is
        taken. `STRENGTHS` for every score by default.
    """

    def __init__(
        self, columns: Sequence[Ints], strengths: Sequence[Sequence[float]] | None = None
    ) -> None:
        self.columns = columns
        self.strengths = strengths

    def fit(
        self, X: Floats, graded: NDArray[np.int64], sets: Sets, folds: Sequence[Fold],
        weight: Floats | None = None,
    ) -> LinearStart:  # fmt: skip
        """Choose the strengths, fit on all rows and keep the out-of-fold scores.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Columns, NaN where missing.
        graded : ndarray of shape (n_rows,)
            Grades.
        sets : Sets
            The grouping of the rows.
        folds : sequence of (train, test)
            Inner folds; without any the scores of the fit itself stand in.
        weight : ndarray of shape (n_rows,), optional
            Weight of each row.

        Returns
        -------
        LinearStart
        """
        self.models_: list[PairwiseLogistic] = []
        self.chosen_: list[float] = []
        self.out_of_fold_ = np.zeros(len(X))
        grids = self.strengths or [STRENGTHS] * len(self.columns)
        for columns, grid in zip(self.columns, grids, strict=True):
            part = X[:, columns]
            strength, held_out = _choose(part, graded, sets, folds, weight, grid)
            model = PairwiseLogistic(strength).fit_checked(part, graded, sets, weight)
            if held_out is None:
                held_out = row_sums(model.contributions(part))
            self.models_.append(model)
            self.chosen_.append(strength)
            self.out_of_fold_ += held_out / len(self.columns)
        return self

    def predict(self, X: Floats) -> Floats:
        """Return the mean of the linear scores of each row."""
        return row_sums(self.contributions(X))

    def contributions(self, X: Floats) -> Floats:
        """Return what each column adds to each row's score."""
        total = np.zeros(X.shape)
        for columns, model in zip(self.columns, self.models_, strict=True):
            total[:, columns] += model.contributions(X[:, columns]) / len(self.columns)
        return total


def _choose(
    X: Floats, graded: NDArray[np.int64], sets: Sets, folds: Sequence[Fold],
    weight: Floats | None, strengths: Sequence[float],
) -> tuple[float, Floats | None]:  # fmt: skip
    """Return the strength with the least held-out loss and the held-out scores it gives."""
    if not folds:
        return strengths[0], None
    held_out = np.zeros((len(strengths), len(X)))
    for train, test in folds:
        held_out[:, test] = _path(X, graded, sets, train, test, weight, strengths)
    better, worse = winning_pairs(graded, sets)
    gap = held_out[:, better] - held_out[:, worse]
    pairs = pair_weights(better, worse, sets, weight)
    best = int(np.argmin([_tempered_loss(one, pairs) for one in gap]))
    return strengths[best], held_out[best]


def held_out_losses(
    scores: Floats, graded: NDArray[np.int64], sets: Sets, weight: Floats | None = None
) -> Floats:
    """Return each set's log loss of its pairs, at the temperature best for all.

    Parameters
    ----------
    scores : ndarray of shape (n_rows,)
        Out-of-fold scores.
    graded : ndarray of shape (n_rows,)
        Grades.
    sets : Sets
        The grouping of the rows.
    weight : ndarray of shape (n_rows,), optional
        Weight of each row.

    Returns
    -------
    ndarray of shape (n_sets,)
    """
    better, worse = winning_pairs(graded, sets)
    gap = scores[better] - scores[worse]
    unit = float(np.sqrt((gap**2).mean())) if len(gap) else 0.0
    pairs = pair_weights(better, worse, sets, weight)
    losses = _log_losses(gap / (unit or 1.0)) * pairs
    best = losses[int(np.argmin(losses.sum(axis=1)))]
    return np.asarray(np.bincount(sets.codes[better], best, len(sets)), np.float64)


def _log_losses(gap: Floats) -> Floats:
    """Return the log loss of each pair at each temperature."""
    return np.asarray(-np.log(np.maximum(expit(np.outer(_FACTORS, gap)), 1e-12)))


def _tempered_loss(gap: Floats, weight: Floats) -> float:
    """Return the log loss at the best temperature: what is too sure is mended by calibration."""
    return float((_log_losses(gap) @ weight).min())


def _path(
    X: Floats, graded: NDArray[np.int64], sets: Sets, train: Ints, test: Ints,
    weight: Floats | None, strengths: Sequence[float],
) -> Floats:  # fmt: skip
    """Fit every strength on the training rows, each from the last, and score the others."""
    inside = index_sets(sets.codes[train])
    kept = None if weight is None else weight[train]
    scaler = WithinSetScaler().fit(X[train], inside, kept)
    scaled, held_out = scaler.transform(X[train]), scaler.transform(X[test])
    better, worse = winning_pairs(graded[train], inside)
    pairs = pair_weights(better, worse, inside, kept)
    differences = scaled[better] - scaled[worse]
    found, scores = np.zeros(X.shape[1]), []
    for strength in strengths:
        found = fit_weights(differences, pairs, strength, found)
        scores.append(held_out @ found)
    return np.array(scores)
