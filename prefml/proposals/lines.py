"""Read and write files of one JSON object a line, keeping what cannot be read."""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from prefml.exceptions import LogError
from prefml.files import is_storable, replacing

__all__ = ["Lines", "Row", "read_lines", "rewrite_lines", "write_lines"]

# A line as it was read: prefml's own fields, and whatever another tool added.
Row: TypeAlias = dict[str, object]

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

    rows: tuple[Row, ...] = ()
    bad: tuple[str, ...] = ()
    bad_raw: tuple[bytes, ...] = ()

    def by_group(self) -> dict[str, Row]:
        """Return the last line of every group, in the order in which the groups first appear."""
        groups: dict[str, Row] = {}
        for row in self.rows:
            group_id = row.get("group_id")
            if isinstance(group_id, str):
                groups[group_id] = row
        return groups


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


def _parse(line: bytes) -> Row | str:
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


def _depth(value: object) -> int:
    """Count the levels of arrays and objects, without a call for each."""
    depth, level = 0, [value]
    while level:
        depth += 1
        inner = [item for one in level for item in _children(one)]
        level = [item for item in inner if isinstance(item, dict | list)]
    return depth


def _children(value: object) -> Iterable[object]:
    """Return the values inside an array or object; anything else holds none."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


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
            level += one
        level += _children(one)


def write_lines(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write a file of one JSON object a line, whole or not at all.

    Parameters
    ----------
    path : Path
        The file to write or replace.
    rows : iterable of mapping
        Plain types only, no NaN.
    """
    _write(path, rows, ())


def rewrite_lines(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
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


def _write(path: Path, rows: Iterable[Mapping[str, object]], others: Iterable[bytes]) -> None:
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False).encode() for row in rows)
    content = b"".join(line + b"\n" for line in (*lines, *others))
    with replacing(path) as temporary:
        temporary.write_bytes(content)
