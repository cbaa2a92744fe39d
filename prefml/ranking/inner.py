"""What happens inside `SetRanker.fit`: rows in order, the best start, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prefml.ranking.boosted import Recipe, Table, out_of_fold
from prefml.ranking.calibration import WinCalibrator, growth
from prefml.ranking.linear_start import grouped_folds, held_out_losses
from prefml.ranking.sets import content_order, index_sets
from prefml.ranking.validation import checked_column, checked_weight, grades

__all__ = ["arrange", "calibrate", "choose"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

# Standard errors by which an alternative must beat the first: one in twenty passes by chance.
_SURE = 1.64


def arrange(
    X: Floats, y: Any, keys: NDArray[Any], groups: Any, weight: Any, item_order: str
) -> tuple[Table, Ints]:
    """Sort rows so that sets are contiguous.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Features.
    y, keys, groups, weight : array-like of shape (n_rows,)
        Labels, sets, and, if not None, projects and weights.
    item_order : {"content", "given"}
        See `SetRanker`.

    Returns
    -------
    table : Table
        The sorted rows.
    order : ndarray of shape (n_rows,)
        Which row of X each of them is.
    """
    sets = index_sets(keys, len(X))
    graded = grades(y, sets)
    weights = checked_weight(weight, X)
    together = sets.codes if groups is None else checked_column(groups, len(X), "groups")
    order = sets.order
    if item_order == "content":
        columns = [X, graded[:, None]] + ([] if weights is None else [weights[:, None]])
        order, _ = content_order(np.hstack(columns), sets)
    table = Table(
        X=X[order],
        grades=graded[order],
        sets=index_sets(sets.codes[order]),
        groups=index_sets(together[order]).codes,
        weight=None if weights is None else weights[order],
    )
    return table, order


def choose(recipes: Sequence[Recipe], table: Table, n_folds: int) -> tuple[int, Floats | None]:
    """Return the number of the best recipe in the inner folds, and its out-of-fold scores.

    Parameters
    ----------
    recipes : sequence of Recipe
        The first is taken unless another is clearly better.
    table : Table
        Rows to learn from.
    n_folds : int
        Inner folds.

    Returns
    -------
    best : int
    held_out : ndarray of shape (n_rows,) or None
        None where there is only one set.
    """
    folds = grouped_folds(table.groups, table.sets, n_folds)
    if not folds:
        return 0, None
    tried = [out_of_fold(recipe, table, folds) for recipe in recipes]
    losses = [held_out_losses(s, table.grades, table.sets, table.weight) for s in tried]
    best = _clearly_best(losses)
    return best, tried[best]


def _clearly_best(losses: Sequence[Floats]) -> int:
    ahead = [losses[0] - other for other in losses]
    needed = [_SURE * np.sqrt(gap.var() / len(gap)) for gap in ahead]
    clear = [
        gap.mean() if gap.mean() > least else 0.0 for gap, least in zip(ahead, needed, strict=True)
    ]
    return int(np.argmax(clear))


def calibrate(table: Table, held_out: Floats, n_folds: int) -> WinCalibrator:
    """Learn probabilities from out-of-fold scores.

    Parameters
    ----------
    table : Table
        The rows.
    held_out : ndarray of shape (n_rows,)
        Their out-of-fold scores.
    n_folds : int
        Inner folds that they came from.

    Returns
    -------
    WinCalibrator
        For the model of all rows.
    """
    calibrator = WinCalibrator().fit(held_out, table.grades, table.sets)
    folds = grouped_folds(table.groups, table.sets, n_folds)
    skill = calibrator.skill(held_out, table.grades, table.sets)
    calibrator.sharpen(growth(len(table.sets), len(folds), skill))
    return calibrator
