"""Inner folds, and whether what was seen in them supports leaving the constant box."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prefml._typing import Floats, Ints

__all__ = ["assign_folds", "blocks", "inner_folds", "is_supported", "lower_bound"]


_BLOCK = 20
# One-sided 99 % of a normal distribution: the choice is made once, and being wrong costs more than
# staying at the constant box.
_CERTAINTY = 2.33


def blocks(rows: int, groups: ArrayLike | None, size: int = _BLOCK) -> Ints:
    """Cut rows into runs of neighbours inside a group: what was probably decided together.

    Parameters
    ----------
    rows : int
        Number of rows, in the order in which they were decided.
    groups : array-like of shape (rows,) or None
        Project or session of each row.
    size : int, default=20
        Rows in a block.

    Returns
    -------
    ndarray of shape (rows,)
        Block of each row.
    """
    labels = np.zeros(rows, np.intp)
    if groups is not None:
        labels = _numbered(np.asarray(groups).astype(str))
    running = np.zeros(rows, np.intp)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        running[members] = np.arange(len(members)) // size
    return _numbered(labels * (rows + 1) + running)


def inner_folds(rows: int, groups: ArrayLike | None, folds: int) -> Ints:
    """Assign rows to folds so that what belongs together is held out together.

    Whole groups are held out where there are at least two; without them, runs of neighbouring
    rows, because people decide in series and a random split would look better than the future.

    Parameters
    ----------
    rows : int
    groups : array-like of shape (rows,) or None
    folds : int
        At most this many.

    Returns
    -------
    ndarray of shape (rows,)
        Fold of each row, from 0.
    """
    if groups is not None:
        labels = _numbered(np.asarray(groups).astype(str))
        counts = np.bincount(labels)
        if len(counts) > 1:
            return _balanced(counts, min(folds, len(counts)))[labels]
    return (np.arange(rows) * min(folds, rows) // max(rows, 1)).astype(np.intp)


def assign_folds(clusters: Ints, folds: int) -> Ints:
    """Deal clusters out to folds at random, the same way every time.

    Parameters
    ----------
    clusters : ndarray of shape (n,)
        What stays together.
    folds : int
        At most this many.

    Returns
    -------
    ndarray of shape (n,)
        Fold of each row, from 0.
    """
    present = _numbered(clusters)
    count = int(present.max(initial=0)) + 1
    order = np.random.default_rng(0).permutation(count)
    fold_of: Ints = (order % min(folds, count)).astype(np.intp)
    return fold_of[present]


def _numbered(labels: NDArray[Any]) -> Ints:
    numbers: Ints = np.unique(labels, return_inverse=True)[1].astype(np.intp)
    return numbers


def _balanced(counts: Ints, folds: int) -> Ints:
    """Put each group, largest first, into the fold that has the fewest rows so far."""
    fold_of, filled = np.zeros(len(counts), np.intp), np.zeros(folds)
    for group in np.argsort(-counts, kind="stable"):
        fold_of[group] = int(filled.argmin())
        filled[fold_of[group]] += counts[group]
    return fold_of


def lower_bound(gain: Floats, clusters: Ints) -> float:
    """Return a 99 % lower bound of the mean gain, counting clusters and not rows.

    Parameters
    ----------
    gain : ndarray of shape (n,)
        Gain of each row.
    clusters : ndarray of shape (n,)
        What was decided together.

    Returns
    -------
    float
        Minus infinity with fewer than two clusters.
    """
    counts = np.bincount(clusters).astype(np.float64)
    counts_seen = counts[counts > 0]
    if len(counts_seen) < 2:
        return float("-inf")
    sums = np.bincount(clusters, weights=gain)[counts > 0]
    mean = sums.sum() / counts_seen.sum()
    # Variance of a ratio estimator under sampling of whole clusters (Cochran 1977, section 6.3).
    scatter = np.square(sums - mean * counts_seen).sum() / (len(counts_seen) - 1)
    error = np.sqrt(len(counts_seen) * scatter) / counts_seen.sum()
    return float(mean - _CERTAINTY * error)


def is_supported(gain: Floats, clusters: Ints) -> bool:
    """Tell whether a gain is there beyond doubt."""
    return lower_bound(gain, clusters) > 0.0
