"""Training rows of a ranker: features, grades, sets and groups, with sets contiguous."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefml._typing import Bits64, Floats, Grades, Ints
from prefml.sets import Sets, index_sets, winning_pairs

__all__ = ["Table", "count_choices", "take"]


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
    cluster : ndarray of shape (n_rows,) or None
        Number of the cluster of each row's set: sets of one cluster are not independent. None where
        each set is one by itself.
    calibration_weight : ndarray of shape (n_rows,) or None
        Weight of each row in calibration, constant in a set.
    hashes : ndarray of uint64, shape (n_rows,), or None
        Perceptual hash of each row's picture.
    """

    X: Floats
    grades: Grades
    sets: Sets
    groups: Ints
    weight: Floats | None
    cluster: Ints | None = None
    calibration_weight: Floats | None = None
    hashes: Bits64 | None = None

    def cluster_of_sets(self) -> Ints:
        """Return the cluster of each set.

        Returns
        -------
        ndarray of shape (n_sets,)
        """
        if self.cluster is None:
            return np.arange(len(self.sets))
        return self.cluster[self.sets.order[self.sets.starts]]


def take(table: Table, rows: Ints, columns: Ints | None = None) -> Table:
    """Return some rows of a table, whole sets of them.

    Parameters
    ----------
    table : Table
        All rows.
    rows : ndarray of int
        Their positions, in rising order.
    columns : ndarray of int, optional
        Positions of the columns to keep; all by default.

    Returns
    -------
    Table
    """
    return Table(
        table.X[rows] if columns is None else table.X[np.ix_(rows, columns)],
        table.grades[rows],
        index_sets(table.sets.codes[rows]),
        index_sets(table.groups[rows]).codes,
        None if table.weight is None else table.weight[rows],
        None if table.cluster is None else table.cluster[rows],
        None if table.calibration_weight is None else table.calibration_weight[rows],
        None if table.hashes is None else table.hashes[rows],
    )


def count_choices(table: Table) -> int:
    """Return the number of sets that have a choice: whose labels are not all equal.

    Parameters
    ----------
    table : Table
        Rows.

    Returns
    -------
    int
    """
    better, _ = winning_pairs(table.grades, table.sets)
    return len(np.unique(table.sets.codes[better]))
