"""Shrink scored boxes towards the best constant box, as far as held-out crops support."""

from __future__ import annotations

from itertools import product

import numpy as np

from prefml._typing import Floats, Ints
from prefml.cropping.held_out import gain_lower_bound
from prefml.cropping.metrics import iou
from prefml.cropping.scorer import WindowScores

__all__ = ["select_shrinkage", "shares", "shrink_towards"]

_SHRINKAGES = (0.0, 0.25, 0.5, 0.75, 1.0)


def select_shrinkage(
    scores: WindowScores, boxes: Floats, clusters: Ints, constant: Floats
) -> tuple[float, float | None]:
    """Return the shrinkage whose gain over the constant box has the highest lower bound.

    Where some pictures have windows around a person and others do not, each have their own.

    Parameters
    ----------
    scores : WindowScores
        Out-of-fold predictions for n pictures.
    boxes : ndarray of shape (n, 4)
        The person's crops in fractions.
    clusters : ndarray of shape (n,)
        Rows of one cluster were probably decided together.
    constant : ndarray of shape (4,)
        The best constant box.

    Returns
    -------
    shrink : float
        0 where nothing is gained beyond doubt.
    people_shrink : float or None
        For pictures with windows around a person; None if it is the same.
    """
    baseline = iou(constant[None], boxes)
    both = bool(scores.people.any() and not scores.people.all())
    bounds: dict[tuple[float, float | None], float] = {(0.0, None): 0.0}
    for pair in product(_SHRINKAGES, _SHRINKAGES if both else (None,)):
        if any(pair):
            shrunk = shrink_towards(constant, scores.boxes, shares(scores, *pair))
            bounds[pair] = gain_lower_bound(iou(shrunk, boxes) - baseline, clusters)
    return max(bounds, key=lambda pair: bounds[pair])


def shares(scores: WindowScores, shrink: float, people_shrink: float | None) -> Floats:
    """Return the share of the way from the constant box to the scored one, for each picture.

    Parameters
    ----------
    scores : WindowScores
        Of n pictures.
    shrink : float
        The share.
    people_shrink : float or None
        The share for pictures with windows around a person; None if it is the same.

    Returns
    -------
    ndarray of shape (n,)
    """
    return np.where(scores.people, shrink if people_shrink is None else people_shrink, shrink)


def shrink_towards(constant: Floats, boxes: Floats, share: Floats) -> Floats:
    """Move boxes towards a constant one.

    Parameters
    ----------
    constant : ndarray of shape (4,)
        In fractions.
    boxes : ndarray of shape (n, 4)
        In fractions.
    share : ndarray of shape (n,)
        Share of the way from the constant box; 1 leaves a box as it is.

    Returns
    -------
    ndarray of shape (n, 4)
    """
    return constant + share[:, None] * (boxes - constant)
