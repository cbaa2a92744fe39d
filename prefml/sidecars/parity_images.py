"""Open real pictures on which an exported encoder is compared with its source."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image

from prefml.decisions.projects import ProjectResolver
from prefml.decisions.reader import read_decisions
from prefml.exceptions import ImageError
from prefml.imaging.decode import decode
from prefml.sidecars.find import ImageFile, find_images
from prefml.workspace import Workspace

__all__ = ["ChosenSet", "chosen_sets", "parity_images"]

_PICTURES, _SETS = 32, 40
# They are kept in memory, so not at full size.
_SIDE = 640

T = TypeVar("T")


@dataclass(frozen=True)
class ChosenSet:
    """Set of pictures in which a person chose one.

    Attributes
    ----------
    project : str
        Its project.
    paths : tuple of path
        Of its pictures, relative to the workspace, the chosen one first.
    """

    project: str
    paths: tuple[Path | str, ...]


def chosen_sets(workspace: Workspace, files: Sequence[ImageFile], most: int) -> list[ChosenSet]:
    """Return sets of the logs whose pictures are all in the workspace, spread over all of them.

    Parameters
    ----------
    workspace : Workspace
        Its logs are read.
    files : sequence of ImageFile
        Its pictures.
    most : int
        Number of sets.

    Returns
    -------
    list of ChosenSet
    """
    paths = {file.key: file.path for file in files}
    items = read_decisions(workspace).items
    sets: list[ChosenSet] = []
    for _, one in items.groupby(["project", "session_id", "set_id"], sort=False):
        ordered = one.sort_values("chosen", ascending=False, kind="stable")
        keys = list(zip(ordered["project"], ordered["filename"], strict=True))
        if all(key in paths for key in keys):
            sets.append(ChosenSet(str(keys[0][0]), tuple(paths[key] for key in keys)))
    return _spread(sets, most)


def parity_images(workspace: Workspace) -> tuple[list[Image.Image], list[list[int]]]:
    """Open some of the workspace's sets, and pictures from all over it; none is no error.

    Parameters
    ----------
    workspace : Workspace
        Its pictures are looked for, and its logs for sets of them.

    Returns
    -------
    pictures : list of PIL.Image.Image
        Reduced copies.
    sets : list of list of int
        Positions in `pictures`, the chosen one of each set first.
    """
    files = find_images(workspace, ProjectResolver.open(workspace))
    opened = _Opened(workspace)
    places = [opened.all_of(one.paths) for one in chosen_sets(workspace, files, _SETS)]
    for file in _spread(files, _PICTURES):
        opened.all_of([file.path])
    return opened.pictures, [one for one in places if one is not None]


def _spread(values: list[T], count: int) -> list[T]:
    return values[:: max(1, len(values) // count)][:count]


class _Opened:
    """Pictures kept in memory, each once."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.pictures: list[Image.Image] = []
        self._places: dict[Path | str, int] = {}

    def all_of(self, paths: Sequence[Path | str]) -> list[int] | None:
        """Open what is not open yet and return the places; None where one cannot be opened."""
        with suppress(ImageError):
            return [self._place(path) for path in paths]
        return None

    def _place(self, path: Path | str) -> int:
        if path not in self._places:
            picture = decode(self.workspace.root / path, self.workspace.config.max_pixels)
            self._places[path] = len(self.pictures)
            picture.image.thumbnail((_SIDE, _SIDE))
            self.pictures.append(picture.image)
        return self._places[path]
