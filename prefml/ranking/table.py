"""The rows that a ranker learns from, in the order in which it sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prefml._typing import Floats, Ints
from prefml.sets import Sets, index_sets

__all__ = ["Table", "take"]


@dataclass(frozen=True)
class Table:
    """Rows to learn from, sets contiguous.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Features, NaN where missing.
    grades : ndarray of shape (n_rows,)
        Whole numbers, the higher the better.
    sets : Sets
        The grouping of the rows, each set's rows together.
    groups : ndarray of shape (n_rows,)
        Number of what must stay on one side of a fold: the project.
    weight : ndarray of shape (n_rows,) or None
        Weight of each row.
    """

    X: Floats
    grades: NDArray[np.int64]
    sets: Sets
    groups: Ints
    weight: Floats | None


def take(table: Table, rows: Ints) -> Table:
    """Return some rows of a table, whole sets of them.

    Parameters
    ----------
    table : Table
        All rows.
    rows : ndarray of int
        Which, in rising order.

    Returns
    -------
    Table
    """
    weight = None if table.weight is None else table.weight[rows]
    groups = index_sets(table.groups[rows]).codes
    sets = index_sets(table.sets.codes[rows])
    return Table(table.X[rows], table.grades[rows], sets, groups, weight)
