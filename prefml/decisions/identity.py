"""Tell pictures of one project apart: by file name, and where names repeat by the path below it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from prefml.decisions.manifests import UNKNOWN
from prefml.decisions.quarantine import RowRefusedError, printable
from prefml.decisions.stages import split_path
from prefml.workspace import canonical_name

if TYPE_CHECKING:
    from prefml.decisions.projects import ProjectResolver
    from prefml.workspace import Workspace

__all__ = ["Identities", "repeated_names", "walk_folders"]

_SHOWN = 5

DirEntry: TypeAlias = "os.DirEntry[str]"


class Identities:
    """Lookup of what a picture is called in its project.

    Most names occur once, and a picture is called by its file name wherever it lies. Where a name
    occurs in two folders below a project, as with a folder for each set, each picture of that name
    is called by its path below the project's folder.

    Parameters
    ----------
    resolver : ProjectResolver
        Finds the project's folder in a path.
    repeated : mapping of (project, file name) to set of str, optional
        Paths below the project's folder of names that repeat; see `repeated_names`.

    Attributes
    ----------
    repeated : mapping of (project, file name) to set of str
        As given.
    """

    def __init__(
        self,
        resolver: ProjectResolver,
        repeated: Mapping[tuple[str, str], frozenset[str]] | None = None,
    ) -> None:
        self._resolver = resolver
        self.repeated = repeated or {}

    @classmethod
    def open(cls, workspace: Workspace, resolver: ProjectResolver) -> Identities:
        """Look for names that repeat among the pictures of a workspace.

        Parameters
        ----------
        workspace : Workspace
            Its image roots are walked; no picture is opened.
        resolver : ProjectResolver
            Finds the project of a path.

        Returns
        -------
        Identities
        """
        return cls(resolver, repeated_names(_places(workspace, resolver)))

    def of(self, project: str, path: str) -> str:
        """Return what a picture is called in its project.

        Parameters
        ----------
        project : str
            Its project.
        path : str
            As logged: a path of any length, or a bare file name.

        Returns
        -------
        str
            Its file name, or the path below the project's folder where the name repeats.

        Raises
        ------
        RowRefusedError
            `ambiguous_name` if the name repeats and the path does not tell which one is meant.
        """
        name = self.find(project, path)
        if name is None:
            candidates = sorted(self.repeated[project, split_path(path)[1]])
            shown = ", ".join(map(printable, candidates[:_SHOWN]))
            more = f" and {len(candidates) - _SHOWN} more" if len(candidates) > _SHOWN else ""
            raise RowRefusedError("ambiguous_name", f"{printable(path)} may be {shown}{more}")
        return name

    def find(self, project: str, path: str) -> str | None:
        """Return what a picture is called in its project, if its path tells it.

        Parameters
        ----------
        project, path
            As for `of`.

        Returns
        -------
        str or None
            None where `of` raises.
        """
        name = split_path(path)[1]
        candidates = self.repeated.get((project, name))
        if not candidates:
            return name
        below = self._resolver.below(path, project)
        if below is not None:
            return below if "/" in below or below in candidates else None
        whole = "/".join(("", *split_path(path)))
        ends = [one for one in candidates if whole.endswith(f"/{one}")]
        return ends[0] if len(ends) == 1 else None


def repeated_names(
    places: Iterable[tuple[str, str]],
) -> dict[tuple[str, str], frozenset[str]]:
    """Find the names that occur in two folders below a project or more.

    A copy in the project's own folder, or in another place at the same path below the project, is
    the same picture once more and repeats no name.

    Parameters
    ----------
    places : iterable of (project, path below the project's folder)
        Every picture.

    Returns
    -------
    dict of (project, file name) to set of str
        The paths of each such name.
    """
    first: dict[tuple[str, str], str] = {}
    several: dict[tuple[str, str], set[str]] = {}
    for project, below in places:
        key = (project, below.rpartition("/")[2])
        if (earlier := first.setdefault(key, below)) != below:
            several.setdefault(key, {earlier}).add(below)
    return {
        key: frozenset(paths)
        for key, paths in several.items()
        if key[0] != UNKNOWN and sum("/" in path for path in paths) > 1
    }


def _places(workspace: Workspace, resolver: ProjectResolver) -> Iterator[tuple[str, str]]:
    for folder, entries in walk_folders(workspace.image_roots(resolver.names), lambda *_: None):
        here = os.path.relpath(folder, workspace.root).replace(os.sep, "/")
        project = resolver.from_path(f"{here}/x") if entries else None
        if project is not None:
            below = resolver.below(f"{here}/", project) or ""
            yield from ((project, below + canonical_name(entry.name)) for entry in entries)


def walk_folders(
    roots: Iterable[Path], failed: Callable[[str, OSError], object], suffixes: tuple[str, ...] = ()
) -> Iterator[tuple[str, list[DirEntry]]]:
    """Walk folders in order, each once, a folder's files before its folders.

    Parameters
    ----------
    roots : iterable of Path
        Folders; links to folders are followed, so that a loop of links ends.
    failed : callable
        Called with each folder that cannot be read, and the error.
    suffixes : tuple of str
        Endings of pictures; a folder with such a name is listed in the place of one.

    Yields
    ------
    folder : str
        Its path.
    entries : list of os.DirEntry
        What is in it but for other folders, by name; what is hidden is left out.
    """
    waiting = [str(root) for root in reversed(list(roots))]
    visited: set[tuple[int, int]] = set()
    while waiting:
        folder = waiting.pop()
        try:
            entries = _entries_once(folder, visited)
        except OSError as error:
            failed(folder, error)
            continue
        others = (entry for entry in entries if not entry.name.lower().endswith(suffixes or "/"))
        folders = {entry.path: None for entry in others if _is_folder(entry)}
        waiting += reversed(folders)
        yield folder, [entry for entry in entries if entry.path not in folders]


def _entries_once(folder: str, visited: set[tuple[int, int]]) -> list[DirEntry]:
    """List a folder by name, without what is hidden; nothing if it was listed before."""
    status = os.stat(folder)
    if (status.st_dev, status.st_ino) in visited:
        return []
    visited.add((status.st_dev, status.st_ino))
    with os.scandir(folder) as scan:
        shown = (entry for entry in scan if entry.name[0] != ".")
        return sorted(shown, key=lambda entry: entry.name)


def _is_folder(entry: DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
