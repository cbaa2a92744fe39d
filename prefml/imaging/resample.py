"""Resample by sparse matrices: Pillow's filters, from a copy that was halved before.

Averaging two by two pixels is far cheaper than a wide filter over the full size, and the blur of
the averages can be undone in the same step, because it is as linear as the filter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
from scipy.sparse import coo_array, csr_array

from prefml._typing import Floats, Pixels

__all__ = ["KERNELS", "resample"]


def _bicubic(x: Floats) -> Floats:
    near = (1.5 * x - 2.5) * x**2 + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0))


# Name -> support in output pixels, and the weight at a distance: those of `PIL.Image.Resampling`.
KERNELS: dict[str, tuple[float, Callable[[Floats], Floats]]] = {
    "bicubic": (2, _bicubic),
    "bilinear": (1, lambda x: np.maximum(1 - x, 0)),
    "lanczos": (3, lambda x: np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0)),
}


def resample(
    pixels: Pixels, size: tuple[int, int], interpolation: str, halvings: int = 0
) -> Pixels:
    """Downsample a picture.

    Parameters
    ----------
    pixels : ndarray of shape (h, w, 3), uint8
        The picture.
    size : tuple of two ints
        Width and height to reduce it to.
    interpolation : str
        One of `KERNELS`.
    halvings : int, default=0
        How often two by two pixels were averaged before; their blur is undone.

    Returns
    -------
    ndarray of shape (size[1], size[0], 3), uint8
        Nearly what Pillow gives, which rounds and clips in between, too.
    """
    (height, width), (columns, rows) = pixels.shape[:2], size
    across = _resampling_matrix(width, columns, interpolation, halvings)
    down = _resampling_matrix(height, rows, interpolation, halvings)
    low = down @ pixels.reshape(height, -1).astype(np.float32)
    small = across @ cv2.transpose(low.reshape(rows, width, 3)).reshape(width, -1)
    levels = np.rint(np.clip(small, 0, 255, out=small), out=small).astype(np.uint8)
    return np.asarray(cv2.transpose(levels.reshape(columns, rows, 3)), np.uint8)


@lru_cache(maxsize=64)
def _resampling_matrix(length: int, size: int, interpolation: str, halvings: int) -> csr_array:
    support, kernel = KERNELS[interpolation]
    step = length / size
    centres = (np.arange(size) + 0.5) * step
    distances = np.abs(np.arange(length) + 0.5 - centres[:, None]) / step
    weights = np.where(distances < support + 1e-9, kernel(distances), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    return (csr_array(weights) @ _deblurring_matrix(length, halvings)).astype(np.float32)


def _deblurring_matrix(length: int, halvings: int) -> csr_array:
    """Return the matrix that undoes the blur of averaging to second order, its variance.

    A box of n pixels has a variance of (n^2 - 1) / 12; in pixels n times as large, of
    (1 - n^-2) / 12. The kernel (-e, 1 + 2 e, -e) has one of -2 e.
    """
    edge = (1 - 4.0**-halvings) / 24
    places = np.arange(length)
    # The first and the last pixel have their neighbour on both sides.
    before, after = np.abs(places - 1), length - 1 - np.abs(length - 2 - places)
    columns = np.concatenate([before, places, after]).clip(0, length - 1)
    values = np.repeat([-edge, 1 + 2 * edge, -edge], length)
    return coo_array((values, (np.tile(places, 3), columns)), (length, length)).tocsr()
