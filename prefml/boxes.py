"""Crop boxes: one type, one reader, and one meaning of "kept whole".

A box is x1, y1, x2, y2 in fractions of the picture, with 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1.
Whatever brings a box in, a log, a request, a hand-edited line or an array of labels, is read here,
and a box that keeps the picture whole leaves the reader as `FULL_FRAME` exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Bools, Floats
from prefml.exceptions import BoxError

__all__ = [
    "FULL_FRAME",
    "OVERSHOOT",
    "SAME_EDGE",
    "SIMILAR",
    "SMALLEST_SIDE",
    "WHOLE_EDGE",
    "Box",
    "Corners",
    "Size",
    "as_boxes",
    "as_fractions",
    "is_whole",
    "keeps_whole",
    "nearly_same",
    "read_box",
    "read_corners",
    "read_number",
    "read_size",
    "same_box",
    "to_box",
    "to_pixels",
]

Corners: TypeAlias = tuple[float, float, float, float]
Size: TypeAlias = tuple[int, int]

# Rounding may put an edge this far outside the picture; it is cut off.
OVERSHOOT = 0.005
# A box keeps the picture whole if each of its edges lies this near to the picture's. Of 6,357 real
# crops 465 are the full frame to the last digit, 8 more lie within this, and the next at 0.013.
WHOLE_EDGE = 0.005
# A thinner box is a damaged field or a slip of the hand, not a crop.
SMALLEST_SIDE = 0.001
# Boxes with all edges closer than this are the same box: they went through text and back.
SAME_EDGE = 1e-4
# Two crops are similar, and the one passes for the other, above this intersection over union.
SIMILAR = 0.7
# 1 - 0.995 is a little more than 0.005.
_ROUNDING = 1e-9
# One part in a thousand of a pixel covers the rounding of a product.
_PIXEL_ROUNDING = 1e-3
# No camera or upscaler makes a longer side; a larger number is a damaged field.
_LONGEST_SIDE = 1_000_000
_RULE = "0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1 in fractions"


class Box(NamedTuple):
    """A crop box in fractions of the picture.

    Attributes
    ----------
    x1, y1 : float
        Left and upper edge, in [0, 1).
    x2, y2 : float
        Right and lower edge, in (0, 1].
    """

    x1: float
    y1: float
    x2: float
    y2: float


FULL_FRAME = Box(0.0, 0.0, 1.0, 1.0)


def read_number(value: object) -> float:
    """Return a field as a number, NaN if it is none.

    Parameters
    ----------
    value : object
        Text or a JSON number.

    Returns
    -------
    float
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | np.number):
        return float("nan")
    if isinstance(value, str) and "_" in value:
        return float("nan")
    try:
        return float(value)
    except (ValueError, OverflowError):
        return float("nan")


def read_corners(values: object) -> Corners:
    """Read four coordinates, in whatever unit.

    Parameters
    ----------
    values : object
        A sequence of x1, y1, x2, y2 as text or numbers.

    Returns
    -------
    tuple of float

    Raises
    ------
    BoxError
        Unless there are four finite numbers with x1 < x2 and y1 < y2.
    """
    fields = [values]
    if isinstance(values, Iterable) and not isinstance(values, str | bytes | dict):
        fields = list(values)
    numbers = [read_number(value) for value in fields]
    if len(numbers) != 4 or not all(map(isfinite, numbers)):
        raise BoxError(f"box {fields!r} is not four numbers"[:300], "x1, y1, x2, y2")
    x1, y1, x2, y2 = numbers
    if x2 <= x1 or y2 <= y1:
        raise BoxError(f"box {_shown(numbers)} is empty", "x1 < x2 and y1 < y2")
    return x1, y1, x2, y2


def read_box(values: object) -> Box:
    """Read a box in fractions.

    Parameters
    ----------
    values : object
        A sequence of x1, y1, x2, y2 as text or numbers.

    Returns
    -------
    Box
        Clipped to the picture; `FULL_FRAME` if it keeps the picture whole.

    Raises
    ------
    BoxError
        Unless there are four finite numbers that leave the picture by no more than `OVERSHOOT`
        and have at least `SMALLEST_SIDE` of it inside.
    """
    return as_fractions(read_corners(values))


