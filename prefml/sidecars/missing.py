"""Match the logged pictures with those on the disk, and find the likely reason for each gap."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import NamedTuple
from urllib.parse import unquote

import pandas as pd

from prefml.decisions import Decisions
from prefml.imaging.formats import readable_suffixes
from prefml.sidecars.find import UNKNOWN, ImageFile

__all__ = ["REASONS", "Gap", "MissingPictures", "missing_pictures"]

Key = tuple[str, str]

REASONS: Mapping[str, str] = {
    "other_spelling": "upper and lower case, spaces or look-alike characters differ",
    "percent_encoded": "the log has %XX in place of characters",
    "other_suffix": "there with another suffix",
    "longer_name": "there under a name that begins alike",
    "other_project": "there in another project",
    "unknown_project": "there in a folder of no known project",
    "unread_format": "no format that is read",
    "no_pictures": "the project has no picture in the image folders",
    "nothing_alike": "nothing alike is there",
}
"""Reason for which a logged picture is not found -> the reason in words."""

# Reasons that name the file that was meant, so that a step mends them.
_MENDABLE = frozenset(
    ("other_spelling", "percent_encoded", "other_suffix", "longer_name", "other_project",
     "unknown_project")
)  # fmt: skip


class Gap(NamedTuple):
    """Logged pictures that are missing for one reason.

    Attributes
    ----------
    reason : str
        A key of `REASONS`.
    pictures : int
        Number of them.
    example : str
        Name of one of them, as logged.
    found : str
        Path of the file that is probably meant; empty if there is none.
    """

    reason: str
    pictures: int
    example: str
    found: str

    @property
    def mendable(self) -> bool:
        """Tell whether the file that was meant is there."""
        return self.reason in _MENDABLE

    def __str__(self) -> str:
        """Return the gap in words, with its example."""
        meant = f" -> {self.found}" if self.found else ""
        return f"{self.pictures} {REASONS[self.reason]}, such as {self.example}{meant}"


@dataclass(frozen=True)
class MissingPictures:
    """Logged pictures of one project, and those of them that are not there.

    Attributes
    ----------
    project : str
        The project.
    logged : int
        Pictures that its logs name.
    gaps : list of Gap
        What is missing, the most frequent reason first; empty if nothing is.
    """

    project: str
    logged: int
    gaps: list[Gap] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """Number of pictures that are missing."""
        return sum(gap.pictures for gap in self.gaps)


def missing_pictures(decisions: Decisions, images: Sequence[ImageFile]) -> list[MissingPictures]:
    """Match the pictures of all accepted decisions with those on the disk.

    Parameters
    ----------
    decisions : Decisions
        Their items, crops and rejections name the pictures; those of no known project are left
        out.
    images : sequence of ImageFile
        The pictures that are there.

    Returns
    -------
    list of MissingPictures
        One for each project with decisions, by name.
    """
    frames = (decisions.items, decisions.crops, decisions.rejections)
    logged = pd.concat([frame[["project", "filename"]] for frame in frames]).drop_duplicates()
    logged = logged[logged["project"] != UNKNOWN].sort_values(["project", "filename"])
    disk = _Disk(images)
    found = []
    for project, names in logged.groupby("project")["filename"]:
        absent = [name for name in names if (project, name) not in disk.paths]
        found.append(MissingPictures(str(project), len(names), _gaps(str(project), absent, disk)))
    return found


class _Disk:
    """Pictures on the disk, by every name that a log may have for them."""

    def __init__(self, images: Iterable[ImageFile]) -> None:
        self.paths = {image.key: image.path for image in images}
        self.projects = {project for project, _ in self.paths}
        self._names: dict[str, list[str]] = {}
        self._spelled: dict[Key, str] = {}
        self._stems: dict[Key, str] = {}
        self._elsewhere: dict[str, list[Key]] = {}
        for key in sorted(self.paths):
            project, name = key
            self._names.setdefault(project, []).append(name)
            self._spelled.setdefault((project, _folded(name)), name)
            self._stems.setdefault((project, PurePath(name).stem), name)
            self._elsewhere.setdefault(name, []).append(key)

    def match(self, project: str, name: str) -> tuple[str, str]:
        """Return the likely reason for which a picture is not found, and the file meant."""
        for reason, key in self._candidates(project, name):
            if key in self.paths:
                return reason, self.paths[key]
        if PurePath(name).suffix.lower() not in readable_suffixes():
            return "unread_format", ""
        return ("nothing_alike" if project in self.projects else "no_pictures"), ""

    def _candidates(self, project: str, name: str) -> Iterator[tuple[str, Key]]:
        plain, stem = unquote(name), PurePath(name).stem
        yield "other_spelling", (project, self._spelled.get((project, _folded(name)), ""))
        if plain != name:
            yield "percent_encoded", (project, self._spelled.get((project, _folded(plain)), ""))
        yield "other_suffix", (project, self._stems.get((project, stem), ""))
        for other in self._elsewhere.get(name, ()):
            known = other[0] != UNKNOWN
            yield ("other_project" if known else "unknown_project"), other
        yield "longer_name", (project, self._longer(project, stem))

    def _longer(self, project: str, stem: str) -> str:
        names = self._names.get(project, [])
        for mark in ("_", "-", " ", "("):
            place = bisect_left(names, stem + mark)
            if place < len(names) and names[place].startswith(stem + mark):
                return names[place]
        return ""


def _folded(name: str) -> str:
    """Return a name without case, kinds of spaces and compatibility forms."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _gaps(project: str, names: Iterable[str], disk: _Disk) -> list[Gap]:
    gaps: dict[str, Gap] = {}
    for name in names:
        reason, found = disk.match(project, name)
        known = gaps.get(reason, Gap(reason, 0, name, found))
        gaps[reason] = known._replace(pictures=known.pictures + 1)
    return sorted(gaps.values(), key=lambda gap: -gap.pictures)
