"""Sample squares for networks out of pictures of any size."""

from __future__ import annotations

import cv2
import numpy as np

from prefml._typing import Floats, Pixels
from prefml.imaging.picture import shrink

__all__ = ["warp"]

# OpenCV counts the pixels of what it warps in 16 bits.
_LONGEST = 2**15 - 2


def warp(pixels: Pixels, placed: Floats, side: int, *, border: int) -> Pixels:
    """Sample a square bilinearly, without averaging, as MediaPipe does.

    Parameters
    ----------
    pixels : ndarray of shape (h, w, 3), uint8
        The picture.
    placed : ndarray of shape (2, 3)
        Affine map of the square's pixels to the picture's.
    side : int
        Pixels of the square.
    border : int
        OpenCV's constant for what lies beyond the picture.

    Returns
    -------
    ndarray of shape (side, side, 3), uint8
    """
    small = shrink(pixels, _LONGEST)
    scale = np.array([small.shape[1] / pixels.shape[1], small.shape[0] / pixels.shape[0]])
    # Perspective, as there: an affine map is rounded to coarser steps.
    matrix = np.vstack([placed * scale[:, None], [0.0, 0.0, 1.0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    square = cv2.warpPerspective(small, matrix, (side, side), flags=flags, borderMode=border)
    return np.asarray(square, np.uint8)
