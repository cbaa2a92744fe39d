"""Look up the size of pictures, for log rows without one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from prefml.decisions.projects import ProjectResolver
from prefml.exceptions import ImageError
from prefml.imaging.decode import upright_size
from prefml.sidecars.find import find_images
from prefml.workspace import Workspace

__all__ = ["picture_sizes"]


def picture_sizes(workspace: Workspace) -> Callable[[str, str], tuple[int, int] | None]:
    """Return a lookup that reads a picture's size from its header.

    Parameters
    ----------
    workspace : Workspace
        Its pictures are looked for when the function is first called.

    Returns
    -------
    callable
        Takes project and file name; returns width and height in pixels of the upright picture, or
        None where there is no such picture or it cannot be read.
    """

    @cache
    def paths() -> dict[tuple[str, str], str]:
        found = find_images(workspace, ProjectResolver.open(workspace))
        return {image.key: image.path for image in found}

    def size_of(project: str, filename: str) -> tuple[int, int] | None:
        path = paths().get((project, filename))
        try:
            limit = workspace.config.max_pixels
            return None if path is None else upright_size(workspace.root / path, limit)
        except ImageError:
            return None

    return size_of
