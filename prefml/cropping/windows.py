"""Candidate windows, their expected IoU, and the features from which each is scored.

Scoring a grid of candidate windows follows grid anchor based image cropping (Zeng et al., CVPR
2019). The features are relative to the window (how much of the subject is inside, how far each
edge is from it), so that what was learned at one place of the picture holds at every other.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from sklearn.cluster import KMeans

from prefml._typing import Floats
from prefml.cropping.geometry import from_params, keep_aspect, to_params
from prefml.cropping.inputs import CELLS, PictureFeatures
from prefml.cropping.metrics import iou, overlap
from prefml.cropping.people import people_features

__all__ = [
    "Coverage",
    "candidate_windows",
    "cell_coverage",
    "chunk_slices",
    "expected_iou",
    "window_features",
]

# Share of each grid cell inside windows, inside the windows less a rim, and with a rim around them.
Coverage: TypeAlias = tuple[Floats, Floats, Floats]

_N_SIDES = 8
_N_STEPS = 6
_RIM_WIDTH = 0.06
# Windows compared with all known crops at a time, so few that this stays in the cache.
_CHUNK = 64


def candidate_windows(boxes: Floats) -> Floats:
    """Return candidate windows of the sizes that were used, at every place.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
        Known crops, in fractions.

    Returns
    -------
    ndarray of shape (288, 4)
        8 sides at evenly spaced quantiles of the known ones, 6 x 6 positions. Where crops do not
        keep the aspect, 8 typical widths and heights.
    """
    steps = np.linspace(0.0, 1.0, _N_STEPS)
    if keep_aspect(boxes):
        sides = np.quantile(to_params(boxes)[:, 0], np.linspace(0.03, 0.97, _N_SIDES))
        grid = np.stack(np.meshgrid(sides, steps, steps, indexing="ij"), axis=-1)
        return from_params(grid.reshape(-1, 3))
    sizes = boxes[:, 2:] - boxes[:, :2]
    clusters = KMeans(min(_N_SIDES, len(np.unique(sizes, axis=0))), n_init=2, random_state=0)
    typical = np.clip(clusters.fit(sizes).cluster_centers_, 0.0, 1.0)
    places = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    start = (places[None] * (1.0 - typical[:, None])).reshape(-1, 2)
    return np.hstack([start, start + np.repeat(typical, len(places), axis=0)])


def expected_iou(windows: Floats, boxes: Floats, weight: Floats) -> Floats:
    """Return the expected IoU of windows: the weighted mean of their IoU with known crops.

    It is the score of a window while nothing is known of the picture.

    Parameters
    ----------
    windows : ndarray of shape (..., 4)
        In fractions.
    boxes : ndarray of shape (n, 4)
        Known crops, in fractions.
    weight : ndarray of shape (n,)
        Weight of each known crop.

    Returns
    -------
    ndarray of shape (...)
        In [0, 1].
    """
    flat = windows.reshape(-1, 4)
    chunks = chunk_slices(len(flat), _CHUNK)
    parts = [iou(flat[chunk][:, None], boxes[None]) @ weight for chunk in chunks]
    total = np.concatenate([np.zeros(0), *parts]) / weight.sum()
    return np.asarray(total.reshape(windows.shape[:-1]))


def chunk_slices(n: int, size: int) -> list[slice]:
    """Return the slices that cut rows into chunks, in order.

    Parameters
    ----------
    n : int
        Number of rows.
    size : int
        Most rows of a chunk.

    Returns
    -------
    list of slice
    """
    return [slice(start, start + size) for start in range(0, n, size)]


def cell_coverage(windows: Floats) -> Coverage:
    """Return the share of each grid cell in windows, in the windows less a rim, and with one.

    Parameters
    ----------
    windows : ndarray of shape (..., 4)
        In fractions.

    Returns
    -------
    tuple of three ndarray of shape (..., 49)
        In [0, 1]; cells go along rows.
    """
    inner = np.concatenate([windows[..., :2] + _RIM_WIDTH, windows[..., 2:] - _RIM_WIDTH], axis=-1)
    outer = np.concatenate([windows[..., :2] - _RIM_WIDTH, windows[..., 2:] + _RIM_WIDTH], axis=-1)
    return _cell_shares(windows), _cell_shares(inner), _cell_shares(outer)


def window_features(
    features: PictureFeatures,
    windows: Floats,
    prior: Floats,
    coverage: Coverage | None = None,
) -> Floats:
    """Return the features of every window of every picture.

    Parameters
    ----------
    features : PictureFeatures
        n pictures.
    windows : ndarray of shape (n, m, 4) or (1, m, 4)
        Windows in fractions; of each picture, or the same for all.
    prior : ndarray of shape (n, m) or (1, m)
        Expected IoU of each window while nothing is known of the picture.
    coverage : tuple of ndarray, optional
        `cell_coverage` of the windows, where it was computed before.

    Returns
    -------
    ndarray of shape (n, m, features)
        NaN where something was not found in a picture.
    """
    shape = (len(features), windows.shape[1])
    sides = windows[..., 2:] - windows[..., :2]
    # The side of a square of the same area.
    side = np.sqrt(sides.prod(axis=-1))
    columns = [*np.moveaxis(windows, -1, 0), side, prior]
    columns += _map_features(features, windows, coverage or cell_coverage(windows))
    for box in np.moveaxis(features.boxes, 1, 0):
        columns += _box_features(box, windows)
    for extent in np.moveaxis(features.extents, 1, 0):
        columns += list(np.moveaxis(extent[:, None, :] - windows, -1, 0))
    centres = (windows[..., :2] + windows[..., 2:]) / 2.0
    for middle in np.moveaxis(features.middles, 1, 0):
        columns += list(np.moveaxis(np.abs(middle[:, None, :] - centres), -1, 0))
    columns += people_features(features, windows)
    columns += [scalar[:, None] for scalar in features.scalars.T]
    # Column by column in memory, as they are computed here and binned by LightGBM.
    table = np.empty((len(columns), *shape))
    for position, column in enumerate(columns):
        table[position] = column
    return np.moveaxis(table, 0, -1)


def _map_features(features: PictureFeatures, windows: Floats, coverage: Coverage) -> list[Floats]:
    area = np.maximum((windows[..., 2:] - windows[..., :2]).prod(axis=-1), 1e-6)
    found = []
    for one in np.moveaxis(features.maps, 1, 0):
        inside, within, around = (_map_sums(one, cover) for cover in coverage)
        found += [inside, inside / area, around - within]
    return found


def _cell_shares(windows: Floats) -> Floats:
    """Return the share of each grid cell that lies inside each window, shape (..., 49)."""
    cells = np.arange(CELLS) / CELLS
    low, high = windows[..., :2, None], windows[..., 2:, None]
    overlap = np.minimum(high, cells + 1.0 / CELLS) - np.maximum(low, cells)
    across, down = np.moveaxis(np.clip(overlap * CELLS, 0.0, 1.0), -2, 0)
    covered = down[..., :, None] * across[..., None, :]
    return np.asarray(covered.reshape(*windows.shape[:-1], CELLS**2))


def _map_sums(cells: Floats, cover: Floats) -> Floats:
    """Return the part of a map that lies in each window of each picture, shape (n, m)."""
    # einsum and not a matrix product: BLAS sums a row in another order when there are more rows.
    if len(cover) == 1:
        return np.asarray(np.einsum("ng,mg->nm", cells, cover[0]))
    return np.asarray(np.einsum("ng,nmg->nm", cells, cover))


def _box_features(box: Floats, windows: Floats) -> list[Floats]:
    there = box[:, None, :]
    inside = overlap(there, windows, 0) * overlap(there, windows, 1)
    own = (there[..., 2:] - there[..., :2]).prod(axis=-1)
    union = own + (windows[..., 2:] - windows[..., :2]).prod(axis=-1) - inside
    offsets = np.moveaxis(there - windows, -1, 0)
    return [inside / np.maximum(union, 1e-9), inside / np.maximum(own, 1e-9), *offsets]
