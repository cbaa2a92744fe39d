"""Detect faces, bodies and palms by single-shot detectors.

Each is a network that gives, for each anchor of a fixed grid, a box, some keypoints and a logit (W.
Liu et al., "SSD: single shot multibox detector", ECCV 2016; in this form V. Bazarevsky et al.,
"BlazeFace: sub-millisecond neural face detection on mobile GPUs", arXiv:1907.05047). Boxes of one
thing are averaged by score, instead of all but one being dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Protocol

import cv2
import numpy as np
from scipy.special import expit, logit

from prefml._typing import Bools, Floats, Ints, Pixels
from prefml.imaging import networks
from prefml.imaging.warp import warp

__all__ = [
    "BODY",
    "FACE_FULL_RANGE",
    "FACE_SHORT_RANGE",
    "PALM",
    "Detections",
    "Detector",
    "add_missed",
    "average_overlapping",
    "detect",
]

# Boxes whose intersection over union is higher are of one thing.
_SAME = 0.3


class _PictureLike(Protocol):
    @property
    def pixels(self) -> Pixels: ...


@dataclass(frozen=True)
class Detector:
    """A network, and where its anchors are.

    Attributes
    ----------
    network : Network
    grids : tuple of (int, int)
        Rows and columns of each grid of anchors, and how many there are at each place.
    min_score : float
        Least score of a detection, from 0 to 1.
    """

    network: networks.Network
    grids: tuple[tuple[int, int], ...]
    min_score: float


# The grids are those of the strides and scales in MediaPipe's graphs, the least scores theirs, too.
FACE_SHORT_RANGE = Detector(networks.BLAZEFACE_SHORT_RANGE, ((16, 2), (8, 6)), 0.5)
FACE_FULL_RANGE = Detector(networks.BLAZEFACE_FULL_RANGE, ((48, 1),), 0.6)
BODY = Detector(networks.POSE_DETECTION, ((28, 2), (14, 2), (7, 6)), 0.5)
PALM = Detector(networks.PALM_DETECTION, ((24, 2), (12, 6)), 0.5)


@dataclass(frozen=True)
class Detections:
    """Things of one kind in a picture.

    Attributes
    ----------
    boxes : ndarray of shape (n, 4)
        x1, y1, x2, y2 in fractions of the picture; a box may reach beyond it. A body's is around
        its neck, and its extent is in its keypoints.
    keypoints : ndarray of shape (n, k, 2)
        x and y in fractions. Faces: right and left eye, nose, mouth, right and left ear. Bodies:
        middle of the hips, a point of the circle around the whole body, middle of the shoulders, a
        point of the circle around the upper body. Palms: wrist, roots of index, middle, ring and
        little finger, two points of the thumb.
    confidence : ndarray of shape (n,)
        From 0 to 1, highest first.
    """

    boxes: Floats
    keypoints: Floats
    confidence: Floats

    def take(self, kept: Bools | Ints) -> Detections:
        """Return some of the detections.

        Parameters
        ----------
        kept : ndarray
            A mask or positions.

        Returns
        -------
        Detections
        """
        return Detections(self.boxes[kept], self.keypoints[kept], self.confidence[kept])


def detect(picture: _PictureLike, detector: Detector) -> Detections:
    """Detect things of one kind on a copy of the detector's size.

    The copy is sampled as the original samples: of the full size, bilinearly, without averaging, a
    pixel's corner on a pixel's corner. Half a pixel beside it many small faces are missed.

    Parameters
    ----------
    picture : Picture
        A decoded picture; only `pixels` is read.
    detector : Detector

    Returns
    -------
    Detections
    """
    side = detector.network.side
    square, corner, size = _letterbox(picture.pixels, side)
    found = detector.network.run(square)
    logits = found["classificators"][0, :, 0].astype(float)
    likely = np.flatnonzero(logits > logit(detector.min_score))
    offsets = found["regressors"][0].astype(float)
    points = offsets.reshape(len(offsets), -1, 2)[likely]
    anchors = _anchors(detector.grids)[likely, None] * side
    # The second pair is the box's size.
    halves = points[:, 1] / 2
    points += anchors
    corners = np.stack([points[:, 0] - halves, points[:, 0] + halves], axis=1)
    boxes = ((corners - corner) / size).reshape(-1, 4)
    keypoints = (points[:, 2:] - corner) / size
    return average_overlapping(Detections(boxes, keypoints, expit(logits[likely])))


def average_overlapping(found: Detections) -> Detections:
    """Average detections that overlap, weighted by score (weighted non-maximum suppression).

    Parameters
    ----------
    found : Detections
        In any order.

    Returns
    -------
    Detections
        Each has the highest score of those it was averaged from.
    """
    rest = found.take(np.argsort(-found.confidence, kind="stable"))
    boxes, keypoints, confidence = [], [], []
    while len(rest.confidence):
        same = _overlap(rest.boxes[:1], rest.boxes)[0] > _SAME
        same[0] = True
        group = rest.take(same)
        boxes.append(np.average(group.boxes, axis=0, weights=group.confidence))
        keypoints.append(np.average(group.keypoints, axis=0, weights=group.confidence))
        confidence.append(group.confidence[0])
        rest = rest.take(~same)
    return Detections(
        np.reshape(boxes, (-1, 4)),
        np.reshape(keypoints, (-1, *found.keypoints.shape[1:])),
        np.asarray(confidence, float),
    )


def add_missed(found: Detections, others: Detections) -> Detections:
    """Add those detections of another detector that overlap none of the first.

    Parameters
    ----------
    found : Detections
        All of them are kept as they are.
    others : Detections
        With the same keypoints.

    Returns
    -------
    Detections
        Highest score first.
    """
    missed: Bools = _overlap(others.boxes, found.boxes).max(axis=1, initial=0.0) <= _SAME
    new = others.take(missed)
    both = Detections(
        np.concatenate([found.boxes, new.boxes]),
        np.concatenate([found.keypoints, new.keypoints]),
        np.concatenate([found.confidence, new.confidence]),
    )
    return both.take(np.argsort(-both.confidence, kind="stable"))


def _letterbox(pixels: Pixels, side: int) -> tuple[Pixels, Floats, Floats]:
    """Fit pixels into a black square; return it, where they begin in it and their size, x first."""
    size = np.array(pixels.shape[1::-1], float)
    step = size.max() / side
    corner = (size.max() - size) / 2
    placed = np.column_stack([np.eye(2) * step, -corner])
    square = warp(pixels, placed, side, border=cv2.BORDER_CONSTANT)
    return square, corner / step, size / step


@cache
def _anchors(grids: tuple[tuple[int, int], ...]) -> Floats:
    """Return the middles of the anchors in fractions of the square, x and y."""
    blocks = []
    for side, count in grids:
        down, across = np.mgrid[:side, :side]
        middles = np.stack([across, down], axis=-1).reshape(-1, 2) + 0.5
        blocks.append(np.repeat(middles / side, count, axis=0))
    return np.concatenate(blocks)


def _overlap(first: Floats, second: Floats) -> Floats:
    """Return the intersection over union of each box with each other; 0 where both are empty."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [np.clip(one[:, 2:] - one[:, :2], 0, None).prod(axis=1) for one in (first, second)]
    union = areas[0][:, None] + areas[1][None] - shared
    return np.asarray(shared / np.where(union > 0, union, 1), float)
