"""Measure how close a proposed crop comes to the person's own: IoU, edges, intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Bools, Floats
from prefml.boxes import SIMILAR, is_whole, nearly_same
from prefml.intervals import bootstrap_interval

__all__ = [
    "SIMILAR",
    "boundary_displacement",
    "crop_scores",
    "edges_within",
    "iou",
    "keep_balanced_accuracy",
    "nearly_same",
    "overlap",
    "paired_iou",
    "scores_by",
]


def iou(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return the intersection over union of boxes.

    Parameters
    ----------
    a, b : array-like of shape (..., 4)
        Boxes in fractions of the same picture; broadcast against each other.

    Returns
    -------
    ndarray of shape (...)
        In [0, 1]; 0 where both boxes are empty.
    """
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    shared = np.asarray(overlap(first, second, 0))
    shared *= overlap(first, second, 1)
    union = _area(first) + _area(second) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(union), where=union > 0.0))


def overlap(first: Floats, second: Floats, axis: int) -> Floats:
    """Return the length that boxes share along an axis.

    Parameters
    ----------
    first, second : ndarray of shape (..., 4)
        Boxes in fractions of the same picture; broadcast against each other.
    axis : int
        0 for x, 1 for y. NumPy is slow where it reduces an axis of two.

    Returns
    -------
    ndarray of shape (...)
        0 where they do not meet; NaN where a box is.
    """
    low = np.maximum(first[..., axis], second[..., axis])
    high = np.minimum(first[..., axis + 2], second[..., axis + 2])
    return np.asarray(np.maximum(high - low, 0.0))


def _area(boxes: Floats) -> Floats:
    width, height = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
    return np.asarray(np.maximum(width, 0.0) * np.maximum(height, 0.0))


def paired_iou(a: Floats, b: Floats) -> Floats:
    """Return the intersection over union of every box of one list with every one of another.

    Parameters
    ----------
    a : ndarray of shape (n, 4)
        Boxes in fractions.
    b : ndarray of shape (m, 4)
        Others, in fractions of the same picture.

    Returns
    -------
    ndarray of shape (n, m)
    """
    return iou(a[:, None, :], b[None, :, :])


def boundary_displacement(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return the mean distance of the four edges.

    Parameters
    ----------
    a, b : array-like of shape (n, 4)
        Boxes in fractions of the same pictures.

    Returns
    -------
    ndarray of shape (n,)
        In fractions.
    """
    return np.asarray(np.abs(np.asarray(a, float) - np.asarray(b, float)).mean(axis=-1))


def edges_within(a: ArrayLike, b: ArrayLike, tolerance: float = 0.05) -> Bools:
    """Tell which boxes agree in all four edges within a tolerance.

    Parameters
    ----------
    a, b : array-like of shape (n, 4)
        Boxes in fractions of the same pictures.
    tolerance : float, default=0.05
        In fractions.

    Returns
    -------
    ndarray of shape (n,), bool
    """
    apart = np.abs(np.asarray(a, float) - np.asarray(b, float)).max(axis=-1)
    return np.asarray(apart <= tolerance + 1e-12)


def keep_balanced_accuracy(kept: ArrayLike, predicted: ArrayLike) -> float:
    """Return the mean of the share of kept and of cropped pictures that were told right.

    Parameters
    ----------
    kept : array-like of shape (n,), bool
        Whether the person kept the picture whole.
    predicted : array-like of shape (n,), bool
        Whether keeping it whole was proposed.

    Returns
    -------
    float
        0.5 for a constant proposal; NaN if only one of the two occurs.
    """
    truth, guess = np.asarray(kept, bool), np.asarray(predicted, bool)
    if truth.all() or not truth.any():
        return float("nan")
    return float((guess[truth].mean() + (~guess[~truth]).mean()) / 2.0)


def crop_scores(
    boxes: Floats, predicted: Floats, keep: ArrayLike | None = None, groups: ArrayLike | None = None
) -> dict[str, float | list[float]]:
    """Summarise predictions in the measures of `metrics.json`.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
        The person's crops in fractions.
    predicted : ndarray of shape (n, 4)
        The proposed ones.
    keep : array-like of shape (n,), bool, optional
        Whether keeping whole was proposed; by default, whether the proposed box is the full frame.
    groups : array-like of shape (n,), optional
        Group of each row, resampled together for the interval; single rows by default.

    Returns
    -------
    dict
        `iou`, `iou_ci`, `bde`, `edges_within_5pct`, `keep_balanced_accuracy`.
    """
    overlap = iou(boxes, predicted)
    told = is_whole(predicted) if keep is None else np.asarray(keep, bool)
    clusters = np.arange(len(boxes)) if groups is None else groups
    return {
        "iou": float(overlap.mean()),
        "iou_ci": list(bootstrap_interval(overlap, clusters)),
        "bde": float(boundary_displacement(boxes, predicted).mean()),
        "edges_within_5pct": float(edges_within(boxes, predicted).mean()),
        "keep_balanced_accuracy": keep_balanced_accuracy(is_whole(boxes), told),
    }


def scores_by(
    labels: ArrayLike,
    boxes: Floats,
    predicted: Floats,
    score: Callable[[Floats, Floats], Floats] = iou,
) -> dict[str, dict[str, float]]:
    """Average a measure inside each value of a label, such as project, size or stage.

    Parameters
    ----------
    labels : array-like of shape (n,)
        Label of each row.
    boxes, predicted : ndarray of shape (n, 4)
        The person's crops and the proposed ones, in fractions.
    score : callable, default=iou
        Takes both and returns one value a row.

    Returns
    -------
    dict
        Label as text -> `rows` and `mean`.
    """
    values, names = score(boxes, predicted), np.asarray(labels).astype(str)
    return {
        name: {"rows": int((names == name).sum()), "mean": float(values[names == name].mean())}
        for name in sorted(set(names.tolist()))
    }
