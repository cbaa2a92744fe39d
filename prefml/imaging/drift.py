"""Score how far hands, wrists and limbs of a person moved between two variants of one picture.

What a network makes of a single hand says little of its proportions (`prefml.imaging.anomalies`),
but it says the same of the same hand each time. So where face, shoulders and hips of two variants
lie alike, a hand, a wrist or a limb that does not was changed in one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Bools, Floats, Ints
from prefml.imaging.anomalies import Anomaly
from prefml.imaging.joints import ARMS, HAND_WRIST, LEGS, MIDDLE_ROOT

__all__ = ["SeenPeople", "list_drift", "measure_drift"]

_VISIBLE, _CLEARLY_VISIBLE = 0.5, 0.8
# Nose, eyes, ears, mouth, shoulders and hips: what variants of one picture have alike.
_ANCHORS = (0, 2, 5, 7, 8, 9, 10, 11, 12, 23, 24)
_FEWEST_ANCHORS = 4
_SHOULDERS, _HIPS = [11, 12], [23, 24]
# Root mean squares that anchors of one picture lie apart at most, in lengths of the trunk: as they
# are, and once one body is laid on the other.
_SAME_PLACE, _SAME_POSE = 0.1, 0.07
# Hands whose wrists and middles lie apart by more lengths of the palm, both together, are two.
_SAME_HAND = 6.0
_MARGIN = 0.02
_COMPLEX = np.array([1.0, 1.0j])
# What scores 1, rounded: change that one to two of a hundred sound hands exceed
# (`benchmarks/anomaly_drift.py`). Logarithm of the size of a hand; root mean square of the 21
# points of a hand in lengths of its palm; joints in lengths of their limb.
_SIZE, _PLACE, _JOINT = 0.19, 0.75, 0.15


@dataclass(frozen=True)
class SeenPeople:
    """Points of the people of a picture, as the sidecars keep them.

    Attributes
    ----------
    bodies : ndarray of shape (n_bodies, 33, 3)
        x, y and visibility.
    hands : ndarray of shape (n_hands, 21, 2)
        x and y, in fractions of the picture.
    aspect : float
        Width over height of the picture.
    """

    bodies: Floats
    hands: Floats
    aspect: float

    @classmethod
    def from_lists(cls, bodies: ArrayLike, hands: ArrayLike, aspect: float) -> SeenPeople:
        """Take the points from lists of numbers.

        Parameters
        ----------
        bodies, hands : array-like of float
            `body_points` and `hand_points` of `prefml.imaging.people_cues`.
        aspect : float
            Width over height of the picture.

        Returns
        -------
        SeenPeople
        """
        return cls(
            np.asarray(bodies, float).reshape(-1, 33, 3),
            np.asarray(hands, float).reshape(-1, 21, 2),
            aspect,
        )


def measure_drift(before: SeenPeople, after: SeenPeople) -> dict[str, Anomaly]:
    """Find what changed most between two variants of a picture.

    Parameters
    ----------
    before, after : SeenPeople
        The variants, the surest body of each first.

    Returns
    -------
    dict of str to Anomaly
        The highest score of each kind that `list_drift` lists.
    """
    worst: dict[str, Anomaly] = {}
    for name, drift in list_drift(before, after):
        if name not in worst or drift.score > worst[name].score:
            worst[name] = drift
    return worst


def list_drift(before: SeenPeople, after: SeenPeople) -> list[tuple[str, Anomaly]]:
    """Score the change of each hand and each limb between two variants of a picture.

    Parameters
    ----------
    before, after : SeenPeople
        The variants, the surest body of each first.

    Returns
    -------
    list of (str, Anomaly)
        `limb` for each limb, `hand_length` and `wrist` for each hand that is seen in both, and
        where it is in the second; empty unless face, shoulders and hips of the surest bodies lie
        alike.
    """
    if not len(before.bodies) or not len(after.bodies):
        return []
    one, other = (_in_heights(seen.bodies[0], seen.aspect) for seen in (before, after))
    visibility = np.minimum(before.bodies[0, :, 2], after.bodies[0, :, 2])
    move = _aligned(one, other, np.array([i for i in _ANCHORS if visibility[i] >= _VISIBLE], int))
    if move is None:
        return []
    seen = visibility >= _CLEARLY_VISIBLE
    hands = move(_in_heights(before.hands, before.aspect))
    return [
        *(("limb", drift) for drift in _limbs(move(one), other, seen, after.aspect)),
        *_hands(hands, _in_heights(after.hands, after.aspect), after.aspect),
    ]


def _in_heights(points: Floats, aspect: float) -> Floats:
    """Return x and y in heights of the picture."""
    return np.asarray(points[..., :2] * np.array([aspect, 1.0]))


class _Similarity:
    """Turn, scaling and shift that lays points on others with the least squares."""

    def __init__(self, points: Floats, onto: Floats) -> None:
        flat, target = points @ _COMPLEX, onto @ _COMPLEX
        self._from, self._onto = flat.mean(), target.mean()
        spread = max(float((np.abs(flat - self._from) ** 2).sum()), 1e-12)
        self._turn = ((flat - self._from).conj() * (target - self._onto)).sum() / spread

    def __call__(self, points: Floats) -> Floats:
        """Move points of shape (..., 2)."""
        moved = self._onto + self._turn * (points @ _COMPLEX - self._from)
        return np.stack([moved.real, moved.imag], axis=-1)


def _aligned(one: Floats, other: Floats, anchors: Ints) -> _Similarity | None:
    """Return what lays a body on another; None unless their anchors then lie alike."""
    if len(anchors) < _FEWEST_ANCHORS:
        return None
    move = _Similarity(one[anchors], other[anchors])
    middles = other[_SHOULDERS].mean(axis=0) - other[_HIPS].mean(axis=0)
    trunk = max(float(np.linalg.norm(middles)), _length(other[_SHOULDERS]), 1e-6)
    in_place = _apart(one[anchors], other[anchors]) <= _SAME_PLACE * trunk
    alike = _apart(move(one[anchors]), other[anchors]) <= _SAME_POSE * trunk
    return move if in_place and alike else None


def _apart(points: Floats, others: Floats) -> float:
    """Return the root mean square of the distances of points."""
    return float(np.sqrt(((points - others) ** 2).sum(axis=1).mean()))


def _limbs(one: Floats, other: Floats, seen: Bools, aspect: float) -> Iterator[Anomaly]:
    """Score how far joints of each limb moved."""
    for chain in (*ARMS, *LEGS):
        joints = list(chain)
        if seen[joints].all():
            apart = np.linalg.norm(one[joints] - other[joints], axis=1)[1:].max()
            score = apart / max(_length(one[joints]), 1e-6) / _JOINT
            yield Anomaly(float(score), _box_of(other[joints], aspect))


def _hands(first: Floats, second: Floats, aspect: float) -> Iterator[tuple[str, Anomaly]]:
    """Score the size and the place of each hand that both variants have."""
    for hand in first:
        palm = max(_length(hand[[HAND_WRIST, MIDDLE_ROOT]]), 1e-6)
        if not len(second):
            return
        starts = np.linalg.norm(second[:, HAND_WRIST] - hand[HAND_WRIST], axis=1)
        middles = np.linalg.norm(second.mean(axis=1) - hand.mean(axis=0), axis=1)
        nearest = int(np.argmin(starts + middles))
        if starts[nearest] + middles[nearest] > _SAME_HAND * palm:
            continue
        same, box = second[nearest], _box_of(second[nearest], aspect)
        yield "hand_length", Anomaly(abs(np.log(_size(same) / _size(hand))) / _SIZE, box)
        yield "wrist", Anomaly(_apart(same, hand) / palm / _PLACE, box)


def _size(hand: Floats) -> float:
    """Return the mean distance of its points from their middle."""
    return max(float(np.linalg.norm(hand - hand.mean(axis=0), axis=1).mean()), 1e-6)


def _length(points: Floats) -> float:
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def _box_of(points: Floats, aspect: float) -> Floats:
    flat = points / np.array([aspect, 1.0])
    edges = np.concatenate([flat.min(axis=0) - _MARGIN, flat.max(axis=0) + _MARGIN])
    return np.asarray(np.clip(edges, 0.0, 1.0))
