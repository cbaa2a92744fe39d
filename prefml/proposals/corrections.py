"""Keep the sets that a person formed by hand, and hold suggestions to them.

A corrected set names its pictures; it is a line of `sandbox/set_corrections.jsonl`, which the
review writes and `prefml sets` and `prefml suggest` respect.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from msgspec import Struct, ValidationError, convert

from prefml.proposals.fields import as_list
from prefml.proposals.lines import Row, read_lines, rewrite_lines
from prefml.proposals.suggestions import to_row
from prefml.workspace import Workspace

__all__ = [
    "AWAITING",
    "CorrectedSet",
    "Corrections",
    "corrected_rows",
    "corrections_path",
    "name_of_set",
    "read_corrections",
    "write_corrections",
]

# Field of a suggestion whose set was formed by hand and has not been rated since.
AWAITING = "awaiting"


class CorrectedSet(Struct, frozen=True):
    """Pictures that a person put into one set, or one picture that was set apart.

    Attributes
    ----------
    group_id : str
        Names the set; the same for the same pictures.
    project_id : str
        The project of all of them.
    images : list of str
        Paths relative to the workspace, in the order in which they are shown.
    corrected : str
        UTC time in ISO form.
    is_pinned : bool
        Whether the person formed it. A set that undo brought back is none: it holds until
        `prefml suggest` forms sets of its pictures anew, and is not kept in the file.
    """

    group_id: str
    project_id: str
    images: list[str]
    corrected: str
    is_pinned: bool = True


@dataclass(frozen=True)
class Corrections:
    """Corrected sets of a workspace.

    Attributes
    ----------
    sets : tuple of CorrectedSet
        No picture in two of them.
    problems : tuple of str
        Lines that cannot be used, and why.
    unused : tuple of dict
        Those of them that are objects.
    """

    sets: tuple[CorrectedSet, ...] = ()
    problems: tuple[str, ...] = ()
    unused: tuple[Row, ...] = ()


def corrections_path(workspace: Workspace) -> Path:
    """Return where corrected sets lie: `sandbox/set_corrections.jsonl`."""
    return workspace.sandbox / "set_corrections.jsonl"


def name_of_set(project: str, names: Sequence[str], *kind: str) -> str:
    """Return a name for a set: the same for the same pictures, and for no others.

    Parameters
    ----------
    project : str
        Their project.
    names : sequence of str
        Names of the pictures, at least one.
    *kind : str
        What tells it from a set of the same pictures, where it is none.

    Returns
    -------
    str
        Its beginning can be read.
    """
    digest = hashlib.sha256("\0".join((*kind, project, *names)).encode()).hexdigest()[:10]
    stem = PurePosixPath(names[0]).stem
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', f'{project}_{stem}')}_{digest}"


def read_corrections(workspace: Workspace) -> Corrections:
    """Read the corrected sets of a workspace.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Returns
    -------
    Corrections
        Of two lines that name one picture, the first counts.

    Raises
    ------
    LogError
        If the file exists and cannot be read.
    """
    path = corrections_path(workspace)
    lines = read_lines(path)
    sets, problems, unused = [], list(lines.bad), []
    taken, names = set[str](), {""}
    for row in lines.rows:
        found = _corrected_set(row, taken, names)
        if isinstance(found, str):
            problems.append(f"{path.name}: {found}"[:200])
            unused.append(row)
        else:
            taken.update(found.images)
            names.add(found.group_id)
            sets.append(found)
    return Corrections(tuple(sets), tuple(problems), tuple(unused))


def _corrected_set(row: Row, taken: Collection[str], names: Collection[str]) -> CorrectedSet | str:
    """Read one line, or say why it cannot be used."""
    try:
        found = convert(row, CorrectedSet)
    except ValidationError as error:
        return str(error)
    if found.group_id in names:
        return f"group_id {found.group_id!r} is empty or that of an earlier set"
    if not found.images or len(set(found.images)) < len(found.images):
        return f"{found.group_id} names no picture, or one twice"
    if any(image in taken for image in found.images):
        return f"{found.group_id} names a picture of an earlier set"
    return found


def write_corrections(workspace: Workspace, sets: Iterable[CorrectedSet]) -> None:
    """Replace the corrected sets of a workspace; lines that cannot be used stay.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    sets : iterable of CorrectedSet
        Those that are pinned are kept. Without any, no file is made.
    """
    rows = [to_row(one) for one in sets if one.is_pinned]
    for row in rows:
        del row["is_pinned"]
    path = corrections_path(workspace)
    if rows or path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        rewrite_lines(path, [*rows, *read_corrections(workspace).unused])


def corrected_rows(rows: Sequence[Row], sets: Sequence[CorrectedSet]) -> list[Row]:
    """Hold suggestions to corrected sets.

    Parameters
    ----------
    rows : sequence of dict
        Suggestions, in their order. Old sets that are asked again stay as they are.
    sets : sequence of CorrectedSet
        Corrected sets, no picture in two of them.

    Returns
    -------
    list of dict
        Each picture of the rows once, if it was there once. A corrected set stands where most of
        its pictures were. A row of exactly its pictures is its suggestion; without one it carries
        nothing but its pictures and the field `awaiting`. So does what is left of a row. Pictures
        that no row names are left out.
    """
    return _Overlay(rows, sets).rows() if sets else list(rows)


class _Overlay:
    """Suggestions and the corrected sets that they are held to."""

    def __init__(self, rows: Sequence[Row], sets: Sequence[CorrectedSet]) -> None:
        self._rows = rows
        # Old sets that are asked again, and near duplicates, form no set of their pictures.
        apart = [row.get("reask_of") or row.get("near_duplicates") for row in rows]
        pairs = zip(rows, apart, strict=True)
        found = ([] if is_apart else as_list(row.get("images")) for row, is_apart in pairs)
        self._images = [[i for i in images if isinstance(i, str)] for images in found]
        self._of_members = {
            frozenset(images): row
            for row, images in zip(reversed(rows), reversed(self._images), strict=True)
        }
        named: dict[str, list[int]] = {}
        for at, images in enumerate(self._images):
            for image in images:
                named.setdefault(image, []).append(at)
        self._sets = [one for one in sets if self._holds(one, named)]
        self._owner = {image: at for at, one in enumerate(self._sets) for image in one.images}
        self._members = [[i for i in one.images if i in named] for one in self._sets]
        counts = (Counter(at for i in images for at in named[i]) for images in self._members)
        self._home = [max(sorted(count), key=count.__getitem__, default=-1) for count in counts]
        self._kept_names = {
            row.get("group_id")
            for row, images in zip(rows, self._images, strict=True)
            if self._owner.keys().isdisjoint(images)
        }

    def _holds(self, one: CorrectedSet, named: Mapping[str, list[int]]) -> bool:
        """Tell whether a set is in force.

        One of two projects is not, and what undo brought back gives way to a later run.
        """
        rows = [self._rows[at] for image in one.images for at in named.get(image, ())]
        if len(set(map(_project, rows))) > 1:
            return False
        later = (_is_later(row.get("created"), one.corrected) for row in rows)
        return one.is_pinned or not any(later)

    def rows(self) -> list[Row]:
        found: list[Row] = []
        for at, (row, images) in enumerate(zip(self._rows, self._images, strict=True)):
            parts = dict.fromkeys(self._owner.get(image) for image in images)
            if not parts or list(parts) == [None]:
                found.append(row)
            else:
                found += self._split(at, parts)
        return found

    def _split(self, at: int, parts: Iterable[int | None]) -> Iterator[Row]:
        """Yield what a row becomes of which pictures are in corrected sets."""
        for owner in parts:
            if owner is None:
                rest = [image for image in self._images[at] if image not in self._owner]
                yield _bare(_project(self._rows[at]), rest)
            elif self._home[owner] == at:
                yield self._corrected(self._sets[owner], self._members[owner], self._rows[at])

    def _corrected(self, one: CorrectedSet, members: list[str], home: Row) -> Row:
        bare = _bare(_project(home), members)
        row = self._of_members.get(frozenset(members), bare)
        # What is there in part is another set, and a name that is taken is that of another.
        is_whole = len(members) == len(one.images) and one.group_id not in self._kept_names
        if is_whole:
            return row | {"group_id": one.group_id}
        taken = self._kept_names | {other.group_id for other in self._sets}
        return row | {"group_id": bare["group_id"]} if row.get("group_id") in taken else row


def _project(row: Row) -> str:
    """Return the project that a row names, or the folder of its first picture."""
    named, images = row.get("project_id"), as_list(row.get("images"))
    return named if isinstance(named, str) else PurePosixPath(str(images[0])).parent.name


def _bare(project: str, images: list[str]) -> Row:
    """Return a suggestion that says nothing yet."""
    name = name_of_set(project, images)
    return {"group_id": name, "images": images, "project_id": project, AWAITING: True}


def _is_later(created: object, than: str) -> bool:
    try:
        return datetime.fromisoformat(str(created)) > datetime.fromisoformat(than)
    except (ValueError, TypeError):
        return False
