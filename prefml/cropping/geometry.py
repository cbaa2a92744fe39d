"""Boxes as three numbers, and boxes moved and enlarged.

A crop that keeps the aspect of its picture has the same side in fractions of the width and of the
height. It is written as `(side, u, v)`: the side in (0, 1], and where in the free space
`1 - side` the box starts, from 0 (left, top) to 1 (right, bottom). Every point of that unit cube
is a box inside the picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Floats
from prefml.boxes import is_whole

__all__ = [
    "areas",
    "contains",
    "cover",
    "enlarge",
    "exclude",
    "from_params",
    "from_sides",
    "keep_aspect",
    "to_params",
    "to_sides",
    "with_aspect",
    "with_least_side",
]


# A crop keeps the aspect if its sides differ by no more than this, in fractions; and crops do, if
# this share of them does.
_SAME_SIDE, _LOCKED = 0.02, 0.9


def keep_aspect(boxes: Floats) -> bool:
    """Tell whether crops keep the aspect of their pictures, nearly all of them.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
        Known crops, in fractions; those that keep the picture whole tell nothing.

    Returns
    -------
    bool
        True where there is no crop.
    """
    sides = boxes[~is_whole(boxes), 2:] - boxes[~is_whole(boxes), :2]
    same = np.abs(sides[:, 0] - sides[:, 1]) <= _SAME_SIDE
    return not len(sides) or float(same.mean()) >= _LOCKED


def to_params(boxes: Floats) -> Floats:
    """Write boxes as side and relative position.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
        In fractions. A box of another aspect than its picture's is taken as the box of the same
        area and centre.

    Returns
    -------
    ndarray of shape (n, 3)
        `side`, `u`, `v`; `u` and `v` are 0.5 where there is no free space.
    """
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    side = np.sqrt(width * height)
    free = 1.0 - side
    start = (boxes[:, :2] + boxes[:, 2:] - side[:, None]) / 2.0
    position = np.full_like(start, 0.5)
    np.divide(start, free[:, None], out=position, where=free[:, None] > 1e-9)
    return np.column_stack([side, np.clip(position, 0.0, 1.0)])


def from_params(params: Floats) -> Floats:
    """Turn side and relative position into boxes.

    Parameters
    ----------
    params : ndarray of shape (n, 3)
        `side`, `u`, `v`; values outside [0, 1] are brought to the nearest bound.

    Returns
    -------
    ndarray of shape (n, 4)
        Boxes inside the unit square with equal sides.
    """
    side, u, v = np.clip(params, 0.0, 1.0).T
    x1, y1 = u * (1.0 - side), v * (1.0 - side)
    return np.column_stack([x1, y1, x1 + side, y1 + side])


def to_sides(boxes: Floats) -> Floats:
    """Write boxes of any aspect as width, height and relative position.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
        In fractions.

    Returns
    -------
    ndarray of shape (n, 4)
        Width, height, `u` and `v`; `u` and `v` are 0.5 where there is no free space.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    free = 1.0 - sides
    position = np.full_like(sides, 0.5)
    np.divide(boxes[:, :2], free, out=position, where=free > 1e-9)
    return np.hstack([sides, np.clip(position, 0.0, 1.0)])


def from_sides(params: Floats) -> Floats:
    """Turn width, height and relative position into boxes.

    Parameters
    ----------
    params : ndarray of shape (n, 4)
        As `to_sides` writes them; values outside [0, 1] are brought to the nearest bound.

    Returns
    -------
    ndarray of shape (n, 4)
        Boxes inside the unit square.
    """
    within = np.clip(params, 0.0, 1.0)
    start = within[:, 2:] * (1.0 - within[:, :2])
    return np.hstack([start, start + within[:, :2]])


def areas(boxes: Floats) -> Floats:
    """Return the share of the picture inside each box.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
        In fractions.

    Returns
    -------
    ndarray of shape (n,)
    """
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))


def contains(outer: ArrayLike, inner: ArrayLike, slack: float = 1e-9) -> bool:
    """Tell whether one box lies inside another.

    Parameters
    ----------
    outer, inner : array-like of shape (4,)
        In fractions.
    slack : float, default=1e-9
        Distance by which an edge may lie outside.

    Returns
    -------
    bool
    """
    a, b = np.asarray(outer, float), np.asarray(inner, float)
    return bool((a[:2] <= b[:2] + slack).all() and (a[2:] >= b[2:] - slack).all())