def as_fractions(corners: Corners, size: Size | None = None, may_be_pixels: bool = False) -> Box:
    """Return a logged box in fractions of the picture, clipped to it.

    Parameters
    ----------
    corners : tuple of float
        x1, y1, x2, y2 in pixels or fractions.
    size : tuple of int, optional
        Width and height in pixels; only pixels need it.
    may_be_pixels : bool, default=False
        Whether the log writes pixels at all. There a coordinate above 1 means pixels.

    Returns
    -------
    Box
        `FULL_FRAME` if it keeps the picture whole.

    Raises
    ------
    BoxError
        If the box leaves the picture by more than `OVERSHOOT`, in pixels by more than one, or if
        less than `SMALLEST_SIDE` of it, in pixels less than one, is inside.
    """
    if size is None or not may_be_pixels or max(corners) <= 1.0 + OVERSHOOT:
        return _inside(corners, OVERSHOOT, SMALLEST_SIDE, f"box {_shown(corners)} (fractions)")
    unit = (*size, *size)
    scaled = [corner / side for corner, side in zip(corners, unit, strict=True)]
    pixel = [(1.0 + _PIXEL_ROUNDING) / side for side in unit]
    outside = any(not -p <= c <= 1.0 + p for c, p in zip(scaled, pixel, strict=True))
    x1, y1, x2, y2 = _clipped(scaled)
    thinnest = min((x2 - x1) * size[0], (y2 - y1) * size[1])
    if outside or thinnest < 1.0 - _PIXEL_ROUNDING:
        held = f"does not lie in {size[0]}x{size[1]}"
        raise BoxError(f"box {_shown(corners)} (pixels) {held}", "a box inside the picture")
    return _inside((x1, y1, x2, y2), 0.0, SMALLEST_SIDE, f"box {_shown(corners)} (pixels)")


def _inside(corners: Sequence[float], overshoot: float, least: float, shown: str) -> Box:
    slack = overshoot + _ROUNDING
    x1, y1, x2, y2 = _clipped(corners)
    if not all(-slack <= corner <= 1.0 + slack for corner in corners):
        raise BoxError(f"{shown} does not lie in the image", _RULE)
    if min(x2 - x1, y2 - y1) < least - _ROUNDING:
        raise BoxError(f"{shown} is thinner than {least:g} of the image", _RULE)
    box = Box(x1, y1, x2, y2)
    return FULL_FRAME if keeps_whole(box) else box


def _clipped(corners: Sequence[float]) -> Box:
    return Box(*(min(1.0, max(0.0, float(corner))) for corner in corners))


def _shown(corners: Sequence[float]) -> str:
    return ",".join(f"{corner:g}" for corner in corners)


def keeps_whole(box: Sequence[float]) -> bool:
    """Tell whether a box keeps the picture whole: no edge is further in than `WHOLE_EDGE`.

    Parameters
    ----------
    box : sequence of float
        x1, y1, x2, y2 in fractions.

    Returns
    -------
    bool
    """
    x1, y1, x2, y2 = box
    return max(x1, y1, 1.0 - x2, 1.0 - y2) <= WHOLE_EDGE + _ROUNDING


def same_box(one: Sequence[float] | None, other: Sequence[float] | None) -> bool:
    """Tell whether two boxes are one: no edge differs by `SAME_EDGE`.

    Parameters
    ----------
    one, other : sequence of float or None
        x1, y1, x2, y2 in fractions; None is no box, and the same as none.

    Returns
    -------
    bool
    """
    if one is None or other is None:
        return one is other
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) < SAME_EDGE


def to_box(edges: ArrayLike) -> Box:
    """Return four edges that lie inside the picture, such as a row of an array, as a box.

    Parameters
    ----------
    edges : array-like of shape (4,)
        x1, y1, x2, y2 in fractions.

    Returns
    -------
    Box
    """
    return Box(*map(float, np.asarray(edges)))


