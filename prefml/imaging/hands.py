"""Describe the hands of a picture, and how anomalous each is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefml.boxes import Box, to_box
from prefml.imaging.anomalies import hand_anomalies
from prefml.imaging.people import People, detect_people
from prefml.imaging.picture import Picture

__all__ = ["DetectedHand", "describe_hands", "detect_hands"]

_ANOMALOUS = 1.0
_MARGIN = 0.03
# The score that is precise enough to flag a hand, see `docs/anomalies.md`.
_FLAGGING = "hand_length"


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
        Its score `hand_length`, see `prefml.imaging.anomalies`; above 1 is anomalous, and 0 where
        it could not be measured.
    """

    box: Box
    confidence: float
    anomaly: float

    @property
    def flagged(self) -> bool:
        """Tell whether its size is anomalous."""
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
    return describe_hands(detect_people(picture), picture.width / picture.height)


def describe_hands(people: People, aspect: float) -> list[DetectedHand]:
    """Describe hands by their landmarks, and by the people they belong to.

    Parameters
    ----------
    people : People
        Who was found in a picture.
    aspect : float
        Width over height of the picture.

    Returns
    -------
    list of DetectedHand
        In the order of `people.hands`.
    """
    described = []
    for hand in people.hands:
        flat = hand.points[:, :2]
        edges = np.concatenate([flat.min(axis=0) - _MARGIN, flat.max(axis=0) + _MARGIN])
        scores = hand_anomalies(hand, people, aspect)
        anomaly = scores[_FLAGGING].score if _FLAGGING in scores else 0.0
        box = to_box(np.clip(edges, 0.0, 1.0))
        described.append(DetectedHand(box, hand.presence, anomaly))
    return described
