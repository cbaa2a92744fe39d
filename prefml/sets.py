"""Group rows into sets, and reduce, compare and order the rows of each set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from prefml._typing import Floats, Ints

__all__ = ["Sets", "content_order", "index_sets", "winning_pairs"]


# Columns compared at a time: most rows differ in the first few.
_COMPARED = 16

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True)
class Sets:
    """Grouping of rows into sets.

    Build one with `index_sets`.

    Attributes
    ----------
    codes : ndarray of shape (n_rows,)
        Number of each row's set, counted by first appearance.
    order : ndarray of shape (n_rows,)
        Rows sorted by set; inside a set as they came.
    starts : ndarray of shape (n_sets,)
        Where each set begins in `order`.
    sizes : ndarray of shape (n_sets,)
        Rows in each set.
    """

    codes: Ints
    order: Ints
    starts: Ints
    sizes: Ints

    def __len__(self) -> int:
        """Return the number of sets."""
        return len(self.sizes)

    def reduce(self, function: np.ufunc, values: NDArray[T]) -> NDArray[T]:
        """Reduce the rows of each set.

        Parameters
        ----------
        function : ufunc
            Of two arguments, such as `numpy.add` or `numpy.maximum`.
        values : ndarray of shape (n_rows, ...)
            One entry a row.

        Returns
        -------
        ndarray of shape (n_sets, ...)
        """
        return np.asarray(function.reduceat(values[self.order], self.starts, axis=0))

    def mean(self, values: Floats) -> Floats:
        """Return the mean of each set.

        Parameters
        ----------
        values : ndarray of shape (n_rows, ...)
            One entry a row.

        Returns
        -------
        ndarray of shape (n_sets, ...)
        """
        total = self.reduce(np.add, values)
        return np.asarray(total / self.sizes.reshape(-1, *[1] * (total.ndim - 1)))

    def center(self, values: Floats) -> Floats:
        """Return each row's difference to the mean of its set.

        Parameters
        ----------
        values : ndarray of shape (n_rows,)
            One number a row.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        return np.asarray(values - self.mean(values)[self.codes])

    def spread(self, values: Floats) -> float:
        """Return the standard deviation inside sets: the root mean square of what `center` returns.

        Parameters
        ----------
        values : ndarray of shape (n_rows,)
            One number a row.

        Returns
        -------
        float
            0 where there are no rows.
        """
        return float(np.sqrt((self.center(values) ** 2).mean())) if len(values) else 0.0

    def reduce_to_rows(self, function: np.ufunc, values: NDArray[T]) -> NDArray[T]:
        """Reduce the rows of each set as `reduce` does, and return its result for every row.

        Parameters
        ----------
        function, values
            As in `reduce`.

        Returns
        -------
        ndarray of shape (n_rows, ...)
        """
        return self.reduce(function, values)[self.codes]

    def mean_of_known(self, values: Floats) -> Floats:
        """Return the mean of its set for every row.

        Parameters
        ----------
        values : ndarray of shape (n_rows,)
            NaN is left out of the mean.

        Returns
        -------
        ndarray of shape (n_rows,)
            NaN where nothing in the set is known.
        """
        known = ~np.isnan(values)
        total = self.reduce_to_rows(np.add, np.where(known, values, 0.0))
        count = self.reduce_to_rows(np.add, known.astype(float))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def top_rows(self, values: Floats) -> Ints:
        """Return the row of each set that has the highest value.

        Parameters
        ----------
        values : ndarray of shape (n_rows,)
            One number a row.

        Returns
        -------
        ndarray of shape (n_sets,)
            Row numbers; the first of equals.
        """
        return np.asarray(np.lexsort((-values, self.codes))[self.starts])

    def rows_of(self, numbers: Ints) -> Ints:
        """Return the rows of consecutive sets.

        Parameters
        ----------
        numbers : ndarray of int
            Numbers of sets, each one more than the one before.

        Returns
        -------
        ndarray of shape (n_taken,)
            Row numbers, set after set.
        """
        if not len(numbers):
            return self.order[:0]
        last = numbers[-1]
        return self.order[self.starts[numbers[0]] : self.starts[last] + self.sizes[last]]

    def members(self) -> list[Ints]:
        """Return the rows of each set.

        Returns
        -------
        list of ndarray of int
            One for each set.
        """
        return np.split(self.order, self.starts[1:])