def to_pixels(box: ArrayLike, size: Size, aspect: float | None = None) -> tuple[int, int, int, int]:
    """Round a box to whole pixels, keeping the aspect.

    The shorter side is rounded first and the longer one follows from it, so that each is within
    half a pixel of what the other asks for.

    Parameters
    ----------
    box : array-like of shape (4,)
        In fractions.
    size : tuple of int
        Width and height of the picture in pixels.
    aspect : float, optional
        Width over height of the crop; that of the picture by default.

    Returns
    -------
    tuple of int
        Left, top, right, bottom, at least one pixel wide and high, inside the picture.
    """
    width, height = size
    x1, y1, x2, y2 = np.asarray(box, float)
    ratio = width / height if aspect is None else aspect
    if ratio <= 1.0:
        w = _pixels((x2 - x1) * width, width)
        h = _pixels(w / ratio, height)
    else:
        h = _pixels((y2 - y1) * height, height)
        w = _pixels(h * ratio, width)
    left = min(max(round((x1 + x2) * width / 2.0 - w / 2.0), 0), width - w)
    top = min(max(round((y1 + y2) * height / 2.0 - h / 2.0), 0), height - h)
    return left, top, left + w, top + h


def _pixels(length: float, limit: int) -> int:
    return min(max(round(length), 1), limit)


def read_size(width: object, height: object) -> Size | None:
    """Read an image size.

    Parameters
    ----------
    width, height : object
        Pixels, as text or numbers.

    Returns
    -------
    tuple of int or None
        None for zero, a missing field, or anything that is no size of an image.
    """
    sides = read_number(width), read_number(height)
    if any(not 1 <= side <= _LONGEST_SIDE or side != int(side) for side in sides):
        return None
    return int(sides[0]), int(sides[1])


def as_boxes(boxes: ArrayLike) -> Floats:
    """Read many boxes in fractions, each as `read_box` does.

    Parameters
    ----------
    boxes : array-like of shape (n, 4)
        x1, y1, x2, y2 as numbers or text.

    Returns
    -------
    ndarray of shape (n, 4), float64
        Clipped to the picture; the full frame where it is kept whole.

    Raises
    ------
    BoxError
        If the shape is another, or a row is no box.
    """
    try:
        given = np.asarray(boxes)
    except ValueError:
        given = np.empty(0)
    if given.ndim != 2 or given.shape[1] != 4:
        raise BoxError(
            f"boxes of shape {given.shape}", "shape (n, 4) with x1, y1, x2, y2 in fractions"
        )
    rows = np.empty(given.shape)
    for row, values in enumerate(given):
        try:
            rows[row] = read_box(values.tolist())
        except BoxError as error:
            raise BoxError(f"boxes[{row}]: {error.found}", error.expected) from error
    return rows


def is_whole(boxes: Floats) -> Bools:
    """Tell which boxes keep the picture whole, as `keeps_whole` does.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
        x1, y1, x2, y2 in fractions.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    inset = np.maximum(boxes[:, :2], 1.0 - boxes[:, 2:])
    return np.asarray(inset.max(axis=1, initial=0.0) <= WHOLE_EDGE + _ROUNDING)


def nearly_same(boxes: ArrayLike, proposed: ArrayLike) -> Bools:
    """Tell which proposed crops the person would let pass, the rule for crops approved unseen.

    Parameters
    ----------
    boxes, proposed : array-like of shape (n, 4)
        The person's crops and the proposed ones, in fractions.

    Returns
    -------
    ndarray of bool, shape (n,)
        To keep the picture whole passes if the person kept it whole; a box passes if its
        intersection over union with the person's is above `SIMILAR`.
    """
    own, other = np.asarray(boxes, np.float64), np.asarray(proposed, np.float64)
    low, high = np.maximum(own, other)[:, :2], np.minimum(own, other)[:, 2:]
    shared = np.clip(high - low, 0.0, None).prod(axis=1)
    both = sum((edges[:, 2:] - edges[:, :2]).prod(axis=1) for edges in (own, other))
    return np.where(is_whole(other), is_whole(own), shared > SIMILAR * (both - shared))
