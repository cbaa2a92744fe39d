"""Candidate windows, and what a picture says for and against each of them.

Scoring a grid of candidate windows follows grid anchor based image cropping (Zeng et al., CVPR
2019). The evidence is relative to the window (how much of the subject is inside, how far each
edge is from it), so that what was learned at one place of the picture holds at every other.
"""

from __future__ import annotations

import numpy as np

from prefml._typing import Floats
from prefml.cropping.geometry import from_params, to_params
from prefml.cropping.inputs import CELLS, PictureFeatures
from prefml.cropping.metrics import iou

__all__ = ["candidate_windows", "cell_coverage", "expected_iou", "window_features"]


_N_SIDES = 8
_N_STEPS = 6
_RIM_WIDTH = 0.06


def candidate_windows(boxes: Floats) -> Floats:
    """Return windows that cover the sizes people used, at every place.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
        Known crops, in fractions.

    Returns
    -------
    ndarray of shape (288, 4)
        8 sides at evenly spaced quantiles of the known ones, 6 x 6 positions.
    """
    sides = np.quantile(to_params(boxes)[:, 0], np.linspace(0.03, 0.97, _N_SIDES))
    steps = np.linspace(0.0, 1.0, _N_STEPS)
    grid = np.stack(np.meshgrid(sides, steps, steps, indexing="ij"), axis=-1)
    return from_params(grid.reshape(-1, 3))


def expected_iou(windows: Floats, boxes: Floats, weight: Floats) -> Floats:
    """Return the mean overlap of windows with known crops: their worth when nothing is known.

    Parameters
    ----------
    windows : ndarray of shape (..., 4)
    boxes : ndarray of shape (n, 4)
    weight : ndarray of shape (n,)
        What each known crop counts.

    Returns
    -------
    ndarray of shape (...)
    """
    flat = windows.reshape(-1, 4)
    parts = [iou(part[:, None], boxes[None]) @ weight for part in _chunks(flat, 512)]
    total = np.concatenate([np.zeros(0), *parts]) / weight.sum()
    return np.asarray(total.reshape(windows.shape[:-1]))


def cell_coverage(windows: Floats) -> tuple[Floats, Floats, Floats]:
    """Return what share of each grid cell lies in windows, within their rims and in all of them.

    Parameters
    ----------
    windows : ndarray of shape (..., 4)

    Returns
    -------
    tuple of three ndarray of shape (..., 49)
    """
    inner = np.concatenate([windows[..., :2] + _RIM_WIDTH, windows[..., 2:] - _RIM_WIDTH], axis=-1)
    outer = np.concatenate([windows[..., :2] - _RIM_WIDTH, windows[..., 2:] + _RIM_WIDTH], axis=-1)
    return _cell_shares(windows), _cell_shares(inner), _cell_shares(outer)


def window_features(
    features: PictureFeatures,
    windows: Floats,
    prior: Floats,
    coverage: tuple[Floats, Floats, Floats] | None = None,
) -> Floats:
    """Describe every window of every picture.

    Parameters
    ----------
    features : PictureFeatures
        n pictures.
    windows : ndarray of shape (n, m, 4) or (1, m, 4)
        Windows in fractions; of each picture, or the same for all.
    prior : ndarray of shape (n, m) or (1, m)
        Expected overlap of each window when nothing is known.
    coverage : tuple of ndarray, optional
        `cell_coverage` of the windows, where it is known already.

    Returns
    -------
    ndarray of shape (n, m, features)
        NaN where something was not seen in a picture.
    """
    shape = (len(features), windows.shape[1])
    columns = [*np.moveaxis(windows, -1, 0), windows[..., 2] - windows[..., 0], prior]
    columns += _map_features(features, windows, coverage or cell_coverage(windows))
    for box in np.moveaxis(features.boxes, 1, 0):
        columns += _box_features(box, windows)
    for extent in np.moveaxis(features.extents, 1, 0):
        columns += list(np.moveaxis(extent[:, None, :] - windows, -1, 0))
    centres = (windows[..., :2] + windows[..., 2:]) / 2.0
    for middle in np.moveaxis(features.middles, 1, 0):
        columns += list(np.moveaxis(np.abs(middle[:, None, :] - centres), -1, 0))
    columns += [scalar[:, None] for scalar in features.scalars.T]
    table = np.empty((*shape, len(columns)))
    for position, column in enumerate(columns):
        table[..., position] = column
    return table


def _map_features(
    features: PictureFeatures, windows: Floats, coverage: tuple[Floats, Floats, Floats]
) -> list[Floats]:
    area = np.maximum((windows[..., 2] - windows[..., 0]) ** 2, 1e-6)
    found = []
    for one in np.moveaxis(features.maps, 1, 0):
        inside, within, around = (_map_sums(one, cover) for cover in coverage)
        found += [inside, inside / area, around - within]
    return found


def _cell_shares(windows: Floats) -> Floats:
    """Return what share of each grid cell lies inside each window, shape (..., 49)."""
    cells = np.arange(CELLS) / CELLS
    low, high = windows[..., :2, None], windows[..., 2:, None]
    overlap = np.minimum(high, cells + 1.0 / CELLS) - np.maximum(low, cells)
    across, down = np.moveaxis(np.clip(overlap * CELLS, 0.0, 1.0), -2, 0)
    covered = down[..., :, None] * across[..., None, :]
    return np.asarray(covered.reshape(*windows.shape[:-1], CELLS**2))


def _map_sums(cells: Floats, cover: Floats) -> Floats:
    # einsum and not a matrix product: BLAS sums a row in another order when there are more rows.
    if len(cover) == 1:
        return np.asarray(np.einsum("ng,mg->nm", cells, cover[0]))
    return np.asarray(np.einsum("ng,nmg->nm", cells, cover))


def _box_features(box: Floats, windows: Floats) -> list[Floats]:
    there = box[:, None, :]
    shared = np.minimum(there[..., 2:], windows[..., 2:]) - np.maximum(
        there[..., :2], windows[..., :2]
    )
    inside = np.clip(shared, 0.0, None).prod(axis=-1)
    own = (there[..., 2:] - there[..., :2]).prod(axis=-1)
    union = own + (windows[..., 2:] - windows[..., :2]).prod(axis=-1) - inside
    offsets = np.moveaxis(there - windows, -1, 0)
    return [inside / np.maximum(union, 1e-9), inside / np.maximum(own, 1e-9), *offsets]


def _chunks(rows: Floats, size: int) -> list[Floats]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
