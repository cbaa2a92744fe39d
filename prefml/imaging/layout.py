"""Where the detail of a picture lies, and how quiet its borders are."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from prefml.imaging.maps import MAP_SIDE, describe_map, grid_names, grid_shares, map_names, share

__all__ = ["NAMES", "detail_map", "measure"]

_SIDES = ("left", "top", "right", "bottom")
NAMES = (
    *map_names("detail"),
    *grid_names("detail"),
    *(f"border_detail_{side}" for side in _SIDES),
    *(f"border_flatness_{side}" for side in _SIDES),
)
_BORDER = MAP_SIDE // 12

Array = NDArray[np.float32]


class _Pixels(Protocol):
    @property
    def gray(self) -> NDArray[np.float32]: ...


def measure(picture: _Pixels) -> dict[str, float]:
    """Measure the distribution of fine detail.

    Parameters
    ----------
    picture : Picture
        A decoded picture; only `gray` is read.

    Returns
    -------
    dict of str to float
        The places of `prefml.imaging.maps.describe_map` for detail; `border_detail_SIDE`, the
        share of the detail in the outer twelfth of that side; `border_flatness_SIDE`, in (0, 1],
        1 where that strip is of one brightness.
    """
    weights = detail_map(picture.gray)
    levels = cv2.resize(picture.gray, (MAP_SIDE, MAP_SIDE), interpolation=cv2.INTER_AREA)
    values = describe_map(weights, "detail") | grid_shares(weights, "detail")
    for side, strip, detail in zip(_SIDES, _strips(levels), _strips(weights), strict=True):
        values[f"border_detail_{side}"] = float(detail.sum())
        values[f"border_flatness_{side}"] = float(1.0 / (1.0 + strip.std() / 16.0))
    return {name: values[name] for name in NAMES}


def detail_map(gray: NDArray[np.float32]) -> Array:
    """Return where the fine detail of a picture lies.

    Energy of the Laplacian, whose response to blur is what autofocus goes by (Pertuz et al., 2013),
    averaged over each cell.

    Parameters
    ----------
    gray : ndarray of shape (height, width), float32
        0 to 255.

    Returns
    -------
    ndarray of shape (84, 84), float32
        Non-negative, sums to 1; uniform for a picture without detail.
    """
    response = np.abs(cv2.Laplacian(gray, cv2.CV_32F, ksize=3, borderType=cv2.BORDER_REFLECT))
    # Resizing by area keeps the mean of each cell, so no detail falls between the samples.
    cells = cv2.resize(response, (MAP_SIDE, MAP_SIDE), interpolation=cv2.INTER_AREA)
    # What the whole picture shows at least is noise and grain, not a subject.
    above_noise = np.clip(cells - np.quantile(cells, 0.2), 0.0, None)
    return share(cv2.GaussianBlur(above_noise, (0, 0), 2.0))


def _strips(values: Array) -> tuple[Array, Array, Array, Array]:
    width = _BORDER
    return values[:, :width], values[:width], values[:, -width:], values[-width:]
