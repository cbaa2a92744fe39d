"""Predict for many stored sets at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from prefml._typing import Floats, Ints
from prefml.exceptions import ModelFileError
from prefml.prediction.columns import stored_columns
from prefml.prediction.predictor import Predictor
from prefml.ranking.per_project import ranker_of

__all__ = ["StoredSet", "win_probabilities"]

# A project, and the names of the pictures of a set of it.
StoredSet: TypeAlias = tuple[str, Sequence[str]]


def win_probabilities(predictor: Predictor, sets: Sequence[StoredSet]) -> list[Floats | None]:
    """Return the probability of each picture of stored sets to be chosen.

    Parameters
    ----------
    predictor : Predictor
        Its ranker predicts.
    sets : sequence of (project, names)
        The sets, of two pictures or more.

    Returns
    -------
    list of ndarray of shape (n_pictures,) or None
        None for a set with a picture that has no sidecar row.

    Raises
    ------
    ModelFileError
        If there is no ranker.
    """
    if predictor.ranker is None:
        raise ModelFileError("no ranker model", "a trained one", "prefml train")
    found: list[Floats | None] = [None] * len(sets)
    members: dict[str, list[tuple[int, Ints]]] = defaultdict(list)
    for place, (project, names) in enumerate(sets):
        rows = predictor.sidecars.positions([project] * len(names), list(names))
        if (rows >= 0).all():
            members[project].append((place, rows))
    for project, stored in members.items():
        rows = np.concatenate([one for _, one in stored])
        set_id = np.repeat([place for place, _ in stored], [len(one) for _, one in stored])
        X = stored_columns(predictor.sidecars, rows, set_id, predictor.rule, predictor.ranker)
        won = ranker_of(predictor.ranker, project).win_probability(X, set_id=set_id)
        for place, _ in stored:
            found[place] = np.asarray(won, float)[set_id == place]
    return found
