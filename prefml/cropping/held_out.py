"""Inner folds that keep together what was decided together, and a test of gains made in them.

Whole clusters are held out and counted: neighbouring decisions resemble each other, and single rows
would look like more evidence than they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Floats, Ints, Labels

__all__ = [
    "assign_blocks",
    "assign_folds",
    "assign_inner_folds",
    "gain_lower_bound",
    "is_significant",
]


_BLOCK_SIZE = 20
# One-sided 99 % of a normal distribution: the choice is made once, and being wrong costs more than
# staying at the constant box.
_Z_99 = 2.33


def assign_blocks(rows: int, groups: ArrayLike | None, size: int = _BLOCK_SIZE) -> Ints:
    """Assign rows to blocks: runs of neighbours inside a group, probably decided together.

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
        labels = _factorize(np.asarray(groups).astype(str))
    block = np.zeros(rows, np.intp)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        block[members] = np.arange(len(members)) // size
    return _factorize(labels * (rows + 1) + block)


def assign_inner_folds(rows: int, groups: ArrayLike | None, folds: int) -> Ints:
    """Assign rows to folds so that what belongs together is held out together.

    Whole groups are held out where there are at least two; without them, runs of neighbouring
    rows, because people decide in series and a random split would look better than the future.

    Parameters
    ----------
    rows : int
        Number of rows, in the order in which they were decided.
    groups : array-like of shape (rows,) or None
        Project or session of each row.
    folds : int
        At most this many.

    Returns
    -------
    ndarray of shape (rows,)
        Fold of each row, from 0.
    """
    if groups is not None:
        labels = _factorize(np.asarray(groups).astype(str))
        counts = np.bincount(labels)
        if len(counts) > 1:
            return _balance_folds(counts, min(folds, len(counts)))[labels]
    return (np.arange(rows) * min(folds, rows) // max(rows, 1)).astype(np.intp)


def assign_folds(clusters: Ints, folds: int) -> Ints:
    """Assign whole clusters to folds at random, the same way every time.

    Parameters
    ----------
    clusters : ndarray of shape (n,)
        Cluster of each row; a cluster stays together.
    folds : int
        At most this many.

    Returns
    -------
    ndarray of shape (n,)
        Fold of each row, from 0.
    """
    present = _factorize(clusters)
    count = int(present.max(initial=0)) + 1
    order = np.random.default_rng(0).permutation(count)
    fold_of: Ints = (order % min(folds, count)).astype(np.intp)
    return fold_of[present]


def _factorize(labels: Labels) -> Ints:
    numbers: Ints = np.unique(labels, return_inverse=True)[1].astype(np.intp)
    return numbers


def _balance_folds(counts: Ints, folds: int) -> Ints:
    """Put each group, largest first, into the fold that has the fewest rows so far."""
    fold_of, filled = np.zeros(len(counts), np.intp), np.zeros(folds)
    for group in np.argsort(-counts, kind="stable"):
        fold_of[group] = int(filled.argmin())
        filled[fold_of[group]] += counts[group]
    return fold_of


def gain_lower_bound(gain: Floats, clusters: Ints) -> float:
    """Return a one-sided 99 % lower bound of the mean gain, counting clusters and not rows.

    Parameters
    ----------
    gain : ndarray of shape (n,)
        Gain of each row.
    clusters : ndarray of shape (n,)
        Cluster of each row, from 0: what was probably decided together.

    Returns
    -------
    float
        Minus infinity with fewer than two clusters.

    References
    ----------
    W. G. Cochran, "Sampling Techniques", 1977, section 6.3 (variance of a ratio estimator under
    sampling of whole clusters).
    """
    counts = np.bincount(clusters).astype(np.float64)
    sizes = counts[counts > 0]
    if len(sizes) < 2:
        return float("-inf")
    sums = np.bincount(clusters, weights=gain)[counts > 0]
    mean = sums.sum() / sizes.sum()
    scatter = np.square(sums - mean * sizes).sum() / (len(sizes) - 1)
    error = np.sqrt(len(sizes) * scatter) / sizes.sum()
    return float(mean - _Z_99 * error)


def is_significant(gain: Floats, clusters: Ints) -> bool:
    """Tell whether the mean gain is above 0 beyond doubt: its `gain_lower_bound` is.

    Parameters
    ----------
    gain, clusters : ndarray of shape (n,)
        As in `gain_lower_bound`.

    Returns
    -------
    bool
    """
    return gain_lower_bound(gain, clusters) > 0.0
