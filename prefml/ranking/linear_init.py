"""Linear init of boosting, folds by group, and the log loss by which scores are compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit
from sklearn.model_selection import GroupKFold

from prefml._typing import Bits64, Floats, Grades, Ints
from prefml.ranking.blocks import take_columns
from prefml.ranking.near_duplicates import purge_sets
from prefml.ranking.pairwise import PairwiseLogistic, pair_weights, row_sums
from prefml.sets import Sets, winning_pairs

__all__ = ["Fold", "LinearInit", "argmin_loss", "grouped_folds", "held_out_losses"]

Fold = tuple[Ints, Ints]

# Tried on scores of unit spread: one over the temperature of the softmax.
_INVERSE_TEMPERATURES = np.geomspace(0.05, 10, 24)


def grouped_folds(
    groups: Ints, sets: Sets, n_folds: int, hashes: Bits64 | None = None
) -> list[Fold]:
    """Split rows into folds for inner cross-validation, whole groups together.

    Parameters
    ----------
    groups : ndarray of shape (n_rows,)
        Number of the group of each row, the project.
    sets : Sets
        The grouping into sets; used instead where there are fewer than two groups.
    n_folds : int
        Most folds.
    hashes : ndarray of uint64, shape (n_rows,), optional
        Perceptual hashes: sets with a near duplicate of a tested picture are not trained on.

    Returns
    -------
    list of (train, test)
        Empty if there are fewer than two sets.
    """
    together = groups if len(np.unique(groups)) > 1 else sets.codes
    n_splits = min(n_folds, len(np.unique(together)))
    if n_splits < 2:
        return []
    folds = list(GroupKFold(n_splits).split(together, groups=together))
    if hashes is None:
        return folds
    return [(purge_sets(train, test, sets, hashes), test) for train, test in folds]


class LinearInit:
    """Mean of linear Bradley-Terry scores, each on its own columns, from which boosting starts.

    `prefml.ranking.cross_fitting.CrossFittedInit` fits them.

    Parameters
    ----------
    columns : sequence of ndarray of int
        Columns of each score.
    models : sequence of PairwiseLogistic
        A fitted model for each.
    out_of_fold : ndarray of shape (n_rows,), optional
        Scores of the rows it was fitted on, each from a fit without that row's fold.

    Attributes
    ----------
    models_ : list of PairwiseLogistic
        As given.
    out_of_fold_ : ndarray of shape (n_rows,) or None
        As given.
    """

    def __init__(
        self,
        columns: Sequence[Ints],
        models: Sequence[PairwiseLogistic],
        out_of_fold: Floats | None = None,
    ) -> None:
        self.columns = columns
        self.models_ = list(models)
        self.out_of_fold_ = out_of_fold

    def predict(self, X: Floats) -> Floats:
        """Return the mean of the linear scores of each row.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Features.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        total = np.zeros(len(X))
        for columns, model in zip(self.columns, self.models_, strict=True):
            total += row_sums(model.contributions(take_columns(X, columns))) / len(self.columns)
        return total

    def contributions(self, X: Floats) -> Floats:
        """Return the contribution of each column to each row's score.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Features.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            Each row sums to its score.
        """
        total = np.zeros(X.shape)
        for columns, model in zip(self.columns, self.models_, strict=True):
            total[:, columns] += model.contributions(X[:, columns]) / len(self.columns)
        return total


def argmin_loss(scores: Floats, graded: Grades, sets: Sets, weight: Floats | None = None) -> int:
    """Return the number of the scores with the least log loss, each at its best temperature.

    Parameters
    ----------
    scores : ndarray of shape (n_scores, n_rows)
        Out-of-fold scores. Their scale does not count, for calibration sets it afterwards.
    graded, sets, weight
        As for `held_out_losses`.

    Returns
    -------
    int
        From 0; the first of equals.
    """
    better, worse = winning_pairs(graded, sets)
    gap = scores[:, better] - scores[:, worse]
    pairs = pair_weights(better, worse, sets, weight)
    return int(np.argmin([float((_pair_log_losses(one) @ pairs).min()) for one in gap]))


def held_out_losses(
    scores: Floats, graded: Grades, sets: Sets, weight: Floats | None = None
) -> Floats:
    """Return the log loss of each set's pairs, at the temperature that is best for all sets.

    Parameters
    ----------
    scores : ndarray of shape (n_rows,)
        Out-of-fold scores.
    graded : ndarray of shape (n_rows,)
        Relevance grades.
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
    losses = _pair_log_losses(gap / (unit or 1.0)) * pairs
    best = losses[int(np.argmin(losses.sum(axis=1)))]
    return np.asarray(np.bincount(sets.codes[better], best, len(sets)), np.float64)


def _pair_log_losses(gap: Floats) -> Floats:
    """Return the log loss of each pair at each temperature, shape (n_temperatures, n_pairs)."""
    return np.asarray(-np.log(np.maximum(expit(np.outer(_INVERSE_TEMPERATURES, gap)), 1e-12)))
