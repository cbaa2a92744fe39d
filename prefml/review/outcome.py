"""Turn what a person pressed into the decision that is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import UNSET

from prefml.boxes import FULL_FRAME, Box, read_box, same_box
from prefml.exceptions import BoxError, LogError
from prefml.proposals import index_of
from prefml.proposals.decisions import CropSource, State
from prefml.proposals.suggestions import rounded, to_row
from prefml.review.events import DecisionChange
from prefml.review.groups import Group
from prefml.review.requests import TAGS, Action, Decide, TagName

__all__ = ["Verdict", "bulk_change", "decision_change", "read_tags"]


@dataclass(frozen=True)
class Verdict:
    """Decision of a person on one group, as asked for.

    Attributes
    ----------
    action : {"approved", "overridden", "rejected", "skipped"}
        What was pressed.
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
    version : str or None
        Version of the suggestion that was on the screen; None where the request does not say.
    """

    action: Action
    index: int | None = None
    crop: Box | None = None
    by_hand: bool = False
    crop_stated: bool = False
    shown: Mapping[str, object] = field(default_factory=dict)
    version: str | None = None

    @classmethod
    def from_request(cls, group: Group, request: Decide) -> Verdict:
        """Read a verdict from a request; what is left out of an approval is as suggested.

        Parameters
        ----------
        group : Group
            The group it is about.
        request : Decide
            What the person pressed.

        Returns
        -------
        Verdict

        Raises
        ------
        LogError
            If the request names no image of the group or no possible box.
        """
        shown, version = to_row(request.shown), request.suggestion_version
        if request.action in ("rejected", "skipped"):
            return cls(request.action, shown=shown, version=version)
        return cls(
            action=request.action,
            index=_index(group, request),
            crop=None if request.crop_by_hand else _crop(group, request),
            by_hand=request.crop_by_hand,
            crop_stated=request.crop_coords is not UNSET,
            shown=shown,
            version=version,
        )


def _index(group: Group, request: Decide) -> int:
    if request.final_choice is None and request.action == "approved":
        found = group.chosen
    else:
        found = index_of(request.final_choice, group.images)
    if found is None:
        raise LogError(
            f"group {group.group_id}: final_choice {request.final_choice!r}",
            "an image of the group, or a position from 0",
        )
    return found


def _crop(group: Group, request: Decide) -> Box | None:
    if request.crop_coords is UNSET:
        return group.crop.box if request.action == "approved" else None
    if request.crop_coords is None:
        return None
    try:
        box = read_box(request.crop_coords)
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
    state: State = verdict.action
    if kept:
        same = verdict.index == group.chosen and not verdict.by_hand
        same = same and same_box(verdict.crop, group.crop.box)
        state = "approved" if same else "overridden"
    return DecisionChange(
        group_id=group.group_id,
        project_id=group.project,
        images=list(group.images),
        state=state,
        final_choice=None if verdict.index is None else group.images[verdict.index],
        final_index=verdict.index,
        crop_coords=None if verdict.crop is None else rounded(verdict.crop),
        crop_by_hand=verdict.by_hand,
        crop_source=_source(group, verdict) if kept else None,
        suggestion=dict(group.raw),
        suggested_index=group.chosen,
        shown=dict(verdict.shown),
        suggestion_version=verdict.version,
    )


def bulk_change(group: Group, version: str | None = None, whole: bool = False) -> DecisionChange:
    """Return the change that approves a group together with others.

    Parameters
    ----------
    group : Group
        The group.
    version : str, optional
        Version of the suggestion that was approved, where the request says it.
    whole : bool, default=False
        Whether the picture is kept whole, whatever crop is suggested.

    Returns
    -------
    DecisionChange
    """
    verdict = Verdict(
        action="approved",
        index=group.chosen,
        crop=None if whole else group.crop.box,
        crop_stated=whole,
        shown={"bulk": True},
        version=version,
    )
    return decision_change(group, verdict)


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


def read_tags(group: Group, image_tags: Mapping[str, Sequence[TagName]]) -> dict[str, list[str]]:
    """Find the images that tags are about.

    Parameters
    ----------
    group : Group
        The group that is tagged.
    image_tags : mapping of str to sequence of str
        Image (path, file name or position as text) -> tags.

    Returns
    -------
    dict
        Tags by image path, in the order of `TAGS`; images without tags are left out.

    Raises
    ------
    LogError
        If an image is not of the group.
    """
    found = {}
    for key, names in image_tags.items():
        # A longer number is no position, and Python refuses to read some of them.
        position = key.isdecimal() and len(key) < 10
        index = index_of(int(key) if position else key, group.images)
        if index is None:
            raise LogError(
                f"group {group.group_id}: no image {key[:80]!r}", "an image of the group"
            )
        if names:
            found[group.images[index]] = [str(tag) for tag in TAGS if tag in names]
    return found
