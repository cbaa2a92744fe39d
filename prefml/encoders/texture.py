"""Describe fine texture by local binary patterns.

References
----------
.. [1] T. Ojala, M. Pietikäinen, T. Mäenpää. "Multiresolution Gray-Scale and Rotation Invariant
   Texture Classification with Local Binary Patterns." IEEE Transactions on Pattern Analysis and
   Machine Intelligence 24(7), 971-987, 2002 (uniform patterns, 8 neighbours, radius 1).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from prefml._typing import Floats32, Pixels

__all__ = ["DIM", "binary_patterns"]

LEVELS = 3
PATTERNS = 59
DIM = LEVELS * PATTERNS

# Each neighbour's place in the 3 x 3 window, round the centre, so that a pattern is a circle.
_RING = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))


def binary_patterns(gray: Pixels) -> Floats32:
    """Return the square root of the histogram of uniform patterns at full, half and quarter size.

    Parameters
    ----------
    gray : ndarray of shape (n, side, side), uint8
        Pictures; `side` is a multiple of 4.

    Returns
    -------
    ndarray of shape (n, 177), float32
        59 patterns for each size.
    """
    levels = [gray]
    while len(levels) < LEVELS:
        rows = levels[-1][:, ::2].astype(np.uint16) + levels[-1][:, 1::2]
        levels.append(((rows[..., ::2] + rows[..., 1::2] + 2) // 4).astype(np.uint8))
    return np.concatenate([_histogram(level) for level in levels], axis=1)


def _histogram(gray: Pixels) -> Floats32:
    codes = _codes(np.pad(gray, ((0, 0), (1, 1), (1, 1)), "edge")).reshape(len(gray), -1)
    # Codes are counted first: 256 counts have labels sooner than every pixel.
    counts = np.stack([np.bincount(one, minlength=256) for one in codes]) @ _label_of_codes()
    return np.asarray(np.sqrt(counts / codes.shape[1]), np.float32)


def _codes(padded: Pixels) -> Pixels:
    """Return the pattern of each pixel: a bit for each neighbour at least as bright as it."""
    height, width = padded.shape[1] - 2, padded.shape[2] - 2
    center = padded[:, 1:-1, 1:-1]
    codes = np.zeros(center.shape, np.uint8)
    for bit, (y, x) in enumerate(_RING):
        codes |= (padded[:, y : y + height, x : x + width] >= center).view(np.uint8) << bit
    return codes


@cache
def _label_of_codes() -> NDArray[np.int64]:
    """Assign labels to the 58 codes of at most two changes round the ring, and one to the rest.

    A row for each code, with a 1 in the column of its label.
    """
    codes = np.arange(256)
    bits = codes[:, None] >> np.arange(8) & 1
    uniform = (bits != np.roll(bits, 1, axis=1)).sum(axis=1) <= 2
    labels = np.full(256, PATTERNS - 1)
    labels[uniform] = np.arange(uniform.sum())
    rows: NDArray[np.int64] = np.eye(PATTERNS, dtype=np.int64)[labels]
    return rows
