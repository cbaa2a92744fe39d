"""Declare the events of the review: decisions, tags, changed sets, undo, redo and submissions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, TypeAlias, TypeVar, get_args

from msgspec import UNSET, Meta, Struct, UnsetType, json

from prefml.exceptions import LogError
from prefml.proposals.decisions import CropSource, DrawnFrom, State

__all__ = [
    "KINDS",
    "STATES",
    "AuditDraw",
    "Body",
    "DecideBody",
    "DecisionChange",
    "Event",
    "Kind",
    "RegroupBody",
    "SetMembers",
    "SubmitBody",
    "TagBody",
    "TagChange",
    "UndoRedoBody",
    "body_of",
    "parse_event",
]

Kind: TypeAlias = Literal["decide", "tag", "regroup", "undo", "redo", "submit"]
KINDS: tuple[Kind, ...] = get_args(Kind)
STATES: tuple[State, ...] = get_args(State)

_Index: TypeAlias = Annotated[int, Meta(ge=0)]
_Edge: TypeAlias = Annotated[float, Meta(ge=0, le=1)]


class DecisionChange(Struct, frozen=True):
    """Decision on one group; it explains itself without other files.

    Attributes
    ----------
    group_id : str
        The group.
    project_id : str
        Its project, empty if the suggestion named none.
    images : list of str
        Its pictures, in the order in which they were shown.
    state : {"pending", "approved", "overridden", "rejected", "skipped"}
        A kept picture is `approved` exactly if it and its frame are as suggested.
    final_choice : str or None
        Path of the picture that is kept.
    final_index : int or None
        Its position in `images`.
    crop_coords : tuple of 4 floats or None
        x1, y1, x2, y2 in fractions; None keeps the picture whole.
    crop_by_hand : bool
        Whether the person crops the picture elsewhere.
    crop_source : str or None
        See `prefml.proposals.decisions.Decision`.
    suggestion : dict
        The suggestion as it was read, without its images.
    suggested_index : int or None
        Position of the suggested picture.
    shown : dict
        What was on the page, see `prefml.review.requests.Shown`; `bulk` is true if the group was
        approved together with others.
    suggestion_version : str, optional
        Version of the suggestion that was on the screen; None where the caller did not say it,
        absent in events of before there were versions.
    audit : DrawnFrom, optional
        The draw of a set that was withheld from a bulk approval; absent for all others.

    Raises
    ------
    ValueError
        If the choice, or a position, is none of the images.
    """

    group_id: str
    project_id: str
    images: list[str]
    state: State
    final_choice: str | None
    final_index: _Index | None
    crop_coords: tuple[_Edge, _Edge, _Edge, _Edge] | None
    crop_by_hand: bool
    crop_source: CropSource | None
    suggestion: dict[str, object]
    suggested_index: _Index | None
    shown: dict[str, object]
    suggestion_version: str | UnsetType | None = UNSET
    audit: DrawnFrom | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Check the choice against the images."""
        for index in (self.final_index, self.suggested_index):
            if index is not None and index >= len(self.images):
                raise ValueError(f"group {self.group_id}: no image {index}"[:200])
        if self.final_choice not in (None, *self.images):
            raise ValueError(f"group {self.group_id}: no image {self.final_choice}"[:200])


class TagChange(Struct, frozen=True):
    """Anomaly tags of one group, in place of those it had.

    Attributes
    ----------
    group_id : str
        The group.
    image_tags : dict of str to list of str
        Tags by image path.
    """

    group_id: str
    image_tags: dict[str, list[str]]


class AuditDraw(Struct, frozen=True):
    """Set that was drawn from a bulk approval, to be decided with the suggestion hidden.

    Attributes
    ----------
    group_id : str
        The group.
    images : list of str
        Its pictures, in the order in which they are shown.
    suggestion : dict
        What would have been approved, without its images.
    audit : DrawnFrom
        The draw.
    """

    group_id: str
    images: list[str]
    suggestion: dict[str, object]
    audit: DrawnFrom


class DecideBody(Struct, frozen=True, omit_defaults=True):
    """Decisions that were made together, and are undone together.

    Attributes
    ----------
    changes : list of DecisionChange
        One for each group.
    audits : list of AuditDraw
        The sets that were withheld from a bulk approval.
    """

    changes: list[DecisionChange]
    audits: list[AuditDraw] = []


class TagBody(Struct, frozen=True):
    """Tags that were set.

    Attributes
    ----------
    changes : list of TagChange
        One for each group.
    """

    changes: list[TagChange]


