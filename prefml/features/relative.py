"""Compute features of a picture relative to the others of its set.

A tree splits on one column at a time and cannot subtract two pictures, so the differences are
made here, where the set is known; the models can then score every row by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from prefml._typing import Floats, Ints
from prefml.sets import Sets

__all__ = [
    "embedding_distances",
    "highest_stage",
    "next_lower",
    "relative_cues",
    "relative_embedding",
    "stage_columns",
]


def relative_cues(
    cues: Floats, names: Sequence[str], stage: Floats, sets: Sets, kind: str = "cue"
) -> dict[str, Floats]:
    """Return each cue as it is, centered on the set's mean, and minus the next lower stage's.

    Parameters
    ----------
    cues : ndarray of shape (n_rows, n_cues)
        Cues, NaN where not looked at.
    names : sequence of str
        Their names.
    stage : ndarray of shape (n_rows,)
        Stages, NaN where unknown.
    sets : Sets
        The grouping.
    kind : str, default="cue"
        Begins the columns' names.

    Returns
    -------
    dict of str to ndarray of shape (n_rows,)
        Columns `cue__NAME`, `cue_mean__NAME` and `cue_lower__NAME`; the last are NaN where there
        is no lower stage.
    """
    below = next_lower(stage, sets)
    step = np.where((below >= 0)[:, None], cues - cues[below], np.nan)
    parts = {kind: cues, f"{kind}_mean": cues - sets.mean_of_known(cues), f"{kind}_lower": step}
    return {
        f"{part}__{name}": values[:, i] for part, values in parts.items()
        for i, name in enumerate(names)
    }  # fmt: skip


def relative_embedding(embeddings: Floats, sets: Sets) -> dict[str, Floats]:
    """Return the embedding as it is and centered on the set's mean.

    Parameters
    ----------
    embeddings : ndarray of shape (n_rows, dim)
        Vectors.
    sets : Sets
        The grouping.

    Returns
    -------
    dict of str to ndarray of shape (n_rows,)
        Columns `emb__0000`, ... and `emb_mean__0000`, ...
    """
    inside = embeddings - sets.mean_of_known(embeddings)
    return {
        f"{kind}__{i:04d}": values[:, i]
        for kind, values in (("emb", embeddings), ("emb_mean", inside))
        for i in range(embeddings.shape[1])
    }


def highest_stage(stage: Floats, sets: Sets) -> Floats:
    """Return the highest stage of each row's set.

    Parameters
    ----------
    stage : ndarray of shape (n_rows,)
        Stages, NaN where unknown.
    sets : Sets
        The grouping.

    Returns
    -------
    ndarray of shape (n_rows,)
        Minus infinity in sets without a known stage.
    """
    return sets.reduce_to_rows(np.maximum, np.where(np.isnan(stage), -np.inf, stage))


def stage_columns(stage: Floats, sets: Sets) -> dict[str, Floats]:
    """Return the stage, how far it lies below the set's highest, and its rank.

    Parameters
    ----------
    stage : ndarray of shape (n_rows,)
        Stages, NaN where unknown.
    sets : Sets
        The grouping.

    Returns
    -------
    dict of str to ndarray of shape (n_rows,)
        Columns `stage`, `stage_below_top` (0 for the highest), `stage_rank` (0 for the lowest, 1
        for the next, ...), `stage_step` (which stage it was made from and which it is, as one
        number: 102 from 1 to 2, 152 from 1.5 to 2; NaN for the lowest) and `set_size`.
    """
    below_row = next_lower(stage, sets)
    step = np.where(below_row >= 0, 100 * stage[below_row] + stage, np.nan)
    top = highest_stage(stage, sets)
    position = pd.Series(stage).groupby(sets.codes).rank(method="dense").to_numpy(dtype=float) - 1
    with np.errstate(invalid="ignore"):
        below = np.where(np.isnan(stage), np.nan, stage - top)
    size = sets.sizes[sets.codes].astype(float)
    return {
        "stage": stage, "stage_below_top": below, "stage_rank": position, "stage_step": step,
        "set_size": size,
    }  # fmt: skip


def embedding_distances(embeddings: Floats, stage: Floats, sets: Sets) -> dict[str, Floats]:
    """Return the distance of each embedding to the rest of its set and to adjacent stages.

    Parameters
    ----------
    embeddings : ndarray of shape (n_rows, dim)
        Vectors.
    stage : ndarray of shape (n_rows,)
        Stages, NaN where unknown.
    sets : Sets
        The grouping.

    Returns
    -------
    dict of str to ndarray of shape (n_rows,)
        Columns `near__centroid` (distance to the mean of the others), `near__lower_stage` (to the
        next lower stage) and `near__above` (from the next higher stage); NaN where there is none.
    """
    count = sets.sizes[sets.codes].astype(float)[:, None]
    total = sets.reduce_to_rows(np.add, embeddings)
    others = (total - embeddings) / np.maximum(count - 1, 1)
    apart = np.linalg.norm(embeddings - others, axis=1)
    below = next_lower(stage, sets)
    drift = np.full(len(stage), np.nan)
    has = below >= 0
    drift[has] = np.linalg.norm(embeddings[has] - embeddings[below[has]], axis=1)
    above = np.full(len(stage), np.nan)
    above[below[has]] = drift[has]
    return {
        "near__centroid": np.where(count[:, 0] > 1, apart, np.nan),
        "near__lower_stage": drift,
        "near__above": above,
    }


def next_lower(stage: Floats, sets: Sets) -> Ints:
    """Return the row of the next lower stage in the same set.

    Parameters
    ----------
    stage : ndarray of shape (n_rows,)
        Stages, NaN where unknown.
    sets : Sets
        The grouping.

    Returns
    -------
    ndarray of shape (n_rows,)
        -1 where there is none.
    """
    order = np.lexsort((stage, sets.codes))
    below = np.full(len(stage), -1, dtype=np.intp)
    before, after = order[:-1], order[1:]
    steps = (sets.codes[before] == sets.codes[after]) & (stage[before] < stage[after])
    below[after[steps]] = before[steps]
    return below
