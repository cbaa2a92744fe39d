"""Describe colour: Lab moments on a grid, and an opponent colour histogram.

References
----------
.. [1] K. E. A. van de Sande, T. Gevers, C. G. M. Snoek. "Evaluating Color Descriptors for Object
   and Scene Recognition." IEEE Transactions on Pattern Analysis and Machine Intelligence 32(9),
   1582-1596, 2010 (opponent histogram).
.. [2] M. Stricker, M. Orengo. "Similarity of Color Images." Proc. SPIE 2420, 381-392, 1995
   (colour moments of regions).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from prefml._typing import Floats32, Pixels

__all__ = ["LAB_DIM", "OPPONENT_DIM", "lab_moments", "opponent_histogram"]

GRID = 4
LAB_DIM = GRID * GRID * 6
CHROMA_BINS, LIGHT_BINS = 8, 16
OPPONENT_DIM = CHROMA_BINS**2 + LIGHT_BINS

# Brings L* (0..100) and a*, b* (rarely beyond 64) to comparable size.
_LAB_UNIT = np.array([100, 64, 64], np.float32)


def lab_moments(pixels: Pixels) -> Floats32:
    """Return mean and standard deviation of L*, a*, b* in each cell of a 4 x 4 grid.

    Parameters
    ----------
    pixels : ndarray of shape (n, side, side, 3), uint8
        sRGB pictures; `side` is a multiple of 4.

    Returns
    -------
    ndarray of shape (n, 96), float32
        All means (row, column, channel), then all standard deviations.
    """
    count, side = pixels.shape[:2]
    tall = pixels.reshape(count * side, side, 3).astype(np.float32) / np.float32(255)
    lab = cv2.cvtColor(tall, cv2.COLOR_RGB2LAB) / _LAB_UNIT
    cells = lab.reshape(count, GRID, side // GRID, GRID, side // GRID, 3)
    mean = cells.mean(axis=(2, 4), keepdims=True)
    spread = cells.std(axis=(2, 4), mean=mean)
    moments = np.concatenate([mean.reshape(count, -1), spread.reshape(count, -1)], axis=1)
    return moments.astype(np.float32)


def opponent_histogram(pixels: Pixels) -> Floats32:
    """Return the square root of the opponent colour histogram of each picture.

    Parameters
    ----------
    pixels : ndarray of shape (n, side, side, 3), uint8
        sRGB pictures.

    Returns
    -------
    ndarray of shape (n, 80), float32
        8 x 8 bins of (red-green, yellow-blue), then 16 of brightness. The square root makes
        distances between them those of Hellinger.
    """
    flat = pixels.reshape(len(pixels), -1, 3).astype(np.int32)
    red, green, blue = flat[..., 0], flat[..., 1], flat[..., 2]
    red_green = _bins(red - green + 255, 511, CHROMA_BINS)
    yellow_blue = _bins(red + green - 2 * blue + 510, 1021, CHROMA_BINS)
    light = _bins(red + green + blue, 766, LIGHT_BINS)
    chroma = _shares(red_green * CHROMA_BINS + yellow_blue, CHROMA_BINS**2)
    return np.asarray(np.sqrt(np.concatenate([chroma, _shares(light, LIGHT_BINS)], axis=1)))


def _bins(values: NDArray[np.int32], span: int, count: int) -> NDArray[np.int32]:
    return values * count // span


def _shares(codes: NDArray[np.int32], count: int) -> Floats32:
    rows = np.arange(len(codes), dtype=np.int32)[:, None] * count
    counts = np.bincount((codes + rows).ravel(), minlength=len(codes) * count)
    return np.asarray(counts.reshape(len(codes), count) / codes.shape[1], np.float32)
