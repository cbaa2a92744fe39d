"""Training rows of a ranker: features, grades, sets and groups, with sets contiguous."""

from __future__ import annotations

from dataclasses import dataclass

from prefml._typing import Floats, Grades, Ints
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
        Relevance grades, the higher the better.
    sets : Sets
        The grouping of the rows, each set's rows together.
    groups : ndarray of shape (n_rows,)
        Number of the group that stays on one side of a fold: the project.
    weight : ndarray of shape (n_rows,) or None
        Weight of each row.
    """

    X: Floats
    grades: Grades
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
        Their positions, in rising order.

    Returns
    -------
    Table
    """
    weight = None if table.weight is None else table.weight[rows]
    groups = index_sets(table.groups[rows]).codes
    sets = index_sets(table.sets.codes[rows])
    return Table(table.X[rows], table.grades[rows], sets, groups, weight)
