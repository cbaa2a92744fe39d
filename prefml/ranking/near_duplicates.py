"""Find near duplicates of held-out pictures by perceptual hashes, and keep them out of training."""

from __future__ import annotations

import numpy as np

from prefml._typing import Bits64, Bools, Ints, Labels
from prefml.sets import Sets

__all__ = ["NEAR_DUPLICATE", "find_near_duplicates", "hash_bits", "purge_sets"]

# Two pictures whose perceptual hashes differ in at most so many of 64 bits count as the same.
NEAR_DUPLICATE = 8
# Bounds the memory of comparing hashes: this many comparisons at a time.
_CHUNK = 4_000_000


def hash_bits(hashes: Labels) -> Bits64:
    """Return perceptual hashes as numbers.

    Parameters
    ----------
    hashes : ndarray of shape (n,)
        16 hexadecimal digits each.

    Returns
    -------
    ndarray of uint64, shape (n,)

    Raises
    ------
    ValueError
        If one of them is not hexadecimal.
    """
    return np.array([int(str(text), 16) for text in hashes], dtype=np.uint64)


def find_near_duplicates(candidates: Bits64, references: Bits64) -> Bools:
    """Tell which hashes lie near any of some others.

    Parameters
    ----------
    candidates : ndarray of uint64, shape (n,)
        Hashes to judge.
    references : ndarray of uint64, shape (m,)
        Hashes they are compared with.

    Returns
    -------
    ndarray of bool, shape (n,)
        Whether at most `NEAR_DUPLICATE` bits differ from the nearest reference.
    """
    unique, places = np.unique(candidates, return_inverse=True)
    others = np.unique(references)
    step = max(1, _CHUNK // max(len(others), 1))
    near = [
        (np.bitwise_count(part[:, None] ^ others) <= NEAR_DUPLICATE).any(axis=1)
        for part in (unique[start : start + step] for start in range(0, len(unique), step))
    ]
    return np.concatenate(near)[places] if near else np.zeros(0, bool)


def purge_sets(train: Ints, test: Ints, sets: Sets, hashes: Bits64) -> Ints:
    """Purge from training rows the sets that hold a near duplicate of a tested picture.

    Parameters
    ----------
    train, test : ndarray of int
        Row numbers.
    sets : Sets
        The grouping of all rows.
    hashes : ndarray of uint64, shape (n_rows,)
        Perceptual hashes.

    Returns
    -------
    ndarray of int
        What is left of `train`; all of it where nothing would be.
    """
    close = find_near_duplicates(hashes[train], hashes[test])
    left = train[~np.isin(sets.codes[train], sets.codes[train[close]])]
    return left if len(left) else train