def index_sets(set_id: ArrayLike, n_rows: int | None = None) -> Sets:
    """Group rows by their set.

    Parameters
    ----------
    set_id : array-like of shape (n_rows,)
        The set each row belongs to; anything hashable.
    n_rows : int, optional
        Number of rows that there must be.

    Returns
    -------
    Sets

    Raises
    ------
    ValueError
        If the length is wrong or an entry is missing.
    """
    column = np.asarray(set_id)
    if column.ndim != 1 or (n_rows is not None and len(column) != n_rows):
        raise ValueError(f"set_id has shape {column.shape}; expected ({n_rows or 'n_rows'},)")
    codes = pd.factorize(column)[0].astype(np.intp)
    if (codes < 0).any():
        raise ValueError(f"set_id is missing in row {int(np.argmax(codes < 0))}")
    sizes = np.bincount(codes).astype(np.intp)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
    return Sets(codes, np.argsort(codes, kind="stable"), starts[: len(sizes)], sizes)


def winning_pairs(grades: ArrayLike, sets: Sets) -> tuple[Ints, Ints]:
    """List every pair of rows of one set in which the first has the higher grade.

    Parameters
    ----------
    grades : array-like of shape (n_rows,)
        The higher, the better.
    sets : Sets
        The grouping of the rows.

    Returns
    -------
    better, worse : ndarray of shape (n_pairs,)
        Row numbers.
    """
    value = np.asarray(grades)
    better, worse = [], []
    for size in np.unique(sets.sizes[sets.sizes > 1]):
        starts = sets.starts[sets.sizes == size]
        rows = sets.order[starts[:, None] + np.arange(size)]
        left, right = (rows[:, side] for side in np.nonzero(~np.eye(size, dtype=bool)))
        wins = value[left] > value[right]
        better.append(left[wins])
        worse.append(right[wins])
    empty = [np.empty(0, np.intp)]
    return np.concatenate(better or empty), np.concatenate(worse or empty)


def content_order(rows: ArrayLike, sets: Sets, *more: ArrayLike) -> tuple[Ints, Ints]:
    """Order rows and sets by what they contain, not by how they came or are named.

    Parameters
    ----------
    rows : array-like of shape (n_rows, n_columns)
        Features of each row.
    sets : Sets
        The grouping of the rows.
    *more : array-like of shape (n_rows,)
        Further columns that count, such as labels and weights.

    Returns
    -------
    order : ndarray of shape (n_rows,)
        Rows with sets contiguous; the same rows in the same sets give the same sequence of
        contents whatever their first order and whatever the sets are called.
    sizes : ndarray of shape (n_sets,)
        Sizes of the sets in that order.
    """
    rank = _content_rank(rows, more)
    inside = np.lexsort((rank, sets.codes))
    padded = np.full((len(sets), int(sets.sizes.max(initial=0))), -1, np.int64)
    place = np.arange(len(rank)) - np.repeat(sets.starts, sets.sizes)
    padded[sets.codes[inside], place] = rank[inside]
    sequence = np.lexsort(padded.T[::-1])
    position = np.empty(len(sets), np.intp)
    position[sequence] = np.arange(len(sets))
    return np.lexsort((rank, position[sets.codes])), sets.sizes[sequence]


def _content_rank(rows: ArrayLike, more: Sequence[ArrayLike]) -> NDArray[np.int64]:
    """Return each row's place by content; further columns count for rows alike in the first."""
    table = np.asarray(rows)
    parts = [table[:, at : at + _COMPARED] for at in range(0, table.shape[1], _COMPARED)]
    parts += [np.asarray(column)[:, None] for column in more]
    rank = np.zeros(len(table), np.int64)
    alike = np.arange(len(table))
    for part in parts:
        # Adding 0 makes one zero of both.
        some = part[alike].astype(np.float64) + 0.0
        some[np.isnan(some)] = np.nan
        # Compared byte by byte: the rank so far leads, its most significant byte first.
        so_far = rank[alike].astype(">i8").view(np.int64)
        keys = np.column_stack([so_far, some.view(np.int64)])
        whole = keys.view(np.dtype((np.void, keys.itemsize * keys.shape[1]))).ravel()
        _, first, inverse, count = np.unique(
            whole, return_index=True, return_inverse=True, return_counts=True
        )
        before = np.cumsum(count) - count
        group = rank[alike][first]
        rank[alike] += (before - before[np.searchsorted(group, group)])[inverse]
        alike = alike[count[inverse] > 1]
        if not len(alike):
            break
    return rank
