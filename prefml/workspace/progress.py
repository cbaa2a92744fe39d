"""Tell another process how far a command has come, in a file that it names."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from prefml.files import replacing

__all__ = ["VARIABLE", "Progress", "read_progress", "report_part", "reported"]

T = TypeVar("T")
# Of the environment of a process: the file in which it tells how far it is.
VARIABLE = "PREFML_PROGRESS"
# Seconds between two notes.
_PACE = 0.3


class Progress(msgspec.Struct, frozen=True):
    """Point that a command has come to.

    Attributes
    ----------
    part : str
        Name of what is being done.
    done : int
        Items that are through.
    total : int or None
        Items that there are; None where they are not counted.
    """

    part: str
    done: int = 0
    total: int | None = None


def report_part(part: str) -> None:
    """Note what is being done, if another process asked for it.

    Parameters
    ----------
    part : str
        Its name.
    """
    if path := os.environ.get(VARIABLE):
        _note(Path(path), Progress(part))


def reported(items: Iterable[T], total: int | None, part: str) -> Iterable[T]:
    """Note how many items are through, if another process asked for it.

    Parameters
    ----------
    items : iterable
        The items.
    total : int or None
        Their number, if it is known.
    part : str
        Name of what is being done.

    Returns
    -------
    iterable
        The same items.
    """
    path = os.environ.get(VARIABLE)
    return _noting(items, total, part, Path(path)) if path else items


def _noting(items: Iterable[T], total: int | None, part: str, path: Path) -> Iterator[T]:
    noted = 0.0
    done = 0
    for done, item in enumerate(items):
        if time.monotonic() - noted >= _PACE:
            _note(path, Progress(part, done, total))
            noted = time.monotonic()
        yield item
        done += 1
    _note(path, Progress(part, done, total))


def _note(path: Path, progress: Progress) -> None:
    # A command must not fail for want of telling.
    with suppress(OSError), replacing(path) as temporary:
        temporary.write_bytes(msgspec.json.encode(progress))


def read_progress(path: Path) -> Progress | None:
    """Read how far a command has come.

    Parameters
    ----------
    path : Path
        The file that it was told of.

    Returns
    -------
    Progress or None
        None where it has noted nothing yet.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Progress)
    except (OSError, msgspec.DecodeError):
        return None
