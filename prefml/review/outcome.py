"""Turn what a person pressed into the decision that is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prefml.boxes import FULL_FRAME, Box, Corners, read_box, same_box
from prefml.exceptions import BoxError, LogError
from prefml.proposals import index_of
from prefml.proposals.decisions import CropSource, State
from prefml.review.events import DecisionChange
from prefml.review.groups import Group

__all__ = ["ACTIONS", "TAGS", "Verdict", "bulk_change", "decision_change", "read_tags"]

ACTIONS = ("approved", "overridden", "rejected", "skipped")
TAGS = (
    "extra_fingers",
    "warped_wrist",
    "limb_misaligned",
    "long_hand",
    "long_foot",
    "wrong_toes_count",
    "foreshortened_upper_arm",
    "malformed_phone_grip",
)


@dataclass(frozen=True)
class Verdict:
    """What a person decided about one group.

    Attributes
    ----------
    action : str
        One of `ACTIONS`, as asked for.
    index : int or None
        Position of the image that is kept.
    crop : tuple of float or None
        The frame; None keeps the picture whole.
    by_hand : bool
        Whether the person will crop the picture elsewhere.
    crop_stated : bool
        Whether the request said anything about the frame.
    shown : mapping
        What was on the page and where, see `prefml.review.requests`.
    """

    action: State
    index: int | None = None
    crop: Box | None = None
    by_hand: bool = False
    crop_stated: bool = False
    shown: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_request(
        cls, group: Group, asked: Mapping[str, Any], shown: Mapping[str, Any]
    ) -> Verdict:
        """Read a verdict from the fields of a request.

        Parameters
        ----------
        group : Group
            The group it is about.
        asked : mapping
            `action`, and for a kept picture `final_choice`, `crop_coords` and `crop_by_hand`;
            what is left out of an approval is as suggested.
        shown : mapping
            What was on the page.

        Returns
        -------
        Verdict

        Raises
        ------
        LogError
            If the request names no image of the group or no possible box.
        """
        action = asked["action"]
        if action in ("rejected", "skipped"):
            return cls(action, shown=shown)
        by_hand = bool(asked.get("crop_by_hand", False))
        index = _index(group, asked)
        crop = None if by_hand else _crop(group, asked)
        return cls(action, index, crop, by_hand, "crop_coords" in asked, shown)


def _index(group: Group, asked: Mapping[str, Any]) -> int:
    if asked.get("final_choice") is None and asked["action"] == "approved":
        found = group.chosen
    else:
        found = index_of(asked.get("final_choice"), list(group.images))
    if found is None:
        raise LogError(
            f"group {group.group_id}: final_choice {asked.get('final_choice')!r}",
            "an image of the group, or a position from 0",
        )
    return found


def _crop(group: Group, asked: Mapping[str, Any]) -> Box | None:
    if "crop_coords" not in asked:
        return group.crop.box if asked["action"] == "approved" else None
    if asked["crop_coords"] is None:
        return None
    try:
        box = read_box(asked["crop_coords"])
    except BoxError as error:
        raise LogError(
            f"group {group.group_id}: crop_coords: {error.found}",
            f"null or [x1, y1, x2, y2], {error.expected}",
        ) from error
    return None if box == FULL_FRAME else box


def decision_change(group: Group, verdict: Verdict) -> DecisionChange:
    """Return what the event table keeps of a decision; it explains itself without other files.

    Parameters
    ----------
    group : Group
        The group that was decided.
    verdict : Verdict
        The decision.

    Returns
    -------
    DecisionChange
        A kept picture is `approved` exactly if it and its frame are as suggested.
    """
    kept = verdict.index is not None
    return DecisionChange(
        group_id=group.group_id,
        project_id=group.project,
        images=list(group.images),
        state=_state(group, verdict) if kept else verdict.action,
        final_choice=None if verdict.index is None else group.images[verdict.index],
        final_index=verdict.index,
        crop_coords=None if verdict.crop is None else _rounded(verdict.crop),
        crop_by_hand=verdict.by_hand,
        crop_source=_source(group, verdict) if kept else None,
        suggestion=dict(group.raw),
        suggested_index=group.chosen,
        shown=dict(verdict.shown),
    )


def _rounded(box: Box) -> Corners:
    x1, y1, x2, y2 = (round(edge, 6) for edge in box)
    return x1, y1, x2, y2


def bulk_change(group: Group) -> DecisionChange:
    """Return the change that approves a group together with others."""
    verdict = Verdict("approved", group.chosen, group.crop.box, shown={"bulk": True})
    return decision_change(group, verdict)


def _state(group: Group, verdict: Verdict) -> State:
    same = verdict.index == group.chosen and not verdict.by_hand
    return "approved" if same and same_box(verdict.crop, group.crop.box) else "overridden"


def _source(group: Group, verdict: Verdict) -> CropSource | None:
    if verdict.by_hand:
        return "by_hand"
    if verdict.crop is None:
        return _whole_source(group, verdict)
    if same_box(verdict.crop, group.crop.box):
        # The box was made for the suggested image; on another it was carried over, not judged.
        return "suggested" if verdict.index == group.chosen else "carried"
    others = (box for box, _ in group.crop.alternatives)
    return "alternative" if any(same_box(verdict.crop, box) for box in others) else "edited"


def _whole_source(group: Group, verdict: Verdict) -> CropSource | None:
    """Tell a picture that was kept whole on purpose from one whose frame nobody judged."""
    if verdict.crop_stated:
        return "whole"
    if verdict.index != group.chosen:
        return "carried"
    return "whole" if group.crop.offered else None


def read_tags(group: Group, value: Any) -> dict[str, list[str]]:
    """Check anomaly tags.

    Parameters
    ----------
    group : Group
        The group that is tagged.
    value : object
        A mapping of image (path, file name or position as text) to a list of tags.

    Returns
    -------
    dict
        Tags by image path, in the order of `TAGS`; images without tags are left out.

    Raises
    ------
    LogError
        If an image is not of the group or a tag is unknown.
    """
    if not isinstance(value, dict):
        raise LogError("image_tags", "an object of image to list of tags")
    found = {}
    for key, names in value.items():
        index = index_of(int(key) if key.isdecimal() else key, list(group.images))
        if index is None:
            raise LogError(f"group {group.group_id}: no image {key!r}", "an image of the group")
        if not isinstance(names, list) or not all(name in TAGS for name in names):
            raise LogError(f"tags {names!r}", f"a list of {', '.join(TAGS)}")
        if names:
            found[group.images[index]] = [tag for tag in TAGS if tag in names]
    return found
