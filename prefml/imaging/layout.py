"""Measure the layout of a picture: where its fine detail lies, and how flat its borders are."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from prefml._typing import Floats32, Pixels
from prefml.imaging.maps import (
    MAP_SIDE,
    describe_map,
    grid_names,
    grid_shares,
    map_names,
    normalize_weights,
    percentiles,
)
from prefml.imaging.picture import Level, halve

__all__ = ["NAMES", "detail_map", "measure"]

_SIDES = ("left", "top", "right", "bottom")
NAMES = (
    *map_names("detail"),
    *grid_names("detail"),
    *(f"border_detail_{side}" for side in _SIDES),
    *(f"border_flatness_{side}" for side in _SIDES),
)
_BORDER = MAP_SIDE // 12


class _PictureLike(Protocol):
    @property
    def laplacian(self) -> NDArray[np.int16]: ...

    def downsampled(self, side: int) -> Pixels: ...


def measure(picture: _PictureLike) -> dict[str, float]:
    """Measure the spatial distribution of fine detail.

    Parameters
    ----------
    picture : Picture
        A decoded picture; only `laplacian` and `downsampled` are read.

    Returns
    -------
    dict of str to float
        The places of `prefml.imaging.maps.describe_map` for detail; `border_detail_SIDE`, the
        share of the detail in the outer twelfth of that side; `border_flatness_SIDE`, in (0, 1],
        1 where that strip is of one brightness.
    """
    weights = detail_map(picture.laplacian)
    gray = cv2.cvtColor(picture.downsampled(MAP_SIDE), cv2.COLOR_RGB2GRAY)
    levels = _resize_to_map(np.asarray(gray, np.uint8))
    values = describe_map(weights, "detail") | grid_shares(weights, "detail")
    for side, strip, detail in zip(
        _SIDES, _border_strips(levels), _border_strips(weights), strict=True
    ):
        values[f"border_detail_{side}"] = float(detail.sum())
        values[f"border_flatness_{side}"] = float(1.0 / (1.0 + strip.std() / 16.0))
    return {name: values[name] for name in NAMES}


def detail_map(laplacian: NDArray[np.int16]) -> Floats32:
    """Return the spatial distribution of a picture's fine detail.

    Energy of the Laplacian, whose response to blur is what autofocus goes by (Pertuz et al., 2013),
    averaged over each cell.

    Parameters
    ----------
    laplacian : ndarray of shape (height, width), int16
        Laplacian of the picture's luma.

    Returns
    -------
    ndarray of shape (84, 84), float32
        Non-negative, sums to 1; uniform for a picture without detail.
    """
    cells = _resize_to_map(np.abs(laplacian))
    # What the whole picture shows at least is noise and grain, not a subject.
    above_noise = np.maximum(cells - np.float32(percentiles(cells, [20])[0]), 0)
    return normalize_weights(cv2.GaussianBlur(above_noise, (0, 0), 2.0))


def _resize_to_map(plane: NDArray[Level]) -> Floats32:
    """Resize by area averaging, which keeps the mean of each cell."""
    while min(plane.shape) >= 2 * MAP_SIDE:
        # In whole halves first, which costs a tenth of cutting pixels into fractions.
        plane = halve(plane)
    cells = cv2.resize(plane.astype(np.float32), (MAP_SIDE, MAP_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cells, np.float32)


def _border_strips(values: Floats32) -> tuple[Floats32, Floats32, Floats32, Floats32]:
    width = _BORDER
    return values[:, :width], values[:width], values[:, -width:], values[-width:]
