"""Find all pairs of 64-bit hashes within a Hamming distance, exactly.

References
----------
M. Norouzi, A. Punjani, D. J. Fleet, "Fast search in Hamming space with multi-index hashing",
CVPR 2012: two hashes within distance r agree, up to r // m bits, in one of m parts of their bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prefml._typing import Bits64, Ints

__all__ = ["iter_near_pairs", "near_pairs", "read_hashes"]

Rows: TypeAlias = NDArray[np.int32]

# Below this, comparing all with all is quicker than building tables.
_FEW = 2000
_PARTS = 3
_BLOCK = 1 << 20


def read_hashes(texts: Sequence[str] | NDArray[np.str_]) -> Bits64:
    """Parse hashes of 16 hexadecimal digits.

    Parameters
    ----------
    texts : sequence of str
        The hashes.

    Returns
    -------
    ndarray of shape (n,), uint64

    Raises
    ------
    ValueError
        If one of them is no such hash.
    """
    values = [int(text, 16) if len(text) == 16 else -1 for text in map(str, texts)]
    if values and min(values) < 0:
        bad = str(texts[values.index(min(values))])
        raise ValueError(f"hash {bad!r}; expected 16 hexadecimal digits")
    return np.array(values, dtype=np.uint64)


def near_pairs(hashes: ArrayLike, radius: int = 8) -> Ints:
    """Find every pair of hashes that differ in at most `radius` bits.

    Parameters
    ----------
    hashes : array-like of shape (n,), uint64
        They need not differ, but many equal ones make many pairs.
    radius : int, default=8
        Largest Hamming distance, 0 to 64.

    Returns
    -------
    ndarray of shape (n_pairs, 2)
        Row numbers, the smaller first, sorted.

    Raises
    ------
    ValueError
        If the radius is impossible.
    """
    found = list(iter_near_pairs(hashes, radius))
    pairs = np.concatenate(found) if found else np.empty((0, 2), np.intp)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def iter_near_pairs(hashes: ArrayLike, radius: int = 8) -> Iterator[Ints]:
    """Yield the pairs of `near_pairs` in blocks of bounded size, in no particular order.

    Parameters
    ----------
    hashes, radius
        As in `near_pairs`.

    Yields
    ------
    ndarray of shape (n_pairs, 2)
        Row numbers, the smaller first; no pair comes twice.

    Raises
    ------
    ValueError
        If the radius is impossible.
    """
    if not 0 <= radius <= 64:
        raise ValueError(f"radius {radius}; expected 0 to 64")
    values = np.asarray(hashes, dtype=np.uint64)
    # Joining parts pays while few keys lie within the distance allowed in one part.
    finder = _brute_force if len(values) < _FEW or radius >= 4 * _PARTS else _multi_index
    yield from finder(values, radius)


def _brute_force(values: Bits64, radius: int) -> Iterator[Ints]:
    step = max(1, _BLOCK // max(1, len(values)))
    for start in range(0, len(values), step):
        block = values[start : start + step]
        near = np.bitwise_count(block[:, None] ^ values[None, start:]) <= radius
        first, second = np.nonzero(near)
        later = second > first
        yield np.column_stack([first[later], second[later]]) + start


def _multi_index(values: Bits64, radius: int) -> Iterator[Ints]:
    """Search by multi-index hashing: join each part of the bits with itself."""
    keys = _split_bits(values)
    allowed = radius // _PARTS
    for part, key in enumerate(keys):
        bits = len(range(part, 64, _PARTS))
        masks = (
            sum(1 << place for place in places)
            for count in range(allowed + 1)
            for places in combinations(range(bits), count)
        )
        order = np.argsort(key, kind="stable").astype(np.int32)
        table = key[order].astype(np.int32)
        starts = np.zeros((1 << bits) + 1, np.int32)
        np.cumsum(np.bincount(table, minlength=1 << bits), out=starts[1:])
        for mask in masks:
            for first, second in _matching_pairs(table, starts, order, mask):
                near = np.bitwise_count(values[first] ^ values[second]) <= radius
                # A pair that an earlier part has found is not found again.
                for other in keys[:part]:
                    near &= np.bitwise_count(other[first] ^ other[second]) > allowed
                if near.any():
                    pairs = np.column_stack([first[near], second[near]])
                    yield np.sort(pairs, axis=1).astype(np.intp)


def _split_bits(values: Bits64) -> list[NDArray[np.uint32]]:
    """Return the bits of each part, assigned in turn: neighbouring bits of a pHash correlate."""
    keys = []
    for part in range(_PARTS):
        key = np.zeros(len(values), np.uint32)
        for place, bit in enumerate(range(part, 64, _PARTS)):
            key |= ((values >> np.uint64(bit)) & np.uint64(1)).astype(np.uint32) << np.uint32(place)
        keys.append(key)
    return keys


def _matching_pairs(
    table: Rows, starts: Rows, order: Rows, mask: int
) -> Iterator[tuple[Rows, Rows]]:
    """Yield the pairs whose keys differ exactly in a mask's bits, in blocks, each pair once."""
    top = 1 << mask.bit_length() >> 1
    rows = np.flatnonzero((table & top) == 0) if mask else np.arange(len(table))
    wanted = table[rows] ^ mask
    left = starts[wanted] if mask else rows + 1
    count = starts[wanted + 1] - left
    some = np.flatnonzero(count)
    for block in _blocks(some, count):
        sizes = count[block]
        offset = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        first = np.repeat(order[rows[block]], sizes)
        yield first, order[np.repeat(left[block], sizes) + offset]


def _blocks(some: Ints, count: Rows) -> Iterator[Ints]:
    """Cut rows so that each block makes about as many pairs, and so bounds the memory."""
    if len(some):
        reached = np.cumsum(count[some], dtype=np.int64) // _BLOCK
        yield from np.split(some, np.flatnonzero(np.diff(reached)) + 1)
