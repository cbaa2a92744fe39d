"""Build a ranker's columns for the pictures of sets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from prefml._typing import Ints
from prefml.decisions.set_rule import SetRule
from prefml.features.settings import encode_settings, settings_behind
from prefml.features.tables import image_rows
from prefml.models.kinds import Ranker
from prefml.prediction.predictions import PictureRows
from prefml.prediction.stored import stages_of
from prefml.ranking.per_project import ranker_of
from prefml.sidecars.generator import with_settings
from prefml.sidecars.store import Sidecars
from prefml.workspace import Workspace

__all__ = ["set_columns", "settings_used", "stored_columns", "with_settings_used"]


def settings_used(ranker: Ranker | None) -> list[str]:
    """Return the settings of a generator that a ranker's scores depend on.

    Parameters
    ----------
    ranker : SetRanker or PerProjectRanker or None
        Fitted.

    Returns
    -------
    list of str
        Names as `prefml.features.settings.encode_settings` takes them; empty for nearly all.
    """
    if ranker is None:
        return []
    # Any estimator with the methods of a ranker will do; what has no such columns uses none.
    return settings_behind(getattr(ranker_of(ranker, None), "optional_columns_", ()))


def with_settings_used(workspace: Workspace, sidecars: Sidecars, ranker: Ranker | None) -> Sidecars:
    """Return sidecars with the settings of their pictures if a ranker's scores depend on any.

    Parameters
    ----------
    workspace : Workspace
        Where the pictures lie.
    sidecars : Sidecars
        Rows of pictures.
    ranker : SetRanker or PerProjectRanker or None
        Fitted.

    Returns
    -------
    Sidecars
    """
    return with_settings(workspace, sidecars) if settings_used(ranker) else sidecars


def set_columns(rows: PictureRows, ranker: Ranker) -> pd.DataFrame:
    """Return the columns of the pictures of one set.

    Parameters
    ----------
    rows : PictureRows
        The pictures.
    ranker : SetRanker or PerProjectRanker
        The ranker that they are for.

    Returns
    -------
    DataFrame of shape (n, n_columns)
    """
    together = np.zeros(len(rows), int)
    settings = _encoded(rows.settings, ranker)
    return image_rows(rows.embeddings, rows.cues, rows.stage, together, settings)


def stored_columns(
    sidecars: Sidecars, rows: Ints, set_id: Ints, rule: SetRule, ranker: Ranker
) -> pd.DataFrame:
    """Return the columns of stored pictures, those of a set beside each other.

    Parameters
    ----------
    sidecars : Sidecars
        Their rows, at least.
    rows : ndarray of shape (n,)
        Their positions in the sidecars.
    set_id : ndarray of shape (n,)
        The set of each.
    rule : SetRule
        What reads stages.
    ranker : SetRanker or PerProjectRanker
        The ranker that they are for.

    Returns
    -------
    DataFrame of shape (n, n_columns)
    """
    cues = sidecars.cues.iloc[rows].reset_index(drop=True)
    stage = stages_of(sidecars.index["filename"].to_numpy(object)[rows], rule)
    known = None if sidecars.settings is None else sidecars.settings.iloc[rows]
    return image_rows(sidecars.embeddings[rows], cues, stage, set_id, _encoded(known, ranker))


def _encoded(settings: pd.DataFrame | None, ranker: Ranker) -> pd.DataFrame | None:
    used = settings_used(ranker)
    return encode_settings(settings, used) if settings is not None and used else None
