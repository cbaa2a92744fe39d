"""Detect hands, and score how anomalous the lengths of their fingers are.

Landmarks come from MediaPipe (extra `hands`) and a model file that the person supplies and names in
the environment variable `PREFML_HAND_MODEL`. Without either, hands are not detected, and
`hands_advice` says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np

from prefml._typing import Floats, Pixels
from prefml.boxes import Box, to_box
from prefml.exceptions import ImageError

__all__ = [
    "MODEL_VARIABLE",
    "DetectedHand",
    "detect_hands",
    "finger_anomaly",
    "hand_detector",
    "hand_model_path",
    "hands_advice",
]

MODEL_VARIABLE = "PREFML_HAND_MODEL"


# Landmarks of MediaPipe's hand model: the wrist, then four from root to tip of each finger.
_WRIST = 0
_FINGERS = tuple(tuple(range(first, first + 4)) for first in (1, 5, 9, 13, 17))
# Length of a finger, thumb to little finger, in palms (wrist to root of the middle finger). Rough,
# and foreshortening changes them further: only lengths far from all of this are anomalous.
_TYPICAL_LENGTHS = np.array([1.05, 0.9, 1.0, 0.92, 0.72])
_TOLERANCE = 0.4
_ANOMALOUS = 1.0
_MARGIN = 0.03

HandDetector = Callable[["_PictureLike"], "list[DetectedHand]"]


class _PictureLike(Protocol):
    @property
    def working(self) -> Pixels: ...


class _Landmark(Protocol):
    """A point of a hand, in fractions of the picture."""

    x: float
    y: float
    z: float


class _Category(Protocol):
    """A side, left or right, and how certain it is."""

    score: float


class _Landmarks(Protocol):
    """The part of MediaPipe's `HandLandmarkerResult` that is read: an entry a hand."""

    hand_landmarks: Sequence[Sequence[_Landmark]]
    handedness: Sequence[Sequence[_Category]]


@dataclass(frozen=True)
class DetectedHand:
    """A detected hand.

    Attributes
    ----------
    box : Box
        x1, y1, x2, y2 in fractions of the picture.
    confidence : float
        From 0 to 1.
    anomaly : float
        As `finger_anomaly` returns it; above 1 is anomalous.
    """

    box: Box
    confidence: float
    anomaly: float

    @property
    def flagged(self) -> bool:
        """Tell whether the lengths of its fingers are anomalous."""
        return self.anomaly > _ANOMALOUS


def hand_model_path() -> Path | None:
    """Return the model file that `PREFML_HAND_MODEL` names.

    Returns
    -------
    Path or None
        None if the variable is not set.
    """
    named = os.environ.get(MODEL_VARIABLE)
    return Path(named).expanduser() if named else None


def hands_advice(model: Path | None) -> str | None:
    """Return what is missing for detecting hands, and how to get it.

    Parameters
    ----------
    model : Path or None
        `hand_landmarker.task`, where the person keeps it.

    Returns
    -------
    str or None
        One line that ends with what to do; None if nothing is missing.
    """
    if find_spec("mediapipe") is None:
        return "hands are not looked at: MediaPipe is not installed; pip install 'prefml[hands]'"
    if model is None or not model.is_file():
        where = "" if model is None else f" at {model}"
        return (
            f"hands are not looked at: no model file{where}; download MediaPipe's "
            f"hand_landmarker.task and name its path in {MODEL_VARIABLE}"
        )
    return None


@cache
def hand_detector(model: Path | None) -> HandDetector | None:
    """Open MediaPipe's hand model, once for each file.

    Parameters
    ----------
    model : Path or None
        `hand_landmarker.task`.

    Returns
    -------
    callable or None
        Takes a picture and returns its hands; None where hands cannot be detected, see
        `hands_advice`.

    Raises
    ------
    ImageError
        If the file is no such model.
    """
    if model is None or hands_advice(model) is not None:
        return None
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.HandLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)), num_hands=4
    )
    try:
        landmarker = vision.HandLandmarker.create_from_options(options)
    except (RuntimeError, ValueError) as error:
        raise ImageError(f"{model}: no hand model", "MediaPipe's hand_landmarker.task") from error

    def find(picture: _PictureLike) -> list[DetectedHand]:
        pixels = np.ascontiguousarray(picture.working)
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
        return _hands_of(landmarker.detect(image), pixels.shape[1] / pixels.shape[0])

    return find


def detect_hands(picture: _PictureLike) -> list[DetectedHand] | None:
    """Detect the hands of a picture with the model that the environment names.

    Parameters
    ----------
    picture : Picture
        A decoded picture; only `working` is read.

    Returns
    -------
    list of DetectedHand or None
        None if hands cannot be detected, see `hands_advice`.

    Raises
    ------
    ImageError
        If the file that is named is no such model.
    """
    detect = hand_detector(hand_model_path())
    return None if detect is None else detect(picture)


def finger_anomaly(landmarks: Floats) -> float:
    """Score how far the lengths of a hand's fingers are from typical proportions.

    Parameters
    ----------
    landmarks : ndarray of shape (21, 3)
        MediaPipe's points, all axes in the same unit.

    Returns
    -------
    float
        Largest relative deviation of a finger's length from the typical, over the tolerance of
        0.4; 0 where the hand has no size.
    """
    palm = float(np.linalg.norm(landmarks[9] - landmarks[_WRIST]))
    if palm < 1e-6:
        return 0.0
    lengths = np.array(
        [
            np.linalg.norm(np.diff(landmarks[list(finger)], axis=0), axis=1).sum()
            for finger in _FINGERS
        ]
    )
    return float((np.abs(lengths / palm / _TYPICAL_LENGTHS - 1.0) / _TOLERANCE).max())


def _hands_of(result: _Landmarks, aspect: float) -> list[DetectedHand]:
    hands = []
    for points, side in zip(result.hand_landmarks, result.handedness, strict=True):
        landmarks = np.array([[point.x, point.y, point.z] for point in points])
        low, high = landmarks[:, :2].min(axis=0) - _MARGIN, landmarks[:, :2].max(axis=0) + _MARGIN
        box = to_box(np.clip(np.concatenate([low, high]), 0.0, 1.0))
        # x and z are in widths of the picture, y in heights.
        anomaly = finger_anomaly(landmarks * np.array([aspect, 1.0, aspect]))
        hands.append(DetectedHand(box, float(side[0].score), anomaly))
    return hands
