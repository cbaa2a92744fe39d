"""Find the pictures of a folder that is no workspace, and the project of each."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from prefml.exceptions import WorkspaceError, visible
from prefml.sidecars.find import FoundImages, require_images, scan_images
from prefml.suggest.first_day.questions import refuse_trained
from prefml.suggest.grouping.auto import is_no_set
from prefml.workspace import MOST, Config, Workspace

__all__ = ["PictureFolder", "find_pictures", "refuse_workspace"]

# What only a workspace has.
_MARKS = ("prefml.toml", "sandbox", "data/training", "data/sidecar")
# Small folders side by side are sets if they hold this share of the pictures.
_MOST_OF_ALL = 0.8


@dataclass(frozen=True)
class PictureFolder:
    """Pictures of a folder, and where they belong below `new/` of a workspace.

    Attributes
    ----------
    path : Path
        The folder.
    places : dict of str to str
        Path relative to the folder -> path below `new/`, which begins with the project.
    passed_over : list of str
        Picture files that are not read here, with what to do, and such as cannot be looked at.
    is_one_project : bool
        Whether all of it is one project.
    """

    path: Path
    places: dict[str, str]
    passed_over: list[str]
    is_one_project: bool = False

    @property
    def projects(self) -> Counter[str]:
        """Number of pictures of each project."""
        return Counter(place.partition("/")[0] for place in self.places.values())


class _FolderNames:
    """Name every folder a project of its own, so that no file hides another of its name."""

    def from_path(self, path: str) -> str:
        return os.path.dirname(path) or "."


def refuse_workspace(folder: Path) -> None:
    """Raise an error for a folder that is a workspace already.

    Parameters
    ----------
    folder : Path
        A folder.

    Raises
    ------
    WorkspaceError
        It says how to go on in it.
    """
    marks = [mark for mark in _MARKS if (folder / mark).exists()]
    if marks:
        there = f"--workspace {shlex.quote(str(folder))}"
        try:
            refuse_trained(Workspace.open(folder))
        except WorkspaceError as error:
            raise WorkspaceError(error.found, error.expected, f"{error.run} {there}") from error
        raise WorkspaceError(
            f"{visible(str(folder))} is a workspace already (it has {marks[0]})",
            "a folder of pictures",
            f"prefml start {there}",
        )


def find_pictures(
    folder: Path, config: Config | None = None, is_one_project: bool | None = None
) -> PictureFolder:
    """Find the pictures of a folder; nothing is written.

    Folders directly below it are projects, unless they are small and side by side, a folder a
    set: then all of it is one project. So are pictures directly in it.

    Parameters
    ----------
    folder : Path
        The folder.
    config : Config, optional
        Settings.
    is_one_project : bool, optional
        Whether all of it is one project, where that was settled before.

    Returns
    -------
    PictureFolder

    Raises
    ------
    WorkspaceError
        If there is no such folder, it cannot be read, is a workspace, or holds no pictures.
    """
    _require_readable(folder)
    refuse_workspace(folder)
    place = Workspace(folder, replace(config or Config(), image_roots=(".",)), folder / "artifacts")
    found = scan_images(place, _FolderNames())
    if not found.images and found.failures:
        raise _unreadable(folder, found.failures[0].reason)
    try:
        require_images(found, place)
    except WorkspaceError as error:
        raise WorkspaceError(
            f"no pictures in {visible(str(folder))}",
            error.expected,
            "name the folder that holds them, or one above it",
        ) from error
    paths = [os.path.normpath(image.path).replace(os.sep, "/") for image in found.images]
    if is_one_project is None:
        is_one_project = _are_sets(paths)
    places = _places(paths, folder.name, is_one_project)
    return PictureFolder(folder, places, _left_out(found), is_one_project)


def _require_readable(folder: Path) -> None:
    if not folder.is_dir():
        raise WorkspaceError(
            f"no folder {visible(str(folder))}", "a folder of pictures", "name one that is there"
        )
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise _unreadable(folder, str(error.strerror)) from error


def _unreadable(folder: Path, reason: str) -> WorkspaceError:
    return WorkspaceError(
        f"{visible(str(folder))} cannot be read ({reason})",
        "a folder of pictures that you may read",
        "ask its owner for permission to read it, or copy it",
    )


def _left_out(found: FoundImages) -> list[str]:
    others = [
        f"{one.path} ({one.format}, not read here; {one.advice})" for one in found.passed_over
    ]
    return others + [f"{one.path} ({one.reason})" for one in found.failures]


def _places(paths: list[str], name: str, is_one_project: bool) -> dict[str, str]:
    """Return the path below `new/` of each picture."""
    # A hidden folder would not be walked.
    project = name.lstrip(".") or "pictures"
    return {
        path: path if "/" in path and not is_one_project else f"{project}/{path}" for path in paths
    }


def _are_sets(paths: Iterable[str]) -> bool:
    """Tell whether the folders directly below hold a set each."""
    counts = Counter(os.path.dirname(path) for path in paths)
    tops = {path.partition("/")[0] for path in paths if "/" in path}
    small = [top for top in tops if 1 < counts[top] <= MOST and not is_no_set(top)]
    inside = sum(counts[top] for top in small)
    return len(small) > 1 and inside >= _MOST_OF_ALL * counts.total()
