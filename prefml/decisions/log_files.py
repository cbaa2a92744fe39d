"""List the log files of a workspace, and name the files beside them that are none."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from prefml.decisions.quarantine import printable
from prefml.exceptions import LogError
from prefml.workspace import Workspace

__all__ = ["SUFFIXES", "LogFiles", "find_logs"]

SUFFIXES = (".csv", ".tsv")
# More names than this are counted.
_SHOWN = 3


class LogFiles(NamedTuple):
    """Files in the folder of the logs.

    Attributes
    ----------
    paths : list of Path
        Files that are named like logs, by name.
    passed_over : list of str
        A line for each reason for which other files are not read, with their number and names.
    """

    paths: list[Path]
    passed_over: list[str]


def find_logs(workspace: Workspace) -> LogFiles:
    """List the logs of a workspace: the tables directly in `data/training`, else in the root.

    Parameters
    ----------
    workspace : Workspace
        The workspace. In its root other files are no matter of logs, and are not named.

    Returns
    -------
    LogFiles

    Raises
    ------
    LogError
        If the folder, or one below it, cannot be listed.
    """
    (folder,) = workspace.log_folders()
    found = list(_files_below(folder, deep=folder != workspace.root))
    files = [path for path in found if not path.name.startswith(".")]
    logs = [path for path in files if path.parent == folder and _is_table(path)]
    if folder == workspace.root:
        return LogFiles(logs, [])
    tables = [path for path in files if path.parent != folder and _is_table(path)]
    others = [path for path in files if not _is_table(path)]
    hidden = [path for path in found if path not in files and _is_table(path)]
    advice = f"put it into {_name(folder, workspace)}/ itself, under a name of its own"
    lines = [
        *_line(f"not read, for a log lies in no folder below ({advice})", tables, workspace),
        *_line(f"not read, for a log ends in {' or '.join(SUFFIXES)}", others, workspace),
        *_line("not read, for the name of a log begins with no dot", hidden, workspace),
    ]
    return LogFiles(logs, lines)


def _files_below(folder: Path, deep: bool) -> Iterator[Path]:
    """Yield files by name, a folder's own first, and none of hidden folders."""

    def refuse(error: OSError) -> None:
        place = error.filename or folder
        raise LogError(
            f"{place}: {error.strerror}", "a folder that can be listed", f"ls -ld {place}"
        ) from error

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if deep and not name.startswith("."))
        found = (Path(place) / name for name in sorted(names))
        yield from (path for path in found if path.is_file())


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _line(reason: str, paths: Sequence[Path], workspace: Workspace) -> Iterator[str]:
    if paths:
        names = ", ".join(_name(path, workspace) for path in paths[:_SHOWN])
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        yield f"{names}{more}: {reason}"


def _name(path: Path, workspace: Workspace) -> str:
    return printable(path.relative_to(workspace.root).as_posix())
