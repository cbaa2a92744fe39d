"""Embed what is missing before suggesting, without losing rows of other pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from prefml.decisions.projects import ProjectResolver
from prefml.sidecars.build import BuildReport, Progress, build_found
from prefml.sidecars.find import FoundImages, ImageFile, scan_images
from prefml.sidecars.index import find_rows, read_index_if_any
from prefml.sidecars.plan import has_same_pixels
from prefml.suggest.candidates import images_on_disk
from prefml.workspace import Workspace

__all__ = ["embed_missing", "missing_images"]


def missing_images(
    index: pd.DataFrame | None, images: Sequence[ImageFile], root: Path
) -> list[ImageFile]:
    """Return the pictures without a sidecar row that holds what would be measured today.

    Parameters
    ----------
    index : DataFrame or None
        What there is, as `prefml.sidecars.store.read_index` returns it.
    images : sequence of ImageFile
        What is needed.
    root : Path
        The workspace folder.

    Returns
    -------
    list of ImageFile
        Without a row, changed since it was made, or decoded to other pixels since then.
    """
    if index is None:
        return list(images)
    rows = find_rows(index, [i.project for i in images], [i.filename for i in images])
    sizes = index["file_size"].to_numpy(np.int64)
    times = index["mtime_ns"].to_numpy(np.int64)
    decodings = index["decoding"].to_numpy(np.int64)
    return [
        image
        for image, row in zip(images, rows, strict=True)
        if row < 0
        or (sizes[row], times[row]) != (image.file_size, image.mtime_ns)
        or not has_same_pixels(root / image.path, int(decodings[row]))
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
    index = read_index_if_any(workspace.sidecars, projects)
    if not missing_images(index, images, workspace.root):
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
