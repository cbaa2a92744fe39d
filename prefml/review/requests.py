"""Declare what requests carry, and check it before anything acts on it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, TypeVar, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from werkzeug.datastructures import MultiDict

from prefml.exceptions import LogError

__all__ = [
    "ACTIONS",
    "FILTERS",
    "HINTS",
    "MAX_BATCH",
    "TAGS",
    "Action",
    "ApproveBatch",
    "BudgetQuery",
    "ChangeQuery",
    "Decide",
    "Empty",
    "Filter",
    "HintName",
    "LoadBatchQuery",
    "OfferQuery",
    "QueueQuery",
    "Regroup",
    "SeeHint",
    "SetKeys",
    "Shown",
    "Size",
    "Tag",
    "TagName",
    "read_body",
    "read_query",
]

MAX_BATCH = 200

Action: TypeAlias = Literal["approved", "overridden", "rejected", "skipped"]
Size: TypeAlias = Literal["small", "view", "large"]
Filter: TypeAlias = Literal[
    "all", "pending", "uncertain", "crops", "flagged", "skipped", "duplicates"
]  # fmt: skip
TagName: TypeAlias = Literal[
    "extra_fingers",
    "warped_wrist",
    "limb_misaligned",
    "long_hand",
    "long_foot",
    "wrong_toes_count",
    "foreshortened_upper_arm",
    "malformed_phone_grip",
]
ACTIONS: tuple[Action, ...] = get_args(Action)
FILTERS: tuple[Filter, ...] = get_args(Filter)
HintName: TypeAlias = Literal["decide", "look", "undo"]
HINTS: tuple[HintName, ...] = get_args(HintName)
TAGS: tuple[TagName, ...] = get_args(TagName)

# No file can hold a NUL in a name; half a character is refused by the decoder already.
_STORABLE = r"^[^\x00]*$"
GroupId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=1024, pattern=_STORABLE)]
# Not $, which would let a line break follow.
EventId: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}\Z")]
_Position: TypeAlias = Annotated[int, Meta(ge=0, lt=10**9)]
_Number: TypeAlias = Annotated[float, Meta(gt=-1e9, lt=1e9)]
# A hash that the server told; any other text is that of no suggestion.
_Version: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64)]
_Word: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64, pattern=_STORABLE)]
_Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=4096, pattern=_STORABLE)]
_Key: TypeAlias = Annotated[str, Meta(min_length=1, max_length=24, pattern=_STORABLE)]
# Which four are a box is said where every box is read; they may be text, as in logs.
_Coordinates: TypeAlias = Annotated[list[_Number | _Word], Meta(min_length=4, max_length=4)]

_DESCRIBED = "what /api/openapi.json describes"

R = TypeVar("R", bound=Struct)


class Shown(Struct, frozen=True, forbid_unknown_fields=True):
    """State of the page when the person decided; only what was sent is recorded.

    Attributes
    ----------
    position : int
        Of the group in the list, from 0.
    suggested_position : int or None
        Of the suggested picture on the page, from 0.
    hidden : bool
        Whether the suggestion was hidden.
    revealed : bool
        Whether it was hidden first and shown then.
    crop_visible : bool
        Whether the crop was drawn.
    full_size : bool
        Whether the pictures were seen at full size.
    seconds : float
        From sight to key.
    filter : str
        Which groups the list showed.
    key : str
        What was pressed.
    order : list of int
        Positions of the pictures in the set, in the order in which they were shown.
    """

    position: _Position | UnsetType = UNSET
    suggested_position: _Position | UnsetType | None = UNSET
    hidden: bool | UnsetType = UNSET
    revealed: bool | UnsetType = UNSET
    crop_visible: bool | UnsetType = UNSET
    full_size: bool | UnsetType = UNSET
    seconds: _Number | UnsetType = UNSET
    filter: _Word | UnsetType = UNSET
    key: _Word | UnsetType = UNSET
    order: Annotated[list[_Position], Meta(max_length=99)] | UnsetType = UNSET


class Decide(Struct, frozen=True, forbid_unknown_fields=True):
    """A decision on one group.

    Attributes
    ----------
    group_id : str
        The group.
    action : {"approved", "overridden", "rejected", "skipped"}
        A kept picture is recorded as approved exactly if it and its frame are as suggested, else
        as overridden.
    final_choice : int, str or None
        Position from 0, path or file name; left out of an approval: the suggested image.
    crop_coords : list of 4 numbers or texts, or None
        x1, y1, x2, y2 in fractions of the upright picture. null keeps the picture whole; left
        out: the frame was not judged, and an approval takes the suggested one.
    crop_by_hand : bool
        The person crops the picture elsewhere.
    shown : Shown
        What was on the page.
    suggestion_version : str or None
        The group's `version` that was on the screen; another one than that of today is refused.
        Left out: the one that the server told first is taken for it.
    event_id : str
        Chosen by the caller; repeating a request of the same id changes nothing.
    """

    group_id: GroupId
    action: Action
    final_choice: _Position | _Name | None = None
    crop_coords: _Coordinates | UnsetType | None = UNSET
    crop_by_hand: bool = False
    shown: Shown = Shown()
    suggestion_version: _Version | None = None
    event_id: EventId | UnsetType = UNSET


class Tag(Struct, frozen=True, forbid_unknown_fields=True):
    """The anomaly tags of one group, in place of those it had.

    Attributes
    ----------
    group_id : str
        The group.
    image_tags : dict of str to list of str
        Position, path or file name of an image -> its tags.
    event_id : str
        Chosen by the caller; repeating a request of the same id changes nothing.
    """

    group_id: GroupId
    image_tags: dict[str, list[TagName]]
    event_id: EventId | UnsetType = UNSET


class ApproveBatch(Struct, frozen=True, forbid_unknown_fields=True):
    """Groups to approve together, as suggested.

    Attributes
    ----------
    group_ids : list of str
        The groups.
    suggestion_versions : dict of str to str
        Group -> its `version`, as `budget` or `load_batch` told it; as in `Decide`.
    keep_whole : list of str
        Those of them whose picture is kept whole, whatever crop is suggested.
    event_id : str
        Chosen by the caller; repeating a request of the same id changes nothing.
    """

    group_ids: Annotated[list[GroupId], Meta(max_length=100_000)]
    suggestion_versions: Annotated[dict[GroupId, _Version], Meta(max_length=100_000)] = {}
    keep_whole: Annotated[list[GroupId], Meta(max_length=100_000)] = []
    event_id: EventId | UnsetType = UNSET


class Regroup(Struct, frozen=True, forbid_unknown_fields=True):
    """Pictures to take out of their set: to split it, to move them, or to join it to another.

    Attributes
    ----------
    group_id : str
        The set that they are in.
    images : list of int or str
        Positions from 0, paths or file names; all of them, to join the set to the other.
    to : str or None
        The set of the same project that they go to; null: they form a set of their own.
    suggestion_versions : dict of str to str
        Set -> its `version`, of both; as in `Decide`.
    event_id : str
        Chosen by the caller; repeating a request of the same id changes nothing.
    """

    group_id: GroupId
    images: Annotated[list[_Position | _Name], Meta(min_length=1, max_length=1000)]
    to: GroupId | None = None
    suggestion_versions: Annotated[dict[GroupId, _Version], Meta(max_length=2)] = {}
    event_id: EventId | UnsetType = UNSET


class Empty(Struct, frozen=True, forbid_unknown_fields=True):
    """A request that says nothing but its id.

    Attributes
    ----------
    event_id : str
        Chosen by the caller; repeating a request of the same id changes nothing.
    """

    event_id: EventId | UnsetType = UNSET


class SetKeys(Struct, frozen=True, forbid_unknown_fields=True):
    """Keys that a person changed, in place of those of before.

    Attributes
    ----------
    keys : dict of str to str
        Key that the page is written for -> key that is pressed for it, both as browsers name
        them. Keys change places: each stands once on either side.
    event_id : str
        Chosen by the caller; to keep the same keys again changes nothing.
    """

    keys: Annotated[dict[_Key, _Key], Meta(max_length=100)]
    event_id: EventId | UnsetType = UNSET


class SeeHint(Struct, frozen=True, forbid_unknown_fields=True):
    """A hint that need not be shown again.

    Attributes
    ----------
    hint : {"decide", "look", "undo"}
        Its name.
    event_id : str
        Chosen by the caller; to have seen a hint again changes nothing.
    """

    hint: HintName
    event_id: EventId | UnsetType = UNSET


class ChangeQuery(Struct, frozen=True):
    """Query of a request that changes groups.

    Attributes
    ----------
    picture : {"small", "view", "large"}
        The size of picture that will be asked for; copies are made ready.
    """

    picture: Size = "view"


class BudgetQuery(Struct, frozen=True):
    """Query of `budget`.

    Attributes
    ----------
    project : str
        Only groups of this project.
    """

    project: str = ""


class OfferQuery(BudgetQuery, frozen=True):
    """Query of `budget`, for the sets of an error budget.

    Attributes
    ----------
    project : str
        Only groups of this project.
    level : str
        Only groups within this error budget, such as `0.02`, of those that `levels` tells.
    """

    level: Annotated[str, Meta(pattern=r"^(0\.[0-9]{1,17})?\Z")] = ""


class QueueQuery(BudgetQuery, frozen=True):
    """Query of `queue`.

    Attributes
    ----------
    filter : {"all", "pending", "uncertain", "crops", "flagged", "skipped"}
        Which groups.
    project : str
        Only groups of this project.
    """

    filter: Filter = "all"


class LoadBatchQuery(Struct, frozen=True):
    """Query of `load_batch`.

    Attributes
    ----------
    size : int
        How many groups at most.
    filter : {"all", "pending", "uncertain", "crops", "flagged", "skipped"}
        Which groups.
    project : str
        Only groups of this project.
    id : list of str
        Groups to load, whatever their state; repeat the parameter. Unknown ids are left out.
    picture : {"small", "view", "large"}
        The size of picture that will be asked for; copies are made ready.
    """

    size: Annotated[int, Meta(ge=1, le=MAX_BATCH)] = 20
    filter: Filter = "pending"
    project: str = ""
    # More are not refused: the first of them are loaded.
    id: Annotated[list[str], Meta(extra_json_schema={"maxItems": MAX_BATCH})] = []
    picture: Size = "view"


def read_body(kind: type[R], raw: bytes) -> R:
    """Read the body of a request.

    Parameters
    ----------
    kind : type
        What it has to be.
    raw : bytes
        JSON in UTF-8; nothing is an object without fields.

    Returns
    -------
    Struct
        Of the kind asked for.

    Raises
    ------
    LogError
        If it is no JSON, or a field is missing, unknown or unacceptable.
    """
    try:
        return msgspec.json.decode(raw or b"{}", type=kind)
    except RecursionError as error:
        raise LogError("the request's body is nested too deeply", _DESCRIBED) from error
    except msgspec.DecodeError as error:
        raise LogError(f"the request's body: {str(error)[:200]}", _DESCRIBED) from error


def read_query(kind: type[R], arguments: MultiDict[str, str]) -> R:
    """Read the query of a request; parameters that it does not know are passed over.

    Parameters
    ----------
    kind : type
        What it has to be.
    arguments : werkzeug.datastructures.MultiDict
        The parameters as text.

    Returns
    -------
    Struct
        Of the kind asked for.

    Raises
    ------
    LogError
        If a parameter is unacceptable.
    """
    given: dict[str, object] = {**arguments.to_dict(), "id": arguments.getlist("id")}
    size = arguments.get("size", "")
    if size.isascii() and size.isdecimal():
        # Longer numbers are out of any range, and Python refuses to read some of them.
        given["size"] = int(size[:9])
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise LogError(f"the query: {str(error)[:200]}", _DESCRIBED) from error
