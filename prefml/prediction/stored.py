"""Take what the sidecars hold of pictures, if they still are as they were."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from prefml._typing import Floats
from prefml.decisions.set_rule import SetRule
from prefml.exceptions import SidecarError
from prefml.imaging.cues import cue_identity
from prefml.models.compatibility import EncoderIdentity
from prefml.prediction.predictions import PictureRows
from prefml.sidecars.plan import has_same_pixels
from prefml.sidecars.store import Sidecars

__all__ = ["path_below", "stages_of", "stored_names", "stored_rows"]


def stored_names(
    sidecars: Sidecars, root: Path, paths: Sequence[Path], encoders: Sequence[EncoderIdentity] = ()
) -> list[str] | None:
    """Look up what pictures are called, if the sidecars hold all of them as they are now.

    Parameters
    ----------
    sidecars : Sidecars
        Their rows, at least, as far as they have any.
    root : Path
        The workspace folder.
    paths : sequence of Path
        Picture files.
    encoders : sequence of EncoderIdentity
        Encoders that their vectors must come from.

    Returns
    -------
    list of str or None
        None if one is not stored as it is, or the rows are of another encoder, of other cues
        than this version measures, or of other pixels than it decodes.
    """
    made_alike = all(one.identity == sidecars.encoder.identity for one in encoders)
    if not made_alike or sidecars.cue_identity != cue_identity():
        return None
    rows = {path: row for row, path in enumerate(sidecars.index["path"])}
    names = []
    for path in paths:
        row = rows.get(path_below(root, path))
        if row is None or not path.is_file():
            return None
        stored, now = sidecars.index.iloc[row], path.stat()
        if (stored["file_size"], stored["mtime_ns"]) != (now.st_size, now.st_mtime_ns):
            return None
        if not has_same_pixels(path, sidecars.decoding):
            return None
        names.append(str(stored["filename"]))
    return names


def path_below(root: Path, path: Path) -> str:
    """Return the path of a picture as sidecars hold it.

    Parameters
    ----------
    root : Path
        The workspace folder.
    path : Path
        A picture file.

    Returns
    -------
    str
        Relative to the workspace.
    """
    return os.path.relpath(path, root).replace(os.sep, "/")


def stored_rows(
    sidecars: Sidecars, project: str, filenames: Sequence[str], rule: SetRule
) -> PictureRows:
    """Take the rows of pictures.

    Parameters
    ----------
    sidecars : Sidecars
        Their rows, at least.
    project : str
        Their project.
    filenames : sequence of str
        Their names.
    rule : SetRule
        What reads stages.

    Returns
    -------
    PictureRows

    Raises
    ------
    SidecarError
        If one of them has no row.
    """
    found = sidecars.positions([project] * len(filenames), list(filenames))
    if (found < 0).any():
        missing = filenames[int(np.argmin(found))]
        raise SidecarError(f"no sidecar of {project}/{missing}", "one", "prefml embed")
    cues = sidecars.cues.iloc[found].reset_index(drop=True)
    size = cues[["width", "height"]].to_numpy(float)
    names, vectors = tuple(filenames), sidecars.embeddings[found]
    settings = None if sidecars.settings is None else sidecars.settings.iloc[found]
    return PictureRows(
        names, size, stages_of(names, rule), vectors, cues, project=project, settings=settings
    )


def stages_of(names: Iterable[str], rule: SetRule) -> Floats:
    """Return the stages that a rule reads in file names.

    Parameters
    ----------
    names : iterable of str
        File names.
    rule : SetRule
        The rule.

    Returns
    -------
    ndarray of shape (n_names,)
        NaN where a name tells none.
    """
    stages = map(rule.stage, names)
    return np.array([np.nan if stage is None else stage for stage in stages], float)