def with_least_side(boxes: Floats, least: ArrayLike) -> Floats:
    """Enlarge boxes that are too small, about their centre, without leaving the picture.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
        In fractions; those with equal sides keep them equal.
    least : float or array-like of shape (n,)
        The least side in fractions; above 1 it means the whole picture.

    Returns
    -------
    ndarray of shape (n, 4)
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    wanted = np.maximum(sides, np.minimum(np.reshape(least, (-1, 1)), 1.0))
    start = np.clip((boxes[:, :2] + boxes[:, 2:] - wanted) / 2.0, 0.0, 1.0 - wanted)
    grown = np.hstack([start, start + wanted])
    # Rounding may have made one of two equal sides shorter.
    return np.where((wanted > sides + 1e-12).any(axis=1, keepdims=True), grown, boxes)


def cover(box: ArrayLike, target: ArrayLike) -> Floats:
    """Move a box, and enlarge it if need be, as little as it takes to contain a target.

    Parameters
    ----------
    box : array-like of shape (4,)
        In fractions, inside the picture; its aspect is kept unless the picture is too small for
        that.
    target : array-like of shape (4,)
        In fractions, inside the picture.

    Returns
    -------
    ndarray of shape (4,)
    """
    own, aim = np.asarray(box, float), np.asarray(target, float)
    sides, needed = own[2:] - own[:2], aim[2:] - aim[:2]
    sides = np.minimum(sides * max(1.0, float((needed / sides).max())), 1.0)
    start = (own[:2] + own[2:] - sides) / 2.0
    start = np.clip(start, np.maximum(aim[2:] - sides, 0.0), np.minimum(aim[:2], 1.0 - sides))
    return np.concatenate([start, start + sides])


def enlarge(box: ArrayLike, factor: float) -> Floats:
    """Enlarge a box about its centre, as far as the picture allows, keeping its aspect.

    Parameters
    ----------
    box : array-like of shape (4,)
        In fractions.
    factor : float
        By which its sides grow; below 1 it stays.

    Returns
    -------
    ndarray of shape (4,)
    """
    own = np.asarray(box, float)
    sides = own[2:] - own[:2]
    sides = sides * max(1.0, min(factor, 1.0 / float(sides.max())))
    return _placed((own[:2] + own[2:] - sides) / 2.0, sides)


def _placed(start: Floats, sides: Floats, low: ArrayLike = 0.0, high: ArrayLike = 1.0) -> Floats:
    """Return the box of these sides that lies nearest to a start, inside a room it fits in."""
    corner = np.clip(start, low, np.asarray(high) - sides)
    # In a room that it fills, rounding may have put a side outside.
    return np.asarray(np.clip(np.array([corner, corner + sides]), low, high).ravel())


def exclude(
    box: ArrayLike, part: ArrayLike, least: ArrayLike, inside: ArrayLike | None = None
) -> Floats | None:
    """Move a box off a part of the picture, shrinking it if need be.

    Parameters
    ----------
    box : array-like of shape (4,)
        In fractions; its aspect is kept.
    part : array-like of shape (4,)
        What must not be in it.
    least : float or array-like of shape (2,)
        Least width and height in fractions.
    inside : array-like of shape (4,), optional
        What must stay in it.

    Returns
    -------
    ndarray of shape (4,) or None
        The largest such box, of these the nearest; None if there is none.
    """
    own, away = np.asarray(box, float), np.asarray(part, float)
    sides = own[2:] - own[:2]
    found: list[tuple[float, float, Floats]] = []
    for low, high in _rooms(away):
        scale = min(1.0, float(((high - low) / sides).min()))
        new = sides * scale
        if (new < least).any():
            continue
        moved = _placed((own[:2] + own[2:] - new) / 2.0, new, low, high)
        if inside is None or contains(moved, inside):
            found.append((scale, -float(np.abs(moved - own).sum()), moved))
    return max(found, key=lambda one: one[:2])[2] if found else None


def _rooms(part: Floats) -> list[tuple[Floats, Floats]]:
    """Return the four largest rooms beside a part, as lower and upper corner."""
    zero, one = np.zeros(2), np.ones(2)
    return [
        (zero, np.array([part[0], 1.0])),
        (zero, np.array([1.0, part[1]])),
        (np.array([part[2], 0.0]), one),
        (np.array([0.0, part[3]]), one),
    ]


def with_aspect(
    box: ArrayLike, size: tuple[float, float], aspect: float, centre: ArrayLike | None = None
) -> Floats:
    """Return the crop of another aspect that best stands for a box.

    It has the box's area where the picture allows it, else the largest that fits.

    Parameters
    ----------
    box : array-like of shape (4,)
        In fractions.
    size : tuple of float
        Width and height of the picture in pixels.
    aspect : float
        Width over height, in pixels, of the crop wanted.
    centre : array-like of shape (2,), optional
        Where to put its centre, as far as the picture allows; the box's by default.

    Returns
    -------
    ndarray of shape (4,)
        In fractions.

    Raises
    ------
    ValueError
        If the aspect or the size is not positive.
    """
    width, height = size
    if not (0.0 < aspect < float("inf") and min(size) > 0):
        raise ValueError(f"aspect {aspect} of a picture of {width} x {height}: must be positive")
    x1, y1, x2, y2 = np.asarray(box, float)
    ratio = aspect * height / width
    sides = np.array([1.0, 1.0 / ratio]) * np.sqrt((x2 - x1) * (y2 - y1) * ratio)
    sides /= max(1.0, float(sides.max()))
    middle = np.array([x1 + x2, y1 + y2]) / 2.0 if centre is None else np.asarray(centre, float)
    return _placed(middle - sides / 2.0, sides)