class SetMembers(Struct, frozen=True):
    """Pictures that form a set.

    Attributes
    ----------
    group_id : str
        Names the set.
    project_id : str
        Its project.
    images : list of str
        Its pictures, in the order in which they are shown.
    is_pinned : bool
        Whether a person formed it.
    """

    group_id: str
    project_id: str
    images: list[str]
    is_pinned: bool = True


class RegroupBody(Struct, frozen=True):
    """Sets whose members a person changed.

    Attributes
    ----------
    before, after : list of SetMembers
        The sets as they were and as they are, of the same pictures.
    changes : list of DecisionChange
        Decisions on the former sets that are withdrawn: `pending`, for none of them is about the
        pictures of a new one.
    tags : list of TagChange
        Tags of the pictures, which go along to their new sets.

    Raises
    ------
    ValueError
        If a picture is lost, added or in two sets.
    """

    before: list[SetMembers]
    after: list[SetMembers]
    changes: list[DecisionChange] = []
    tags: list[TagChange] = []

    def __post_init__(self) -> None:
        """Check that every picture is in one set before and after."""
        before, after = (
            sorted(image for one in sets for image in one.images)
            for sets in (self.before, self.after)
        )
        if before != after or len(set(before)) < len(before):
            raise ValueError("the sets before and after are not of the same pictures")


class UndoRedoBody(Struct, frozen=True):
    """An undo or redo.

    Attributes
    ----------
    of : int
        `seq` of the event that is taken back, or brought back.
    groups : list of str
        The groups that it changed.
    """

    of: int
    groups: list[str]


class SubmitBody(Struct, frozen=True):
    """A submission: the exports were written.

    Attributes
    ----------
    counts : dict of str to int
        Lines by action.
    """

    counts: dict[str, int]


Body: TypeAlias = DecideBody | TagBody | RegroupBody | UndoRedoBody | SubmitBody
B = TypeVar("B", UndoRedoBody, SubmitBody, RegroupBody)
_BODIES: dict[str, type[Body]] = {
    "decide": DecideBody,
    "tag": TagBody,
    "regroup": RegroupBody,
    "undo": UndoRedoBody,
    "redo": UndoRedoBody,
    "submit": SubmitBody,
}


@dataclass(frozen=True)
class Event:
    """A row of the event table.

    Attributes
    ----------
    seq : int
        Position in the table; the order of events, whatever the clock said.
    event_id : str
        Given by whoever asked, so that a repeated request is one event.
    at : str
        UTC time in ISO form.
    session_id : str
        The run of the server that wrote it.
    kind : {"decide", "tag", "regroup", "undo", "redo", "submit"}
        What happened.
    body : DecideBody, TagBody, RegroupBody, UndoRedoBody or SubmitBody
        What it changed.
    """

    seq: int
    event_id: str
    at: str
    session_id: str
    kind: str
    body: Body

    def groups(self) -> list[str]:
        """Return the groups that a decision, tag or change of sets is about, withheld ones too."""
        if isinstance(self.body, RegroupBody):
            return [one.group_id for one in (*self.body.after, *self.body.before)]
        if not isinstance(self.body, DecideBody | TagBody):
            return []
        changed = [change.group_id for change in self.body.changes]
        return changed + [draw.group_id for draw in self.drawn()]

    def drawn(self) -> list[AuditDraw]:
        """Return the sets that a bulk approval withholds, to be asked one by one."""
        return self.body.audits if isinstance(self.body, DecideBody) else []


def parse_event(seq: int, event_id: str, at: str, session_id: str, kind: str, body: str) -> Event:
    """Make an event of a row of the table.

    Parameters
    ----------
    seq, event_id, at, session_id, kind, body
        The columns; the body is JSON.

    Returns
    -------
    Event

    Raises
    ------
    msgspec.DecodeError, ValueError, TypeError, KeyError, RecursionError
        If the row is none that the review writes.
    """
    datetime.fromisoformat(at)
    return Event(seq, event_id, at, session_id, kind, json.decode(body, type=_BODIES[kind]))


def body_of(kind: type[B], event: Event) -> B:
    """Return an event's body; a repeated id may belong to a request of another kind.

    Parameters
    ----------
    kind : type
        What it has to be.
    event : Event
        The event.

    Returns
    -------
    Struct
        Of the kind asked for.

    Raises
    ------
    LogError
        If it is of another kind.
    """
    if not isinstance(event.body, kind):
        raise LogError(
            f"event_id {event.event_id}: used before, by {event.kind}", "an id of its own"
        )
    return event.body
