"""Embed what is missing before suggesting, without losing rows of other pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from prefml.decisions.projects import ProjectResolver
from prefml.sidecars.build import BuildReport, Progress, build_found
from prefml.sidecars.find import FoundImages, ImageFile, scan_images
from prefml.sidecars.index import find_rows, read_index_if_any
from prefml.suggest.candidates import images_on_disk
from prefml.workspace import Workspace

__all__ = ["embed_missing", "missing_images"]


def missing_images(index: pd.DataFrame | None, images: Sequence[ImageFile]) -> list[ImageFile]:
    """Return the pictures that have no sidecar row, or have changed since it was made.

    Parameters
    ----------
    index : DataFrame or None
        What there is, as `prefml.sidecars.store.read_index` returns it.
    images : sequence of ImageFile
        What is needed.

    Returns
    -------
    list of ImageFile
    """
    if index is None:
        return list(images)
    rows = find_rows(index, [i.project for i in images], [i.filename for i in images])
    sizes = index["file_size"].to_numpy(np.int64)
    times = index["mtime_ns"].to_numpy(np.int64)
    return [
        image
        for image, row in zip(images, rows, strict=True)
        if row < 0 or sizes[row] != image.file_size or times[row] != image.mtime_ns
    ]


def embed_missing(
    workspace: Workspace,
    resolver: ProjectResolver,
    open_encoder: Callable[[], Any],
    images: Sequence[ImageFile],
    progress: Progress | None = None,
) -> BuildReport | None:
    """Bring the sidecars up to date for some pictures.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    resolver : ProjectResolver
        Finds the project of a path.
    open_encoder : callable
        Opens the encoder that the models were trained with; called only when it is needed.
    images : sequence of ImageFile
        The pictures to suggest for.
    progress : callable, optional
        As in `prefml.sidecars.build.build_found`.

    Returns
    -------
    BuildReport or None
        None if nothing was missing.
    """
    projects = {image.project for image in images}
    if not missing_images(read_index_if_any(workspace.sidecars, projects), images):
        return None
    found = scan_images(workspace, resolver)
    known = {image.key for image in found.images}
    # Pictures outside the usual folders keep their rows as long as they are there.
    index = read_index_if_any(workspace.sidecars)
    rowed = [] if index is None else images_on_disk(workspace, index)
    for image in [*images, *rowed]:
        if image.key not in known:
            known.add(image.key)
            found.images.append(image)
    complete = FoundImages(found.images, found.failures, found.shadowed, found.passed_over)
    options = () if progress is None else (None, progress)
    return build_found(workspace, complete, open_encoder(), *options)
