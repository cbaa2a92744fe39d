"""Declare a decision as prefml writes it: one line of `sandbox/approved_decisions.jsonl`."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from prefml.proposals.suggestions import Edges

__all__ = ["CropSource", "Decision", "DrawnFrom", "State"]

State: TypeAlias = Literal["pending", "approved", "overridden", "rejected", "skipped"]
CropSource: TypeAlias = Literal[
    "suggested", "alternative", "edited", "carried", "whole", "by_hand"
]  # fmt: skip


class DrawnFrom(Struct, frozen=True):
    """Draw of a set from a bulk approval, to be decided with the suggestion hidden.

    Attributes
    ----------
    probability : float
        With which each set of the batch was drawn.
    batch : str
        Names the bulk approval.
    """

    probability: Annotated[float, Meta(gt=0, le=1)]
    batch: str


class Decision(Struct, frozen=True):
    """Decision of the person on one set, or one single picture.

    Attributes
    ----------
    group_id : str
        Names the set.
    action : {"approved", "overridden", "rejected"}
        A kept picture is `approved` exactly if it and its frame are as suggested.
    final_choice : str or None
        Path of the picture that is kept.
    crop_coords : tuple of 4 floats or None
        x1, y1, x2, y2 in fractions; None keeps the picture whole.
    timestamp : str
        UTC time in ISO form.
    project_id : str
        The project, empty if the suggestion named none.
    images : list of str
        The pictures of the set, in the order in which they were shown.
    final_index : int or None
        Position of `final_choice` in `images`.
    crop_by_hand : bool
        Whether the person crops the picture elsewhere.
    crop_source : str or None
        Where the crop came from: the suggestion, another of its boxes, an edit, the picture it
        was `carried` over from, the wish to keep the picture `whole`, or `by_hand`.
    tags : list of str
        Anomaly tags of the set.
    image_tags : dict of str to list of str
        The same by picture.
    suggested_choice : str or None
        Path of the picture that was suggested.
    suggestion : dict
        The suggestion as it was read, fields of other tools included, without its images.
    reask_of : object
        The suggestion's field of that name: the decided set that was asked about once more.
    shown : dict
        What was on the page, see `prefml.review.requests.Shown`; `bulk` is true if the set was
        approved together with others.
    session_id : str
        The run of the review.
    event : int
        Position of the decision in the review's event table.
    suggestion_version : str or None
        Version of the suggestion that was on the screen, `suggestion` being what it said; None
        where the request did not state it.
    audit : DrawnFrom, optional
        The draw of a set that was withheld from a bulk approval; absent for all others.
    """

    group_id: str
    action: State
    final_choice: str | None
    crop_coords: Edges | None
    timestamp: str
    project_id: str
    images: list[str]
    final_index: int | None
    crop_by_hand: bool
    crop_source: CropSource | None
    tags: list[str]
    image_tags: dict[str, list[str]]
    suggested_choice: str | None
    suggestion: dict[str, object]
    reask_of: object
    shown: dict[str, object]
    session_id: str
    event: int
    suggestion_version: str | None = None
    audit: DrawnFrom | UnsetType = UNSET
