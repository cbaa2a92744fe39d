"""Measure pictures that have no stored rows."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from prefml.decisions.set_rule import SetRule
from prefml.encoders import Encoder
from prefml.exceptions import WorkspaceError
from prefml.imaging.cues import measure_in_background
from prefml.imaging.decode import decode
from prefml.models.kinds import Ranker
from prefml.prediction.columns import settings_used
from prefml.prediction.predictions import PictureRows
from prefml.prediction.stored import stages_of
from prefml.sidecars.derive import prepare
from prefml.sidecars.generator import read_settings, settings_frame

__all__ = ["measured_rows"]


def measured_rows(
    encoder: Encoder,
    paths: Sequence[str | Path],
    max_pixels: int,
    rule: SetRule,
    project: str | None = None,
    ranker: Ranker | None = None,
) -> PictureRows:
    """Decode, measure and encode pictures.

    Parameters
    ----------
    encoder : Encoder
        The encoder.
    paths : sequence of str or Path
        Picture files, at least one.
    max_pixels : int
        Larger pictures are refused.
    rule : SetRule
        What reads stages.
    project : str, optional
        Their project.
    ranker : SetRanker or PerProjectRanker, optional
        What they are for: files are read for their settings where it goes by any.

    Returns
    -------
    PictureRows

    Raises
    ------
    WorkspaceError
        If there are no pictures.
    ImageError
        If one of them cannot be decoded.
    """
    if not paths:
        raise WorkspaceError("no pictures", "at least one picture file")
    prepared, cues, size = [], [], []
    # Cues take longer than a small encoder does, and somebody is waiting for both.
    with ThreadPoolExecutor(2) as pool:
        for path in paths:
            picture = decode(path, max_pixels)
            cues.append(measure_in_background(pool, picture))
            prepared.append(prepare(encoder, picture))
            size.append((picture.width, picture.height))
        vectors = encoder.encode(prepared)
        measured = pd.DataFrame([gather() for gather in cues]).astype(np.float32)
    names = tuple(Path(path).name for path in paths)
    sizes, stages = np.array(size, float), stages_of(names, rule)
    settings = None
    if settings_used(ranker):
        settings = settings_frame(read_settings(Path(path)) for path in paths)
    return PictureRows(names, sizes, stages, vectors, measured, project=project, settings=settings)
