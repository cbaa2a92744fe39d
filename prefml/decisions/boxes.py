"""Crop boxes as logged -> fractions of the image."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from prefml.decisions.quarantine import RowRefusedError
from prefml.decisions.records import Box, Size

__all__ = ["as_fractions", "read_box", "read_number", "read_size"]

# No camera or upscaler makes a longer side; a larger number is a damaged field.
_LONGEST_SIDE = 1_000_000
# Stands in for an unknown size where a pixel of tolerance is needed.
_USUAL_SIDE = 1000


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
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return float("nan")
    if isinstance(value, str) and "_" in value:
        return float("nan")
    try:
        return float(value)
    except (ValueError, OverflowError):
        return float("nan")


def read_box(values: Iterable[object]) -> Box:
    """Read four coordinates.

    Parameters
    ----------
    values : iterable of object
        x1, y1, x2, y2 as text or numbers.

    Returns
    -------
    tuple of float

    Raises
    ------
    RowRefusedError
        `impossible_box`, unless there are four finite numbers with x1 < x2 and y1 < y2.
    """
    fields = list(values)
    numbers = [read_number(value) for value in fields]
    if len(numbers) != 4 or not all(map(isfinite, numbers)):
        raise RowRefusedError("impossible_box", f"box {fields!r} is not four numbers")
    x1, y1, x2, y2 = numbers
    if x2 <= x1 or y2 <= y1:
        raise RowRefusedError("impossible_box", f"box {x1:g},{y1:g},{x2:g},{y2:g} is empty")
    return x1, y1, x2, y2


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


def as_fractions(box: Box, size: Size | None, may_be_pixels: bool) -> Box:
    """Return a box in fractions of the image, clipped to it.

    A coordinate above 1 means that the box is in pixels; a fraction may exceed 1 by a pixel of
    rounding.

    Parameters
    ----------
    box : tuple of float
        x1, y1, x2, y2 in pixels or fractions.
    size : tuple of int or None
        Width and height in pixels; None if nobody knows, which only fractions survive.
    may_be_pixels : bool
        Whether the log writes pixels at all.

    Returns
    -------
    tuple of float
        x1, y1, x2, y2 in [0, 1].

    Raises
    ------
    RowRefusedError
        `impossible_box` if the box leaves the image by more than a pixel, or less than a pixel of
        it is inside.
    """
    width, height = size or (_USUAL_SIDE, _USUAL_SIDE)
    slack = (1 / width, 1 / height, 1 / width, 1 / height)
    in_pixels = may_be_pixels and max(box) > 1 + 1 / min(width, height)
    scaled = tuple(c * s for c, s in zip(box, slack, strict=True)) if in_pixels else box
    # One part in a thousand of a pixel covers the rounding of a product.
    outside = any(c < -1.001 * s or c > 1 + 1.001 * s for c, s in zip(scaled, slack, strict=True))
    x1, y1, x2, y2 = (min(1.0, max(0.0, c)) for c in scaled)
    under_a_pixel = (x2 - x1) * width < 0.999 or (y2 - y1) * height < 0.999
    if outside or under_a_pixel:
        unit = "pixels" if in_pixels else "fractions"
        shown = ",".join(f"{c:g}" for c in box)
        held = f"{width}x{height}" if size else "the image"
        raise RowRefusedError("impossible_box", f"box {shown} ({unit}) does not lie in {held}")
    return x1, y1, x2, y2
