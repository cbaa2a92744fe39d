"""Declare what the API answers."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from prefml.proposals.decisions import CropSource, State
from prefml.review.budget_levels import Budget, BudgetLevel

__all__ = [
    "Budget",
    "BudgetLevel",
    "Changed",
    "Crop",
    "CropAlternative",
    "DayReport",
    "Decision",
    "Error",
    "Group",
    "Image",
    "KeyMap",
    "LoadBatch",
    "Progress",
    "Queue",
    "Stale",
    "Submitted",
]

_Fraction: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
# x1, y1, x2, y2 in fractions of the upright picture.
_Box: TypeAlias = tuple[_Fraction, _Fraction, _Fraction, _Fraction]


class Error(Struct, frozen=True):
    """A request was refused, and why.

    Attributes
    ----------
    error : str
        In words.
    """

    error: str


class Image(Struct, frozen=True):
    """A picture of a group.

    Attributes
    ----------
    name : str
        File name.
    picture : str
        Address; add /small, /view, /large or /full.
    version : str or None
        Changes when the file changes; null: the picture cannot be read.
    width, height : int or None
        Size of the upright picture in pixels.
    probability : float or None
        That the person chooses it.
    tags : list of str
        Its anomaly tags.
    faces, hands : list of tuple of 4 floats
        Boxes of the faces and of the hands that were found; empty where nobody has looked.
    """

    name: str
    picture: str
    version: str | None
    width: int | None
    height: int | None
    probability: _Fraction | None
    tags: list[str]
    faces: list[_Box]
    hands: list[_Box]


class FlagPlace(Struct, frozen=True):
    """Where a flag was raised.

    Attributes
    ----------
    flag : str
        One of the group's flags.
    index : int
        Position of the picture.
    box : tuple of 4 floats
        x1, y1, x2, y2 in fractions of the upright picture.
    """

    flag: str
    index: int
    box: _Box


class CropAlternative(Struct, frozen=True):
    """Another crop box.

    Attributes
    ----------
    box : tuple of 4 floats
        x1, y1, x2, y2 in fractions of the upright picture.
    probability : float or None
        That it is what the person wants.
    """

    box: _Box
    probability: _Fraction | None


class Crop(Struct, frozen=True):
    """The crop that is suggested.

    Attributes
    ----------
    offered : bool
        false: nothing is said about the frame.
    box : tuple of 4 floats or None
        x1, y1, x2, y2 in fractions of the upright picture; null keeps it whole.
    confidence : float or None
        Probability of what is suggested.
    keep_probability : float or None
        Probability that the person keeps the picture whole.
    reason : str
        Why, in words.
    alternatives : list of CropAlternative
        Other boxes, best first.
    """

    offered: bool
    box: _Box | None
    confidence: _Fraction | None
    keep_probability: _Fraction | None
    reason: str
    alternatives: list[CropAlternative]


class Decision(Struct, frozen=True):
    """The decision in force.

    Attributes
    ----------
    final_index : int or None
        Position of the picture that is kept.
    crop_coords : tuple of 4 floats or None
        x1, y1, x2, y2 in fractions of the upright picture; null keeps it whole.
    crop_by_hand : bool
        Whether the person crops the picture elsewhere.
    crop_source : str or None
        Where the crop came from.
    timestamp : str
        UTC time in ISO form.
    """

    final_index: int | None
    crop_coords: _Box | None
    crop_by_hand: bool
    crop_source: CropSource | None
    timestamp: str


class Group(Struct, frozen=True):
    """A set or single picture: what is suggested, and what was decided.

    Attributes
    ----------
    group_id : str
        Names the group.
    version : str
        Hash of what is suggested; a decision states it as `suggestion_version`.
    project : str
        Its project.
    state : {"pending", "approved", "overridden", "rejected", "skipped"}
        Where it stands.
    images : list of Image
        Its pictures, in the order in which they are shown.
    suggested : int or None
        Position of the suggested picture.
    confidence : float or None
        Probability that the person chooses it.
    none_probability : float or None
        Probability that the person rejects the whole set.
    reasons, flags, duplicates : list of str
        Why, what to look at twice, and what else looks the same, in words.
    within_budget : bool
        Whether it could be approved unseen at the error budget.
    crop : Crop
        The suggested crop.
    decision : Decision or None
        What was decided.
    audited : bool
        Whether it was drawn from a bulk approval: it is asked about without a suggestion, and
        nothing of the suggestion is told, not even afterwards.
    judges_crop : bool
        Whether its frame is asked for too, because a crop would have gone along.
    awaiting : bool
        Whether its members were changed by hand and nothing was suggested for it since.
    flag_places : list of FlagPlace
        Where the flags are that have a place.
    near_duplicates : bool
        Whether these are near duplicates, one of which is kept where it lies.
    """

    group_id: str
    version: str
    project: str
    state: State
    images: list[Image]
    suggested: int | None
    confidence: _Fraction | None
    none_probability: _Fraction | None
    reasons: list[str]
    flags: list[str]
    duplicates: list[str]
    within_budget: bool
    crop: Crop
    decision: Decision | None
    audited: bool
    judges_crop: bool
    awaiting: bool
    flag_places: list[FlagPlace]
    near_duplicates: bool


class Progress(Struct, frozen=True):
    """Counts by state, and the time left at today's pace.

    Attributes
    ----------
    total : int
        Groups.
    pending, approved, overridden, rejected, skipped : int
        Groups in that state.
    unsubmitted : int
        Groups whose exported line is missing or out of date.
    seconds_per_set, seconds_left : float or None
        Mean time between decisions, and for all that is pending; null before there is a pace.
    can_undo, can_redo : bool
        Whether there is something to take back, or to bring back.
    """

    total: int
    pending: int
    approved: int
    overridden: int
    rejected: int
    skipped: int
    unsubmitted: int
    seconds_per_set: float | None
    seconds_left: float | None
    can_undo: bool
    can_redo: bool


class LoadBatch(Struct, frozen=True):
    """Answer of `load_batch`.

    Attributes
    ----------
    groups : list of Group
        The groups.
    progress : Progress
        How far the review has come.
    csrf_token : str
        What the header X-CSRF-Token of a change must carry.
    """

    groups: list[Group]
    progress: Progress
    csrf_token: str


class Queue(Struct, frozen=True):
    """Answer of `queue`.

    Attributes
    ----------
    group_ids : list of str
        Groups that pass the filter, in order.
    first_pending : str or None
        The first of them without a decision.
    states : dict of str to str
        State of every group that is not pending.
    projects : list of str
        All projects.
    problems : list of str
        Suggestions that cannot be shown, and why.
    """

    group_ids: list[str]
    first_pending: str | None
    states: dict[str, State]
    projects: list[str]
    problems: list[str]


class Changed(Struct, frozen=True):
    """Answer of a change: the groups as they are now.

    Attributes
    ----------
    group_ids : list of str
        All groups that changed.
    groups : list of Group
        The first 200 of them.
    progress : Progress
        How far the review has come.
    asked : list of str
        Groups that a bulk approval withheld, to be asked about one by one.
    what : str
        What an undo took back, or a redo brought back, in words; empty otherwise.
    """

    group_ids: list[str]
    groups: list[Group]
    progress: Progress
    asked: list[str]
    what: str


class Stale(Struct, frozen=True):
    """Refusal of a decision on a suggestion that has changed; nothing was recorded.

    Attributes
    ----------
    error : str
        In words.
    group_ids : list of str
        All groups whose suggestion is another now, or is gone.
    groups : list of Group
        The first 200 of them as they are now; those that are gone are left out.
    progress : Progress
        How far the review has come.
    """

    error: str
    group_ids: list[str]
    groups: list[Group]
    progress: Progress


class Submitted(Struct, frozen=True):
    """Answer of `submit_batch`.

    Attributes
    ----------
    submitted : int
        Lines that were written.
    counts : dict of str to int
        The same by action.
    progress : Progress
        How far the review has come.
    """

    submitted: int
    counts: dict[str, int]
    progress: Progress


class KeyMap(Struct, frozen=True):
    """Answer of `keys`: the keys that a person changed.

    Attributes
    ----------
    keys : dict of str to str
        Key that the page is written for -> key that is pressed for it; all others stay.
    """

    keys: dict[str, str]


class DayReport(Struct, frozen=True):
    """Answer of `first_day`: what goes on beside the answers, and how good the model is.

    Attributes
    ----------
    phase : str
        `embedding`, `training`, `suggesting`, or `answering` while nothing is at work.
    until_model : int
        Answers until the first model is trained; 0 once there are enough.
    can_suggest : bool
        Whether there is a model to suggest for the sets that are left.
    orders : int
        Changes when the order of the sets, or what is suggested for them, has changed.
    words : list of str
        All of it in sentences.
    problem : str
        What failed last, and is tried again; empty where nothing did.
    """

    phase: str
    until_model: int
    can_suggest: bool
    orders: int
    words: list[str]
    problem: str
