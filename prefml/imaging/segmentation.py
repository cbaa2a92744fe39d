"""Segment people from what is behind them.

The network for portraits of MediaPipe, a MobileNetV3 with a small decoder (A. Howard et al.,
"Searching for MobileNetV3", ICCV 2019).
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from prefml._typing import Floats32, Pixels
from prefml.imaging import networks
from prefml.imaging.warp import warp

__all__ = ["person_mask"]


class _PictureLike(Protocol):
    @property
    def pixels(self) -> Pixels: ...


def person_mask(picture: _PictureLike) -> Floats32:
    """Return the share of person all over a picture.

    Parameters
    ----------
    picture : Picture
        A decoded picture; only `pixels` is read.

    Returns
    -------
    ndarray of shape (256, 256)
        From 0 to 1, on a grid that is stretched over the picture.
    """
    network = networks.PERSON_SEGMENTATION
    height, width = picture.pixels.shape[:2]
    placed = np.diag([width / network.side, height / network.side, 0.0])[:2]
    square = warp(picture.pixels, placed, network.side, border=cv2.BORDER_REPLICATE)
    mask: Floats32 = network.run(square)["mask"][0, 0]
    return mask
