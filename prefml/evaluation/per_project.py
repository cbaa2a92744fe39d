"""Compare one ranker for all projects with one for each, on every project's later choices."""

from __future__ import annotations

import numpy as np
import pandas as pd

from prefml._typing import Floats, Ints
from prefml.evaluation.folds import Fold, purge_near_duplicates
from prefml.evaluation.schema import PerProjectMetrics, Top1
from prefml.evaluation.sets import choose_clusters
from prefml.features import ChoiceTable
from prefml.ranking import SetRanker
from prefml.ranking.metrics import bootstrap_interval, paired_interval, top1_by_set
from prefml.ranking.per_project import PerProjectRanker
from prefml.sets import index_sets

__all__ = ["compare_per_project", "split_by_time"]

# The share of each project's sets, by time, that is learned from.
EARLIER = 0.7


def compare_per_project(ranker: SetRanker, table: ChoiceTable) -> PerProjectMetrics | None:
    """Compare the two options on the later choices of projects that could have their own ranker.

    Held-out projects cannot tell the two apart, for a new project has no ranker of its own; so
    both learn from the earlier choices of all projects here, and are tested on the later ones.

    Parameters
    ----------
    ranker : SetRanker
        Cloned and fitted.
    table : ChoiceTable
        All rows.

    Returns
    -------
    PerProjectMetrics or None
        Agreement of the ranker for all projects (`together`) and of those of single projects
        (`own`), and the difference (`lead`); None if no project has choices enough for its own.
    """
    fold = split_by_time(table)
    model = PerProjectRanker(ranker)
    sets = pd.DataFrame({"project": table.project, "set": table.set_id}).iloc[fold.train]
    counts = sets.drop_duplicates()["project"].value_counts()
    if len(counts) < 2 or counts.max() < model.min_sets or not len(fold.test):
        return None
    X, projects = table.X.iloc[fold.train], table.project[fold.train]
    model.fit(
        X, table.y[fold.train], table.set_id[fold.train], projects, table.weight[fold.train],
        calibration_weight=1 / table.inclusion[fold.train],
        cluster_id=table.cluster_id[fold.train], hashes=table.hashes[fold.train],
    )  # fmt: skip
    test = fold.test[np.isin(table.project[fold.test], list(model.own_))]
    tested, names = table.X.iloc[test], table.project[test]
    scores = {"together": model.common_.predict(tested), "own": model.predict(tested, names)}
    return _summary(table, test, scores, len(model.own_))


def split_by_time(table: ChoiceTable) -> Fold:
    """Split the sets of each project by time.

    Parameters
    ----------
    table : ChoiceTable
        All rows; sets without a time come first.

    Returns
    -------
    Fold
        The earlier sets to learn from, without near duplicates of the later ones.
    """
    time = pd.Series(table.timestamp).fillna(pd.Timestamp(0)).to_numpy()
    later = np.zeros(len(table), dtype=bool)
    for project in pd.unique(table.project):
        rows = np.flatnonzero(table.project == project)
        ordered = pd.unique(table.set_id[rows[np.argsort(time[rows], kind="stable")]])
        last = set(ordered[round(EARLIER * len(ordered)) :])
        later[rows] = [name in last for name in table.set_id[rows]]
    train, test = np.flatnonzero(~later), np.flatnonzero(later)
    return purge_near_duplicates(Fold(train, test, 0), table.set_id, table.hashes)


def _summary(
    table: ChoiceTable, test: Ints, scores: dict[str, Floats], projects: int
) -> PerProjectMetrics:
    names = table.set_id[test]
    sets = index_sets(names)
    first = test[sets.order[sets.starts]]
    connected = table.cluster_id[first]
    _, cluster = choose_clusters(table.project[first], table.session_id[first], connected)
    hits = {name: top1_by_set(table.y[test], values, names) for name, values in scores.items()}
    found: dict[str, Top1] = {
        name: {
            "top1": float(np.nanmean(values)),
            "top1_ci": list(bootstrap_interval(values, cluster)),
        }
        for name, values in hits.items()
    }
    lead: Top1 = {
        "top1": float(np.nanmean(hits["own"] - hits["together"])),
        "top1_ci": list(paired_interval(hits["own"], hits["together"], cluster)),
    }
    return {
        "sets": len(sets),
        "together": found["together"],
        "own": found["own"],
        "lead": lead,
        "projects": projects,
    }
