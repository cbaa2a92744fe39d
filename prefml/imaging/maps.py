"""Summarise a map of weights over a picture: moments, quantiles, main object, grid of shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from prefml._typing import Floats, Floats32, Ints

__all__ = [
    "GRID",
    "MAP_SIDE",
    "describe_map",
    "grid_names",
    "grid_shares",
    "map_names",
    "normalize_weights",
    "percentiles",
]

MAP_SIDE = 84
GRID = 7
_QUANTILES = (5, 25, 50, 75, 95)
_MEASURES = (
    *("x", "y", "spread_x", "spread_y"),
    *(f"x{q:02d}" for q in _QUANTILES),
    *(f"y{q:02d}" for q in _QUANTILES),
    *("object_x1", "object_y1", "object_x2", "object_y2", "object_share"),
)


@cache
def map_names(prefix: str) -> tuple[str, ...]:
    """Return the names of the cues of `describe_map`.

    Parameters
    ----------
    prefix : str
        What the names begin with.

    Returns
    -------
    tuple of str
    """
    return tuple(f"{prefix}_{place}" for place in _MEASURES)


@cache
def grid_names(prefix: str) -> tuple[str, ...]:
    """Return the names of the cues of `grid_shares`, row by row.

    Parameters
    ----------
    prefix : str
        What the names begin with.

    Returns
    -------
    tuple of str
    """
    return tuple(f"{prefix}_grid_{row}{column}" for row in range(GRID) for column in range(GRID))


def describe_map(weights: Floats32, prefix: str) -> dict[str, float]:
    """Summarise where the weight of a map lies.

    Parameters
    ----------
    weights : ndarray of shape (84, 84)
        Non-negative, sums to 1.
    prefix : str
        What the names begin with.

    Returns
    -------
    dict of str to float
        Everything in fractions of the picture's width and height. `_x`, `_y`: centroid;
        `_spread_x`, `_spread_y`: standard deviations; `_xQQ`, `_yQQ`: positions below which QQ per
        cent of the weight lie; `_object_x1` to `_object_y2`: bounding box of the heaviest connected
        part above Otsu's threshold; `_object_share`: its share of the weight above it.
    """
    profiles = (weights.sum(axis=0), weights.sum(axis=1))
    (x, spread_x), (y, spread_y) = (_mean_and_deviation(profile) for profile in profiles)
    values = [x, y, spread_x, spread_y]
    for profile in profiles:
        values += _weighted_quantiles(profile)
    return dict(zip(map_names(prefix), [*values, *_heaviest_component(weights)], strict=True))


def grid_shares(weights: Floats32, prefix: str) -> dict[str, float]:
    """Return the shares of a map's weight in the cells of a 7 x 7 grid.

    Parameters
    ----------
    weights : ndarray of shape (84, 84)
        Non-negative, sums to 1.
    prefix : str
        What the names begin with.

    Returns
    -------
    dict of str to float
        Row by row; they sum to 1.
    """
    block = MAP_SIDE // GRID
    grid = weights.reshape(GRID, block, GRID, block).sum(axis=(1, 3))
    return dict(zip(grid_names(prefix), map(float, grid.ravel()), strict=True))


def normalize_weights(values: Floats32) -> Floats32:
    """Scale a map to sum 1.

    Parameters
    ----------
    values : ndarray of any shape
        Non-negative.

    Returns
    -------
    ndarray of the same shape, float32
        Uniform where the values sum to nothing.
    """
    total = float(values.sum(dtype=np.float64))
    if total <= 1e-6:
        return np.full(values.shape, 1.0 / values.size, np.float32)
    return (values / total).astype(np.float32)


def percentiles(values: NDArray[np.generic], percents: Sequence[float]) -> Floats:
    """Return percentiles as `numpy.percentile` interpolates them, without its overhead.

    Parameters
    ----------
    values : ndarray
        Finite numbers, at least one.
    percents : sequence of float
        From 0 to 100.

    Returns
    -------
    ndarray of shape (len(percents),), float64
    """
    below, above, beyond, needed = _order_statistics(values.size, tuple(percents))
    ordered = np.partition(values, needed, axis=None)[needed].astype(np.float64)
    return ordered[below] + beyond * (ordered[above] - ordered[below])


@lru_cache(maxsize=256)
def _order_statistics(size: int, percents: tuple[float, ...]) -> tuple[Ints, Ints, Floats, Ints]:
    """Return the order statistics that percentiles of so many numbers are interpolated from.

    These are, for each percentile, the places of the lower and the upper one among those needed,
    the weight of the upper one, and the ranks that are needed.
    """
    places = np.array(percents) * ((size - 1) / 100)
    low = places.astype(np.intp)
    high = np.minimum(low + 1, size - 1)
    needed = np.unique([*low, *high])
    return np.searchsorted(needed, low), np.searchsorted(needed, high), places - low, needed


def _mean_and_deviation(profile: Floats32) -> tuple[float, float]:
    centres = (np.arange(profile.size) + 0.5) / profile.size
    shares = profile / profile.sum()
    mean = float(centres @ shares)
    return mean, float(np.sqrt((centres - mean) ** 2 @ shares))


def _weighted_quantiles(profile: Floats32) -> list[float]:
    cumulated = np.concatenate([[0.0], np.cumsum(profile, dtype=np.float64)])
    edges = np.linspace(0.0, 1.0, profile.size + 1)
    wanted = np.array(_QUANTILES) / 100.0 * cumulated[-1]
    return [float(value) for value in np.interp(wanted, cumulated, edges)]


def _heaviest_component(weights: Floats32) -> Iterable[float]:
    scaled = np.round(weights / max(float(weights.max()), 1e-9) * 255.0).astype(np.uint8)
    _, above = cv2.threshold(scaled, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    if not 0 < int(above.sum()) < above.size:
        return 0.0, 0.0, 1.0, 1.0, 1.0
    count, labels, stats, _ = cv2.connectedComponentsWithStats(above, connectivity=8)
    mass = np.bincount(labels.ravel(), weights=weights.ravel(), minlength=count)[1:]
    best = int(mass.argmax())
    left, top, width, height = (int(value) for value in stats[best + 1, :4])
    box = np.array([left, top, left + width, top + height]) / weights.shape[0]
    return *map(float, box), float(mass[best] / mass.sum())
