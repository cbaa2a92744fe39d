"""Describe the sets of a table, and choose what is resampled together for intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from prefml._typing import Bools, Floats, Ints, Labels
from prefml.features import ChoiceTable
from prefml.ranking.metrics import lower_stage_sets
from prefml.ranking.preferences import FEWEST_CLUSTERS
from prefml.sets import index_sets

__all__ = ["FEWEST_CLUSTERS", "SetFacts", "choose_clusters", "clusters_among", "describe_sets"]


@dataclass(frozen=True)
class SetFacts:
    """Description of each set, by first appearance.

    Attributes
    ----------
    name, project : ndarray of shape (n_sets,)
        The set and its project.
    size : ndarray of shape (n_sets,)
        Number of its pictures.
    lower : ndarray of bool, shape (n_sets,)
        Whether a lower stage than the highest was chosen.
    cluster : ndarray of shape (n_sets,)
        Cluster of the bootstrap, drawn as a whole.
    cluster_kind : str
        `project`, `session` or `set`.
    weight : ndarray of shape (n_sets,)
        How many sets it stands for: the inverse of its inclusion probability.
    """

    name: Labels
    project: Labels
    size: Ints
    lower: Bools
    cluster: Labels
    cluster_kind: str
    weight: Floats


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
        table.project[first], table.session_id[first], table.cluster_id[first]
    )
    if kind == "set" and len(np.unique(cluster)) < len(sets):
        kind = "connected set"
    weight = 1 / table.inclusion[first]
    return SetFacts(
        table.set_id[first], table.project[first], sets.sizes, lower, cluster, kind, weight
    )


def clusters_among(facts: SetFacts, rows: Ints | Bools) -> Labels:
    """Return the clusters of some of the sets; sets one by one where there are too few clusters.

    Parameters
    ----------
    facts : SetFacts
        All sets.
    rows : ndarray
        Which of them.

    Returns
    -------
    ndarray of shape (n,)
    """
    found = facts.cluster[rows]
    return found if len(pd.unique(found)) >= FEWEST_CLUSTERS else facts.name[rows]


def choose_clusters(project: Labels, session: Labels, name: Labels) -> tuple[str, Labels]:
    """Choose the clusters of the bootstrap: the widest grouping there is enough of.

    Parameters
    ----------
    project, session, name : ndarray of shape (n,)
        The project, the session, and what is drawn by itself otherwise: the picture, or the cluster
        of sets that share pictures.

    Returns
    -------
    kind : str
        `project`, `session` or `set`.
    cluster : ndarray of shape (n,)
        A label for each value.

    References
    ----------
    A. C. Cameron, J. B. Gelbach, D. L. Miller, "Bootstrap-based improvements for inference with
    clustered errors", Review of Economics and Statistics 90, 2008.
    """
    sessions = _connected(pd.MultiIndex.from_arrays([project, session]).factorize()[0], name)
    for kind, labels in (("project", project), ("session", sessions)):
        if len(pd.unique(labels)) >= FEWEST_CLUSTERS:
            return kind, np.asarray(labels)
    return "set", np.asarray(name)


def _connected(first: Labels, second: Labels) -> Ints:
    """Return the finest labels that tear no label of either apart."""
    one, other = (pd.factorize(labels)[0] for labels in (first, second))
    count = int(one.max(initial=-1)) + 1
    ends = (one, count + other)
    size = count + int(other.max(initial=-1)) + 1
    graph = coo_array((np.ones(len(one), np.int8), ends), (size, size))
    component: Ints = connected_components(graph, directed=False)[1][one].astype(np.intp)
    return component
