"""One row a set: what the summaries of held-out choices group by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from prefml._typing import Bools, Ints
from prefml.features import ChoiceTable
from prefml.ranking.metrics import lower_stage_sets
from prefml.sets import index_sets

__all__ = ["FEWEST_CLUSTERS", "SetFacts", "choose_clusters", "describe_sets"]

# With fewer clusters than this a cluster bootstrap says more about luck than about the model.
FEWEST_CLUSTERS = 8


@dataclass(frozen=True)
class SetFacts:
    """What is known of each set, by first appearance.

    Attributes
    ----------
    name, project : ndarray of shape (n_sets,)
        The set and its project.
    size : ndarray of shape (n_sets,)
        Number of its pictures.
    lower : ndarray of bool, shape (n_sets,)
        Whether a lower stage than the highest was chosen.
    cluster : ndarray of shape (n_sets,)
        What is drawn together for intervals.
    cluster_kind : str
        `project`, `session` or `set`.
    """

    name: NDArray[Any]
    project: NDArray[Any]
    size: Ints
    lower: Bools
    cluster: NDArray[Any]
    cluster_kind: str


def describe_sets(table: ChoiceTable) -> SetFacts:
    """Describe the sets of a table.

    Parameters
    ----------
    table : ChoiceTable
        The rows.

    Returns
    -------
    SetFacts
    """
    sets = index_sets(table.set_id)
    first = sets.order[sets.starts]
    lower = lower_stage_sets(table.y, table.stage, table.set_id)[first]
    kind, cluster = choose_clusters(
        table.project[first], table.session_id[first], table.set_id[first]
    )
    return SetFacts(table.set_id[first], table.project[first], sets.sizes, lower, cluster, kind)


def choose_clusters(
    project: NDArray[Any], session: NDArray[Any], name: NDArray[Any]
) -> tuple[str, NDArray[Any]]:
    """Choose what is drawn together for intervals: the widest grouping there is enough of.

    Parameters
    ----------
    project, session, name : ndarray of shape (n,)
        The project, the session and the set or picture of each value.

    Returns
    -------
    kind : str
        `project`, `session` or `set`.
    cluster : ndarray of shape (n,)
        A label for each value.
    """
    sessions = pd.MultiIndex.from_arrays([project, session]).factorize()[0]
    for kind, labels in (("project", project), ("session", sessions)):
        if len(pd.unique(labels)) >= FEWEST_CLUSTERS:
            return kind, np.asarray(labels)
    return "set", np.asarray(name)
