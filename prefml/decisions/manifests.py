"""Read project manifests, `data/projects/<projectId>.project.json`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from prefml.decisions.documents import as_mapping
from prefml.decisions.quarantine import printable
from prefml.decisions.stages import split_path
from prefml.decisions.tables import read_bytes
from prefml.decisions.times import parse_timestamp
from prefml.files import is_storable
from prefml.workspace import canonical_name

__all__ = ["UNKNOWN", "Manifest", "read_manifests"]

UNKNOWN = "unknown"
"""The project of rows whose project cannot be determined; no manifest may claim it."""
# Bytes of a folder's name, on every usual file system.
_LONGEST = 255


@dataclass(frozen=True)
class Manifest:
    """Names and dates of a project.

    Attributes
    ----------
    project : str
        Its id, canonical (see `prefml.workspace.canonical_name`).
    names : tuple of str
        Folder names that mean this project: title and last part of `paths.root`.
    days : tuple or None
        First and last day in UTC, the last one None while the project is in work. None: the dates
        cannot be used.
    path : str
        The manifest's file name.
    """

    project: str
    names: tuple[str, ...]
    days: tuple[date, date | None] | None
    path: str

    def covers(self, day: date) -> bool:
        """Tell whether a day lies between the project's dates, both included.

        Parameters
        ----------
        day : date
            In UTC.

        Returns
        -------
        bool
            False where the dates cannot be used.
        """
        if self.days is None:
            return False
        first, last = self.days
        return first <= day and (last is None or day <= last)


def read_manifests(folders: Iterable[Path]) -> tuple[list[Manifest], list[str]]:
    """Read every manifest in some folders.

    JSON files that are no manifest are passed over.

    Parameters
    ----------
    folders : iterable of Path
        Folders of `*.json` files.

    Returns
    -------
    manifests : list of Manifest
        In the order of their file names, one for each id.
    problems : list of str
        Manifests that are broken, repeat an id or have dates that cannot be used.

    Raises
    ------
    LogError
        If a file cannot be read from the disk.
    """
    manifests: dict[str, Manifest] = {}
    problems: list[str] = []
    for path in sorted(path for folder in folders for path in folder.glob("*.json")):
        if not path.is_file():
            continue
        found = _read(path, problems)
        if found is None:
            continue
        if found.project in manifests:
            first = manifests[found.project].path
            problems.append(f"{found.path}: repeats the id of {first}; it is left out")
        manifests.setdefault(found.project, found)
    return list(manifests.values()), problems


def _read(path: Path, problems: list[str]) -> Manifest | None:
    name = printable(path.name)
    claims = name.endswith(".project.json")
    try:
        document = as_mapping(json.loads(read_bytes(path).decode("utf-8-sig")))
    except (ValueError, RecursionError):
        if claims:
            problems.append(f"{name}: not JSON in UTF-8; it is left out")
        return None
    identity = document.get("projectId")
    if not _usable(identity):
        if claims or identity is not None:
            problems.append(f"{name}: no usable projectId; it is left out")
        return None
    days = _days(document, name, problems)
    return Manifest(canonical_name(str(identity)), _folder_names(document), days, name)


def _usable(text: object) -> bool:
    """Tell whether a text can name a project, and a folder in the workspace."""
    if not isinstance(text, str) or not text.strip() or text == UNKNOWN or not is_storable(text):
        return False
    place = PurePosixPath(text)
    leads_away = place.is_absolute() or ".." in place.parts or not place.parts
    try:
        return not leads_away and len(os.fsencode(text)) <= _LONGEST
    except UnicodeEncodeError:
        # No folder can have it in the encoding of this system's file names.
        return False


def _folder_names(document: Mapping[str, object]) -> tuple[str, ...]:
    root = as_mapping(document.get("paths")).get("root")
    last = split_path(root.rstrip("/\\"))[1] if isinstance(root, str) else ""
    named = (document.get("title"), last)
    return tuple(dict.fromkeys(canonical_name(str(name)) for name in named if _usable(name)))


def _days(
    document: Mapping[str, object], name: str, problems: list[str]
) -> tuple[date, date | None] | None:
    start, end = document.get("startedAt"), document.get("finishedAt")
    first, last = parse_timestamp(start), parse_timestamp(end)
    if first is None or (last is None and end is not None):
        problems.append(f"{name}: startedAt {start!r}, finishedAt {end!r}; not matched by date")
        return None
    if last is not None and last < first:
        problems.append(f"{name}: finishes {end} before it starts {start}; not matched by date")
        return None
    return first.date(), last.date() if last else None
