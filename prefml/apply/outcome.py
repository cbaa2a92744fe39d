"""Read one line of approved decisions: what happens to its set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from prefml.boxes import FULL_FRAME, Box, read_box
from prefml.exceptions import BoxError
from prefml.proposals import as_mapping, index_of

__all__ = ["CROP", "SELECTED", "STAGING", "Outcome", "Role", "outcome_of"]

SELECTED, CROP, STAGING = "selected", "crop", "delete_staging"
Role: TypeAlias = Literal["folder", "winner", "manual crop", "loser", "companion"]

# Words of the older `.decision` files beside those of the format.
_ACTIONS = {
    "approved": "keep",
    "approve": "keep",
    "overridden": "keep",
    "override": "keep",
    "rejected": "reject",
    "reject": "reject",
    "manual_crop": "manual",
    "skipped": "undecided",
    "pending": "undecided",
}


@dataclass(frozen=True)
class Outcome:
    """Outcome of a review for one set.

    Attributes
    ----------
    index : int or None
        Position of the picture that is kept; None when none is.
    box : tuple of 4 floats or None
        Its crop, None when it is kept whole.
    manual : bool
        Whether the person wants to crop it by hand.
    undecided : bool
        Whether nothing has been decided.
    """

    index: int | None = None
    box: Box | None = None
    manual: bool = False
    undecided: bool = False

    def destination(self, position: int) -> tuple[str, Role]:
        """Return where a picture of the set goes.

        Parameters
        ----------
        position : int
            Of the picture in the set.

        Returns
        -------
        folder : str
            Relative to the workspace; each project has a folder of its own in it.
        role : {"winner", "manual crop", "loser"}
            Why.
        """
        if position != self.index:
            return STAGING, "loser"
        return (CROP, "manual crop") if self.manual else (SELECTED, "winner")


def outcome_of(
    decision: Mapping[str, object], suggestion: Mapping[str, object], images: list[str]
) -> Outcome | str:
    """Read a decision.

    Parameters
    ----------
    decision, suggestion : mapping
        The two lines of one `group_id`; the suggestion may be empty.
    images : list of str
        The images of the set.

    Returns
    -------
    Outcome or str
        A text says why the decision cannot be carried out.
    """
    meaning = _ACTIONS.get(str(decision.get("action")))
    if meaning is None:
        return f"action {decision.get('action')!r} is none of approved, rejected, overridden"
    if meaning in ("undecided", "reject"):
        return Outcome(undecided=meaning == "undecided")
    index = index_of(_chosen(decision, suggestion, images), images)
    if index is None:
        return f"final_choice {decision.get('final_choice')!r} names no single picture of the set"
    if meaning == "manual" or decision.get("crop_by_hand") is True:
        return Outcome(index, manual=True)
    box = _box(_crop(decision, suggestion, index, images))
    return box if isinstance(box, str) else Outcome(index, box)


def _chosen(
    decision: Mapping[str, object], suggestion: Mapping[str, object], images: list[str]
) -> object:
    """Return the entry of the kept picture; a decision that is silent on it took the suggested."""
    if decision.get("final_choice") is not None:
        return decision["final_choice"]
    if len(images) == 1:
        return 0
    return as_mapping(suggestion.get("step1_selection")).get("chosen")


def _crop(
    decision: Mapping[str, object], suggestion: Mapping[str, object], index: int, images: list[str]
) -> object:
    """Return the decided crop; a decision that is silent on it approved the suggested one."""
    if "crop_coords" in decision:
        return decision["crop_coords"]
    suggested = as_mapping(suggestion.get("step1_selection")).get("chosen")
    same = len(images) == 1 or index_of(suggested, images) == index
    crop = as_mapping(suggestion.get("step2_crop"))
    return crop.get("crop_coords") if crop.get("needs_crop") and same else None


def _box(value: object) -> Box | str | None:
    if value is None:
        return None
    try:
        box = read_box(value)
    except BoxError as error:
        return f"crop_coords: {error.found}"
    return None if box == FULL_FRAME else box
