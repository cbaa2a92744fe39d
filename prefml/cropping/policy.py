"""Apply the person's crop rules to a predicted box, and tell what each of them changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Protocol

import numpy as np

from prefml._typing import Floats
from prefml.boxes import Box, to_box
from prefml.cropping.geometry import contains, cover, enlarge, exclude
from prefml.cropping.metrics import iou
from prefml.cropping.proposal import DIFFERENT, Proposal
from prefml.exceptions import ConfigError

__all__ = [
    "HANDS_NOT_DETECTED",
    "Detections",
    "FoundHand",
    "Hand",
    "Policy",
    "apply_policy",
    "read_policy",
]


HANDS_NOT_DETECTED = "hands were not looked at"
# Adults measure about seven and a half heads (Loomis 1943); a face box is about 0.74 of a head.
_HEADS_PER_BODY = 7.5
_FACE_TO_HEAD = 1.35
_MIN_FACE_CONFIDENCE = 0.5
# A body is seen from head to foot if it is so many face heights high and ends in the picture.
_HEADS_OF_A_WHOLE_BODY, _NEAR_THE_EDGE = 5.0, 0.02
_MAX_ROUNDS = 3
# As `prefml.imaging.hands` scores a hand.
_ANOMALOUS = 1.0


@dataclass(frozen=True)
class Policy:
    """The person's crop rules, `[crop.policy]` in `prefml.toml`.

    Attributes
    ----------
    keep_head : bool
        A face that was found stays in the crop with hair and chin.
    keep_body : bool
        In a full-body picture at least a third of the body stays.
    avoid_cutting : bool
        No edge goes through a face or hand that was found.
    drop_flagged_hands : bool
        A hand that looks wrong is cropped away where that costs little.
    min_pixels : int
        Least width and height of a crop.
    """

    keep_head: bool = True
    keep_body: bool = True
    avoid_cutting: bool = True
    drop_flagged_hands: bool = False
    min_pixels: int = 64


class FoundHand(Protocol):
    """A hand that a detector found."""

    @property
    def box(self) -> Box:
        """Box of the hand in fractions."""

    @property
    def flagged(self) -> bool:
        """Tell whether it looks wrong."""


@dataclass(frozen=True)
class Hand:
    """A hand that a detector found.

    Attributes
    ----------
    box : Box
        In fractions.
    flagged : bool
        Whether it looks wrong.
    """

    box: Box
    flagged: bool = False


@dataclass(frozen=True)
class Detections:
    """Face, hands and body that detectors found in a picture.

    Attributes
    ----------
    face : tuple of float or None
        The largest face, or where it is on a body seen from behind; x1, y1, x2, y2 in fractions.
    hands : sequence of FoundHand or None
        None if hands were not looked at.
    body : tuple of float or None
        All that is seen of the main person, head included.
    """

    face: Box | None = None
    hands: Sequence[FoundHand] | None = None
    body: Box | None = None

    @classmethod
    def from_columns(
        cls, row: Mapping[str, float], hands: Sequence[FoundHand] | None = None
    ) -> Detections:
        """Read face, body and hands from the columns of a row, if they are there.

        Parameters
        ----------
        row : mapping of str to float
            Name of a column -> value, as `prefml.imaging.people_cues` names cues.
        hands : sequence of FoundHand, optional
            Hands that were found; those of the row by default.

        Returns
        -------
        Detections
        """
        if hands is None and np.isfinite(row.get("cue__hand_count", np.nan)):
            sides = ("left_hand", "right_hand")
            boxes = [
                (_box_of(row, side), row.get(f"cue__{side}_anomaly", np.nan)) for side in sides
            ]
            hands = [Hand(box, anomaly > _ANOMALOUS) for box, anomaly in boxes if box is not None]
        sure = row.get("cue__face_confidence", 0.0) >= _MIN_FACE_CONFIDENCE
        return cls(_box_of(row, "face" if sure else "head"), hands, _box_of(row, "body"))

    @property
    def head(self) -> Floats | None:
        """Box of the head round the face, within the picture."""
        if self.face is None:
            return None
        x1, y1, x2, y2 = self.face
        width, height = x2 - x1, y2 - y1
        grown = [x1 - 0.15 * width, y1 - 0.3 * height, x2 + 0.15 * width, y2 + 0.1 * height]
        return np.asarray(np.clip(np.array(grown), 0.0, 1.0))

    @property
    def upper_body(self) -> Floats | None:
        """Box of the upper third of a body that is seen from head to foot, else None.

        Where no body was found, one is taken to reach seven and a half heads down from the face.
        """
        if self.body is not None:
            x1, top, x2, bottom = self.body
            if self.head is not None and self.face is not None:
                x1, top, x2 = self.head[:3]
                if bottom - top < _HEADS_OF_A_WHOLE_BODY * (self.face[3] - self.face[1]):
                    return None
            whole = bottom < 1.0 - _NEAR_THE_EDGE
            return np.array([x1, top, x2, top + (bottom - top) / 3.0]) if whole else None
        if self.face is None or self.head is None:
            return None
        top, height = self.head[1], self.face[3] - self.face[1]
        body = _HEADS_PER_BODY * _FACE_TO_HEAD * height
        if top + body > 1.0:
            return None
        return np.array([self.head[0], top, self.head[2], top + body / 3.0])


def _box_of(row: Mapping[str, float], name: str) -> Box | None:
    corners = [row.get(f"cue__{name}_{corner}", np.nan) for corner in ("x1", "y1", "x2", "y2")]
    if not np.isfinite(corners).all():
        return None
    box = to_box(np.clip(corners, 0.0, 1.0))
    return box if box.x1 < box.x2 and box.y1 < box.y2 else None


def read_policy(entries: Mapping[str, object]) -> Policy:
    """Read the rules from `[crop.policy]`.

    Parameters
    ----------
    entries : mapping
        Name -> value; what is missing has its default.

    Returns
    -------
    Policy

    Raises
    ------
    ConfigError
        If a name is unknown or a value of the wrong kind.
    """
    rules = asdict(Policy())
    for name, value in entries.items():
        if name not in rules:
            raise ConfigError(f"crop.policy.{name}", f"one of {', '.join(rules)}")
        kind = type(rules[name])
        if not isinstance(value, int) or type(value) is not kind or value < 0:
            expected = "true or false" if kind is bool else "a whole number from 0"
            raise ConfigError(f"crop.policy.{name} = {value!r}", expected)
        rules[name] = value
    return Policy(**rules)


def apply_policy(
    proposal: Proposal, detections: Detections, size: tuple[float, float] | None, policy: Policy
) -> Proposal:
    """Bring a proposal in line with the person's rules.

    Parameters
    ----------
    proposal : Proposal
        Of the crop model. A picture that is to be kept whole stays whole.
    detections : Detections
        Face and hands of the picture.
    size : tuple of float or None
        Width and height in pixels; only the least side needs it.
    policy : Policy
        The person's rules.

    Returns
    -------
    Proposal
        With the rules' boxes, and in `reasons` what each rule changed.
    """
    least = np.zeros(2) if size is None else policy.min_pixels / np.array(size, float)
    if not proposal.keeps_whole:
        box, reasons = _apply_rules(proposal.box, detections, least, policy)
        proposal = proposal.with_box(box, *reasons)
    boxes, others = [proposal.box], []
    for option in proposal.alternatives:
        box = _apply_rules(option.box, detections, least, policy)[0]
        if all(float(iou(box, other)) < DIFFERENT for other in boxes):
            boxes.append(box)
            others.append(replace(option, box=box))
    reasons = list(proposal.reasons)
    if detections.hands is None and (policy.avoid_cutting or policy.drop_flagged_hands):
        reasons.append(HANDS_NOT_DETECTED)
    return replace(proposal, alternatives=tuple(others), reasons=tuple(reasons))


def _apply_rules(
    box: Box, detections: Detections, least: Floats, policy: Policy
) -> tuple[Box, list[str]]:
    current: Floats = np.array(box)
    reasons: list[str] = []
    if policy.drop_flagged_hands:
        current, reasons = _exclude_flagged_hands(current, detections, least)
    targets = [target for _, target in _required_parts(detections, policy)]
    for _ in range(_MAX_ROUNDS):
        violated = _violated(current, detections, policy)
        if not violated:
            break
        reasons += [reason for reason, _ in violated]
        # What was brought inside before must not be lost to what comes after it.
        targets += [target for _, target in violated]
        corners = np.array(targets)
        whole = np.concatenate([corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)])
        current = cover(current, whole)
    short = float((least / (current[2:] - current[:2])).max())
    if short > 1.0 + 1e-9:
        current = enlarge(current, short)
        reasons.append("enlarged to the least size")
    return to_box(np.round(current, 12)), list(dict.fromkeys(reasons))


def _violated(box: Floats, detections: Detections, policy: Policy) -> list[tuple[str, Floats]]:
    """Return the parts that must be inside and are not, each with the reason."""
    required = _required_parts(detections, policy)
    if policy.avoid_cutting:
        parts = [] if detections.face is None else [("face", np.array(detections.face))]
        parts += [("hand", np.array(hand.box)) for hand in detections.hands or ()]
        required += [
            (f"moved so as not to cut through a {name}", part)
            for name, part in parts
            if _is_cut(box, part)
        ]
    return [(reason, part) for reason, part in required if not contains(box, part)]


def _required_parts(detections: Detections, policy: Policy) -> list[tuple[str, Floats]]:
    """Return the parts that must be inside wherever the box lies, each with the reason."""
    required = []
    if policy.keep_head and detections.head is not None:
        required.append(("moved to keep the head", detections.head))
    if policy.keep_body and detections.upper_body is not None:
        required.append(("enlarged to keep a third of the body", detections.upper_body))
    return required


def _is_cut(box: Floats, part: Floats) -> bool:
    overlap = np.minimum(box[2:], part[2:]) - np.maximum(box[:2], part[:2])
    return bool((overlap > 0.0).all()) and not contains(box, part)


def _exclude_flagged_hands(
    box: Floats, detections: Detections, least: Floats
) -> tuple[Floats, list[str]]:
    """Leave flagged hands out where the crop stays similar and keeps the head."""
    reasons = []
    for hand in detections.hands or ():
        part = np.array(hand.box)
        if not hand.flagged or not (_is_cut(box, part) or contains(box, part)):
            continue
        smaller = exclude(box, part, np.maximum(least, 0.1), detections.head)
        if smaller is None:
            reasons.append("a hand that looks wrong could not be left out")
        else:
            box = smaller
            reasons.append("moved to leave out a hand that looks wrong")
    return box, reasons
