"""Describe the hands of a picture, and score how anomalous the lengths of their fingers are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefml._typing import Floats
from prefml.boxes import Box, to_box
from prefml.imaging.joints import FINGERS, HAND_WRIST, MIDDLE_ROOT
from prefml.imaging.landmarks import Landmarks
from prefml.imaging.people import detect_people
from prefml.imaging.picture import Picture

__all__ = ["DetectedHand", "describe_hand", "detect_hands", "finger_anomaly"]


# Length of a finger, thumb to little finger, in palms (wrist to root of the middle finger). Rough,
# and foreshortening changes them further: only lengths far from all of this are anomalous.
_TYPICAL_LENGTHS = np.array([1.05, 0.9, 1.0, 0.92, 0.72])
_TOLERANCE = 0.4
_ANOMALOUS = 1.0
_MARGIN = 0.03


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


def detect_hands(picture: Picture) -> list[DetectedHand]:
    """Detect the hands of a picture in which a face or a body was found.

    Parameters
    ----------
    picture : Picture
        A decoded picture.

    Returns
    -------
    list of DetectedHand
    """
    aspect = picture.width / picture.height
    return [describe_hand(hand, aspect) for hand in detect_people(picture).hands]


def describe_hand(hand: Landmarks, aspect: float) -> DetectedHand:
    """Describe a hand by its landmarks.

    Parameters
    ----------
    hand : Landmarks
        Of one hand.
    aspect : float
        Width over height of the picture.

    Returns
    -------
    DetectedHand
    """
    flat = hand.points[:, :2]
    edges = np.concatenate([flat.min(axis=0) - _MARGIN, flat.max(axis=0) + _MARGIN])
    # x and depth are in widths of the picture, y in heights.
    anomaly = finger_anomaly(hand.points * np.array([aspect, 1.0, aspect]))
    return DetectedHand(to_box(np.clip(edges, 0.0, 1.0)), hand.presence, anomaly)


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
    palm = float(np.linalg.norm(landmarks[MIDDLE_ROOT] - landmarks[HAND_WRIST]))
    if palm < 1e-6:
        return 0.0
    lengths = np.array(
        [
            np.linalg.norm(np.diff(landmarks[list(finger)], axis=0), axis=1).sum()
            for finger in FINGERS
        ]
    )
    return float((np.abs(lengths / palm / _TYPICAL_LENGTHS - 1.0) / _TOLERANCE).max())
