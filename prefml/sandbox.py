"""The two line files under review: what was suggested, and what the person decided."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefml.exceptions import LogError
from prefml.files import write_text
from prefml.workspace import Workspace

__all__ = [
    "Lines",
    "decisions_path",
    "index_of",
    "read_decided",
    "read_lines",
    "read_suggestions",
    "suggestions_path",
    "write_lines",
]


@dataclass(frozen=True)
class Lines:
    """The objects of a line file.

    Attributes
    ----------
    rows : tuple of dict
        The lines that hold a JSON object, in the order of the file.
    bad : tuple of str
        What is wrong with each other line, with its number.
    """

    rows: tuple[dict[str, Any], ...] = ()
    bad: tuple[str, ...] = ()

    def by_group(self) -> dict[str, dict[str, Any]]:
        """Return the last line of every group, in the order in which the groups first appear."""
        groups: dict[str, dict[str, Any]] = {}
        for row in self.rows:
            if isinstance(row.get("group_id"), str):
                groups[row["group_id"]] = row
        return groups


def suggestions_path(workspace: Workspace) -> Path:
    """Return where suggestions lie: `sandbox/automation_decisions.jsonl`."""
    return workspace.sandbox / "automation_decisions.jsonl"


def decisions_path(workspace: Workspace) -> Path:
    """Return where reviewed decisions lie: `sandbox/approved_decisions.jsonl`."""
    return workspace.sandbox / "approved_decisions.jsonl"


def read_lines(path: Path) -> Lines:
    """Read a file of one JSON object a line; a file that does not exist has none.

    Parameters
    ----------
    path : Path
        The file, UTF-8.

    Returns
    -------
    Lines

    Raises
    ------
    LogError
        If the file exists and cannot be read.
    """
    if not path.exists():
        return Lines()
    try:
        text = path.read_text("utf-8-sig", errors="replace")
    except OSError as error:
        raise LogError(f"{path}: {error.strerror or error}", "a readable file") from error
    rows, bad = [], []
    # Not splitlines(): JSON text may hold U+2028 and its like unescaped.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            found = _parse(line)
            if isinstance(found, dict):
                rows.append(found)
            else:
                bad.append(f"{path.name} line {number}: {found}")
    return Lines(tuple(rows), tuple(bad))


def _parse(line: str) -> dict[str, Any] | str:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return "not JSON"
    return value if isinstance(value, dict) else "not an object"


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a file of one JSON object a line, whole or not at all.

    Parameters
    ----------
    path : Path
        The file to write or replace.
    rows : iterable of mapping
        Plain types only, no NaN.
    """
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    write_text(path, "".join(f"{line}\n" for line in lines))


def read_suggestions(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Return the suggestion of every group, by its `group_id`."""
    return read_lines(suggestions_path(workspace)).by_group()


def read_decided(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Return the last decision on every group, by its `group_id`."""
    return read_lines(decisions_path(workspace)).by_group()


def index_of(choice: Any, images: list[str]) -> int | None:
    """Find the image that a `chosen` or `final_choice` entry names.

    Parameters
    ----------
    choice : object
        A path as it stands in `images`, a file name, or a position from 0.
    images : list of str
        The images of the set.

    Returns
    -------
    int or None
        The position, or None if the entry names none of them, or more than one.
    """
    if isinstance(choice, bool) or choice is None:
        return None
    if isinstance(choice, int):
        return choice if 0 <= choice < len(images) else None
    if choice in images:
        return images.index(choice)
    name = Path(str(choice)).name
    found = [i for i, image in enumerate(images) if Path(image).name == name]
    return found[0] if len(found) == 1 else None
