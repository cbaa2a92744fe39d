"""Read suggestions for review: checked, typed, and forgiving about what is absent."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from prefml.boxes import FULL_FRAME, Box, read_box
from prefml.exceptions import BoxError, WorkspaceError
from prefml.imaging.formats import PICTURE_SUFFIXES
from prefml.proposals import (
    Row,
    as_list,
    as_mapping,
    index_of,
    read_lines,
    read_share,
    suggestions_path,
)
from prefml.proposals.corrections import AWAITING, CorrectedSet, corrected_rows
from prefml.workspace import Workspace

__all__ = ["Batch", "CropProposal", "Group", "corrected_batch", "parse_group", "read_batch"]

# Below this probability of the suggested image a set counts as uncertain.
UNCERTAIN = 0.75
# Fields of a suggestion that the page does not draw and that tell it from another all the same.
_STAMPS = ("model", "encoder", "budget")


@dataclass(frozen=True)
class CropProposal:
    """Crop that is proposed for the suggested image.

    Attributes
    ----------
    box : tuple of float or None
        x1, y1, x2, y2 in fractions; None proposes to keep the picture whole.
    confidence : float or None
        Probability of what is proposed.
    keep_probability : float or None
        Probability that the person keeps the picture whole.
    reason : str
        Why, in words.
    alternatives : tuple of (box, probability or None)
        Other boxes, best first.
    offered : bool
        Whether anything was said about the frame; without a crop model nothing is.
    """

    box: Box | None = None
    confidence: float | None = None
    keep_probability: float | None = None
    reason: str = ""
    alternatives: tuple[tuple[Box, float | None], ...] = ()
    offered: bool = False


@dataclass(frozen=True)
class Group:
    """A set, or single picture, with what is suggested for it.

    Attributes
    ----------
    group_id : str
        Unique in the file of suggestions.
    project : str
        Project id; empty when the suggestion names none.
    images : tuple of str
        Paths relative to the workspace, in the order in which they are shown.
    chosen : int or None
        Position of the suggested image.
    confidence : float or None
        Probability that the person would choose it.
    probabilities : tuple of float or None
        The same for every image; empty when unknown.
    reasons : tuple of str
        Why, in words.
    none_probability : float or None
        Probability that the person rejects the whole set.
    crop : CropProposal
        What is proposed for the suggested image's frame.
    flags, duplicates : tuple of str
        What looked odd, and what else looks the same, in words.
    within_budget : bool
        Whether the set could be approved unseen at the chosen error budget.
    raw : mapping
        The suggestion as it was read, without its images.
    """

    group_id: str
    project: str
    images: tuple[str, ...]
    chosen: int | None = None
    confidence: float | None = None
    probabilities: tuple[float | None, ...] = ()
    reasons: tuple[str, ...] = ()
    none_probability: float | None = None
    crop: CropProposal = field(default_factory=CropProposal)
    flags: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    within_budget: bool = False
    raw: Mapping[str, object] = field(default_factory=dict)

    @cached_property
    def version(self) -> str:
        """Hash of all that the page is told, of the models and of the budget; 16 hex digits.

        A later run of the same models that says the same of the same pictures has the same.
        """
        told = {name: value for name, value in vars(self).items() if name != "raw"}
        stamps = {name: self.raw.get(name) for name in _STAMPS}
        text = json.dumps([told, stamps], sort_keys=True, default=vars)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def uncertain(self) -> bool:
        """Tell whether the suggestion is less than 75 % sure of what it proposes."""
        value = self.confidence if len(self.images) > 1 else self.crop.confidence
        return value is None or value < UNCERTAIN

    @property
    def flag_places(self) -> tuple[tuple[str, int, Box], ...]:
        """Flags that have a place: the flag, the position of its picture, and the box."""
        found = []
        for place in map(as_mapping, as_list(self.raw.get("flag_places"))):
            flag, image = place.get("flag"), index_of(place.get("image"), self.images)
            box = _box(place.get("box"))
            if isinstance(flag, str) and flag in self.flags and image is not None and box:
                found.append((flag, image, box))
        return tuple(found)

    @property
    def awaiting(self) -> bool:
        """Tell whether its members were changed by hand and nothing was suggested since."""
        return self.raw.get(AWAITING) is True

    @property
    def judges_crop(self) -> bool:
        """Tell whether there is a crop to judge: one is proposed, or the picture stands alone."""
        return self.crop.box is not None or len(self.images) == 1


@dataclass(frozen=True)
class Batch:
    """Suggestions of a file.

    Attributes
    ----------
    groups : dict of str to Group
        By group id, in the order of the file.
    problems : tuple of str
        Lines that could not be used, and why.
    rows : tuple of dict
        The lines that could be used.
    """

    groups: dict[str, Group]
    problems: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


def read_batch(workspace: Workspace) -> Batch:
    """Read the suggestions that wait for review.

    Parameters
    ----------
    workspace : Workspace
        Where they lie.

    Returns
    -------
    Batch

    Raises
    ------
    WorkspaceError
        If there is no file of suggestions, and no picture either for which there could be some.
    LogError
        If it cannot be read.
    """
    path = suggestions_path(workspace)
    if not path.is_file():
        if any(map(_holds_pictures, workspace.image_roots())):
            return Batch({})
        raise WorkspaceError(f"no {path}", "suggestions to review", "prefml suggest")
    lines = read_lines(path)
    groups: dict[str, Group] = {}
    problems = list(lines.bad)
    rows: list[Row] = []
    for row in lines.rows:
        group = parse_group(row)
        if isinstance(group, str):
            problems.append(group)
        elif group.group_id in groups:
            problems.append(f"group {group.group_id}: occurs twice, the first is used")
        else:
            groups[group.group_id] = group
            rows.append(row)
    return Batch(groups, tuple(problems), tuple(rows))


def _holds_pictures(folder: Path) -> bool:
    """Tell whether a picture lies below a folder, looking no further than the first."""
    for _, _, names in os.walk(folder):
        if any(Path(name).suffix.lower() in PICTURE_SUFFIXES for name in names):
            return True
    return False


def corrected_batch(batch: Batch, sets: Sequence[CorrectedSet]) -> Batch:
    """Hold suggestions to the sets that a person formed.

    Parameters
    ----------
    batch : Batch
        As it was read.
    sets : sequence of CorrectedSet
        The sets.

    Returns
    -------
    Batch
        See `prefml.proposals.corrections.corrected_rows`.
    """
    if not sets:
        return batch
    groups: dict[str, Group] = {}
    for row in corrected_rows(batch.rows, sets):
        known = batch.groups.get(str(row["group_id"]))
        same = known is not None and list(known.images) == row["images"]
        group = known if same else parse_group(row)
        # Only pictures of sets that could be read were put into others.
        assert isinstance(group, Group)
        groups[group.group_id] = group
    return Batch(groups, batch.problems, batch.rows)


def parse_group(row: Mapping[str, object]) -> Group | str:
    """Make a group of one suggestion, or say why it cannot be one.

    Parameters
    ----------
    row : mapping
        One object of `automation_decisions.jsonl`.

    Returns
    -------
    Group or str
    """
    group_id, images = row.get("group_id"), row.get("images")
    if not isinstance(group_id, str) or not group_id:
        return "a suggestion without group_id"
    if not isinstance(images, list) or not images or not all(map(_is_path, images)):
        return f"group {group_id}: images is not a list of paths"
    if len(set(images)) < len(images):
        return f"group {group_id}: an image occurs twice"
    first, second = as_mapping(row.get("step1_selection")), as_mapping(row.get("step2_crop"))
    chosen = index_of(first.get("chosen"), images)
    shares = tuple(map(read_share, as_list(first.get("probabilities"))))
    crop = _crop(second, row)
    unread = second.get("needs_crop") is True and not crop.offered
    return Group(
        group_id=group_id,
        project=_project(row, images),
        images=tuple(images),
        chosen=0 if chosen is None and len(images) == 1 else chosen,
        confidence=read_share(first.get("confidence")),
        probabilities=shares if len(shares) == len(images) else (),
        reasons=_texts(row.get("reasons")) or _texts(first.get("reason")),
        none_probability=read_share(row.get("none_probability")),
        crop=crop,
        flags=(*_texts(row.get("flags")), *(["the suggested crop is no box"] * unread)),
        duplicates=_texts(row.get("duplicates")),
        within_budget=row.get("within_budget") is True,
        raw={key: value for key, value in row.items() if key not in ("group_id", "images")},
    )


def _is_path(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _project(row: Mapping[str, object], images: list[str]) -> str:
    """Return the project that is named, or the folder of the first picture."""
    named = row.get("project_id")
    if isinstance(named, str):
        return named
    parts = Path(images[0]).parts
    return parts[-2] if len(parts) > 1 else ""


def _texts(value: object) -> tuple[str, ...]:
    """Read words, however they are nested; nothing else is said."""
    if isinstance(value, str):
        return (value,) if value.strip() else ()
    if isinstance(value, dict):
        return tuple(f"{key}: {item}" for key, item in value.items())
    return tuple(map(_text, as_list(value)))


def _text(item: object) -> str:
    for key in ("reason", "text", "flag", "image"):
        named = as_mapping(item).get(key)
        if isinstance(named, str):
            return named
    return ", ".join(_texts(item)) if isinstance(item, list | dict) else str(item)


def _crop(second: Mapping[str, object], row: Mapping[str, object]) -> CropProposal:
    box = _box(second.get("crop_coords")) if second.get("needs_crop") else FULL_FRAME
    offered = second.get("alternatives", row.get("crop_alternatives"))
    return CropProposal(
        box=None if box == FULL_FRAME else box,
        confidence=read_share(second.get("confidence")),
        keep_probability=read_share(second.get("keep_probability")),
        reason=", ".join(_texts(second.get("reason"))),
        alternatives=tuple(_alternatives(offered)),
        offered=isinstance(second.get("needs_crop"), bool) and box is not None,
    )


def _box(value: object) -> Box | None:
    try:
        return read_box(value)
    except BoxError:
        return None


def _alternatives(value: object) -> Iterable[tuple[Box, float | None]]:
    for item in as_list(value):
        found = as_mapping(item)
        box = _box(found.get("crop_coords", item))
        if box is not None:
            yield box, read_share(found.get("probability"))
