"""The two line files under review: what was suggested, and what the person decided."""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefml.exceptions import LogError, PrefmlError
from prefml.files import folder_lock, is_storable, replacing
from prefml.workspace import Workspace

__all__ = [
    "Lines",
    "decisions_path",
    "index_of",
    "only_writer",
    "read_decided",
    "read_lines",
    "read_suggestions",
    "rewrite_lines",
    "suggestions_path",
    "write_lines",
]


# What can be read at one depth of calls must still be writable, and printable, at a deeper one.
_DEEPEST = 100


@dataclass(frozen=True)
class Lines:
    """The objects of a line file.

    Attributes
    ----------
    rows : tuple of dict
        The lines that hold a JSON object, in the order of the file.
    bad : tuple of str
        What is wrong with each other line, with its number.
    bad_raw : tuple of bytes
        Those lines as they stand in the file.
    """

    rows: tuple[dict[str, Any], ...] = ()
    bad: tuple[str, ...] = ()
    bad_raw: tuple[bytes, ...] = ()

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


@contextmanager
def only_writer(workspace: Workspace, error: type[PrefmlError]) -> Iterator[None]:
    """Let one process at a time suggest for pictures, or move them.

    A second `suggest` would write its lines over those of the first, and `apply` would move the
    pictures that `suggest` is looking at. The review adds decisions all the while.

    Parameters
    ----------
    workspace : Workspace
        Its `sandbox/`, which exists, is held.
    error : type of PrefmlError
        What to raise if another process holds it.

    Raises
    ------
    PrefmlError
        Of the type given.
    """
    busy = error(
        f"another prefml apply or suggest is at work in {workspace.root}",
        "one run at a time",
        "the same command when it has finished",
    )
    with folder_lock(workspace.sandbox, busy):
        yield


def read_lines(path: Path) -> Lines:
    """Read a file of one JSON object a line; a file that does not exist has none.

    Parameters
    ----------
    path : Path
        The file, UTF-8.

    Returns
    -------
    Lines
        What a row holds can be written again: no NaN, no number beyond a float, no half of a
        character, no NUL.

    Raises
    ------
    LogError
        If the file exists and cannot be read.
    """
    if not path.exists():
        return Lines()
    if not path.is_file():
        raise LogError(f"{path} is not a regular file", "a file of JSON lines")
    try:
        raw = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise LogError(f"{path}: {error.strerror or error}", "a readable file") from error
    rows, bad, bad_raw = [], [], []
    # Not splitlines(): JSON text may hold U+2028 and its like unescaped.
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if line.strip():
            found = _parse(line)
            if isinstance(found, dict):
                rows.append(found)
            else:
                bad.append(f"{path.name} line {number}: {found}")
                bad_raw.append(line)
    return Lines(tuple(rows), tuple(bad), tuple(bad_raw))


def _parse(line: bytes) -> dict[str, Any] | str:
    try:
        value = json.loads(line.decode(), parse_float=_float, parse_int=_int, parse_constant=_float)
    except UnicodeDecodeError:
        return "not UTF-8"
    except (ValueError, RecursionError):
        return "not JSON"
    if not isinstance(value, dict):
        return "not an object"
    if line.count(b"[") + line.count(b"{") > _DEEPEST and _depth(value) > _DEEPEST:
        return "nested too deeply"
    # Only an escape can smuggle in what no file may hold.
    if b"\\u" in line and not all(map(is_storable, _texts(value))):
        return "text with half a character or a NUL"
    return value


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        inner = (one.values() if isinstance(one, dict) else one for one in level)
        level = [one for many in inner for one in many if isinstance(one, dict | list)]
    return depth


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no number that JSON can hold")
    return value


def _int(text: str) -> int:
    _float(text)
    return int(text)


def _texts(value: object) -> Iterator[str]:
    """Yield every key and every text of a JSON value."""
    level = [value]
    while level:
        one = level.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            level += [*one, *one.values()]
        elif isinstance(one, list):
            level += one


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a file of one JSON object a line, whole or not at all.

    Parameters
    ----------
    path : Path
        The file to write or replace.
    rows : iterable of mapping
        Plain types only, no NaN.
    """
    _write(path, rows, ())


def rewrite_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Replace the objects of a line file; lines that hold none stay as they are, at its end.

    Parameters
    ----------
    path : Path
        The file to write or replace.
    rows : iterable of mapping
        Plain types only, no NaN.

    Raises
    ------
    LogError
        If the file exists and cannot be read.
    """
    _write(path, rows, read_lines(path).bad_raw)


def _write(path: Path, rows: Iterable[Mapping[str, Any]], others: Iterable[bytes]) -> None:
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False).encode() for row in rows)
    content = b"".join(line + b"\n" for line in (*lines, *others))
    with replacing(path) as temporary:
        temporary.write_bytes(content)


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
