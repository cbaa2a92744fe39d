"""Score how far hands, wrists and limbs are from the proportions of sound people.

The landmark networks always answer with a whole hand and a whole body of usual proportions, so
that extra or fused fingers cannot be read from them. What is left is how large a hand is beside its
face and body, how it is set on its arm, and how long an arm is beside the face; and, as suspicion,
how badly what is seen fits a hand, or one eye the other. `docs/anomalies.md` says how often each
score errs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from prefml._typing import Floats
from prefml.imaging.joints import ARMS, FINGERS, HAND_WRIST, MIDDLE_ROOT
from prefml.imaging.landmarks import Landmarks
from prefml.imaging.people import People

__all__ = ["ANOMALIES", "Anomaly", "hand_anomalies", "measure_anomalies"]

ANOMALIES = ("hand_length", "wrist", "limb", "suspicion")
_VISIBLE = 0.5
# A wrist of a body belongs to a hand within so many lengths of its palm.
_NEAR = 1.2
_MARGIN = 0.02


@dataclass(frozen=True)
class _Term:
    """A measurement: what it usually is, and the value that scores 1."""

    usual: float
    limit: float

    def score(self, value: float) -> float:
        return (value - self.usual) / (self.limit - self.usual)


# Medians, and values that about one of a hundred sound hands and bodies exceeds
# (`benchmarks/anomalies.py --limits`). Logarithms of the hand over the face's height, and over the
# torso or the shoulders; the angle of the hand to the forearm in radians; logarithms of the halves
# of an arm over the face's height; one minus the probability that it is a hand; unlikeness of eyes.
_HAND_TO_FACE = _Term(-0.056, 0.385)
_HAND_TO_BODY = _Term(-1.202, -0.652)
_BEND = _Term(0.282, 1.039)
_UPPER_ARM = _Term(0.493, 0.801)
_FOREARM = _Term(0.349, 0.724)
_MISFIT = _Term(0.031, 0.41)
_EYES = _Term(0.536, 1.237)


@dataclass(frozen=True)
class Anomaly:
    """An anomaly score and where it was measured.

    Attributes
    ----------
    score : float
        1 at the limit that about one of a hundred sound ones exceeds; usual ones are about 0.
    box : ndarray of shape (4,)
        x1, y1, x2, y2 in fractions of the picture.
    """

    score: float
    box: Floats


def measure_anomalies(
    people: People, aspect: float, eyes_unlike: float = float("nan")
) -> dict[str, Anomaly]:
    """Find the worst anomaly of each kind in a picture.

    Parameters
    ----------
    people : People
        Who was found in it.
    aspect : float
        Width over height of the picture.
    eyes_unlike : float, optional
        How unlike the eyes of the largest face are, as `prefml.imaging.people_looks` measures it.

    Returns
    -------
    dict of str to Anomaly
        Some of `ANOMALIES`: what could be measured.
    """
    found = [one for hand in people.hands for one in hand_anomalies(hand, people, aspect).items()]
    found += [("limb", one) for body in people.bodies for one in _long_arms(body, people, aspect)]
    if np.isfinite(eyes_unlike) and len(people.faces.boxes):
        box = np.clip(people.faces.boxes[0], 0.0, 1.0)
        found.append(("suspicion", Anomaly(_EYES.score(eyes_unlike), box)))
    worst: dict[str, Anomaly] = {}
    for name, anomaly in found:
        if name not in worst or anomaly.score > worst[name].score:
            worst[name] = anomaly
    return worst


def hand_anomalies(hand: Landmarks, people: People, aspect: float) -> dict[str, Anomaly]:
    """Score one hand.

    Parameters
    ----------
    hand : Landmarks
        One of `people.hands`.
    people : People
        Who was found in the picture.
    aspect : float
        Width over height of the picture.

    Returns
    -------
    dict of str to Anomaly
        `suspicion`; `hand_length` where a face or the hand's body was found, `wrist` where its arm
        was.
    """
    points = _in_heights(hand.points, aspect)
    box = _box_of(hand.points[:, :2])
    scores = {"suspicion": _MISFIT.score(1.0 - hand.presence)}
    palm = _length(points[[HAND_WRIST, MIDDLE_ROOT]])
    hand_length = palm + _length(points[list(FINGERS[2])])
    if hand_length < 1e-6:
        return {name: Anomaly(score, box) for name, score in scores.items()}
    sizes = []
    if len(people.faces.boxes):
        sizes.append(_HAND_TO_FACE.score(np.log(hand_length / _face_height(people))))
    arm = _arm_of(points, people, aspect)
    if arm is not None:
        body, elbow, wrist = arm
        shoulders, hips = body[[11, 12]], body[[23, 24]].mean(axis=0)
        torso = float(np.linalg.norm(shoulders.mean(axis=0) - hips))
        trunk = max(torso, _length(shoulders), 1e-6)
        sizes.append(_HAND_TO_BODY.score(np.log(hand_length / trunk)))
        along = body[wrist, :2] - body[elbow, :2]
        onwards = points[MIDDLE_ROOT, :2] - points[HAND_WRIST, :2]
        lengths = max(float(np.linalg.norm(along) * np.linalg.norm(onwards)), 1e-12)
        angle = float(np.arccos(np.clip(along @ onwards / lengths, -1.0, 1.0)))
        scores["wrist"] = _BEND.score(angle)
    if sizes:
        scores["hand_length"] = max(sizes)
    return {name: Anomaly(float(score), box) for name, score in scores.items()}


def _arm_of(hand: Floats, people: People, aspect: float) -> tuple[Floats, int, int] | None:
    """Return the points of the body that a hand belongs to, with its elbow and its wrist."""
    reach = _NEAR * float(np.linalg.norm(hand[[5, 9, 17], :2] - hand[HAND_WRIST, :2], axis=1).max())
    arms = [
        (float(np.linalg.norm(points[wrist, :2] - hand[HAND_WRIST, :2])), points, elbow, wrist)
        for points in (_in_heights(body.points, aspect) for body in people.bodies)
        for _, elbow, wrist in ARMS
    ]
    if not arms:
        return None
    away, points, elbow, wrist = min(arms, key=lambda arm: arm[0])
    return (points, elbow, wrist) if away < reach else None


def _long_arms(body: Landmarks, people: People, aspect: float) -> Iterator[Anomaly]:
    """Score both halves of each arm that is seen, against the height of the face."""
    if not len(people.faces.boxes):
        return
    points, face = _in_heights(body.points, aspect)[:, :2], _face_height(people)
    for arm in ARMS:
        if (body.visibility[list(arm)] < _VISIBLE).any():
            continue
        for term, half in ((_UPPER_ARM, arm[:2]), (_FOREARM, arm[1:])):
            length = max(_length(points[list(half)]), 1e-6)
            box = _box_of(body.points[list(half), :2])
            yield Anomaly(float(term.score(np.log(length / face))), box)


def _in_heights(points: Floats, aspect: float) -> Floats:
    """Convert points to heights of the picture; x and depth are in its widths."""
    return np.asarray(points * np.array([aspect, 1.0, aspect]))


def _face_height(people: People) -> float:
    return max(float(np.max(people.faces.boxes[:, 3] - people.faces.boxes[:, 1])), 1e-6)


def _length(points: Floats) -> float:
    """Return the length of a line through points."""
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def _box_of(points: Floats) -> Floats:
    edges = np.concatenate([points.min(axis=0) - _MARGIN, points.max(axis=0) + _MARGIN])
    return np.asarray(np.clip(edges, 0.0, 1.0))
