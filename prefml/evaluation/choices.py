"""Held-out choices in numbers: the `ranker` part of `metrics.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prefml._typing import Floats
from prefml.evaluation.crossval import HeldOutScores
from prefml.evaluation.folds import Folds
from prefml.evaluation.sets import SetFacts, describe_sets
from prefml.features import ChoiceTable
from prefml.ranking.metrics import (
    bootstrap_interval,
    ece,
    lower_stage_sets,
    lower_stage_top1,
    ndcg,
    pair_accuracy,
    paired_interval,
    top1,
    top1_by_set,
)
from prefml.ranking.risk import coverage_by_budget
from prefml.sets import index_sets

__all__ = ["ChoiceRuns", "choice_metrics", "set_confidence"]

BINS = 10
_CURVE_POINTS = 100


@dataclass(frozen=True)
class ChoiceRuns:
    """What all rankers said of all held-out rows.

    Attributes
    ----------
    table : ChoiceTable
        The rows.
    folds : sequence of Folds
        One for each seed.
    runs : mapping of str to sequence of HeldOutScores
        Model -> one run for each seed; `prefml` is among them.
    """

    table: ChoiceTable
    folds: Sequence[Folds]
    runs: Mapping[str, Sequence[HeldOutScores]]


def choice_metrics(done: ChoiceRuns) -> dict[str, Any]:
    """Summarise the held-out choices of all models.

    Parameters
    ----------
    done : ChoiceRuns
        What was said.

    Returns
    -------
    dict
        The `ranker` part of `metrics.json`; numbers that do not exist are NaN.
    """
    facts = describe_sets(done.table)
    hits = {name: _mean_hits(done.table, runs) for name, runs in done.runs.items()}
    return {
        "sets": done.table.n_sets,
        "images": len(done.table),
        "projects": len(set(done.table.project)),
        "folds": len(done.folds[0].folds),
        "folds_by": done.folds[0].kind,
        "seeds": len(done.folds),
        "near_duplicate_sets_purged": [folds.purged for folds in done.folds],
        "interval_by": facts.cluster_kind,
        "lower_stage_sets": int(facts.lower.sum()),
        "models": {n: _model(done.table, facts, runs, hits[n]) for n, runs in done.runs.items()},
        "lead": {n: _lead(hits["prefml"], h, facts) for n, h in hits.items() if n != "prefml"},
        "auto_approve": _auto_approve(done, facts),
        "by_project": _breakdown(facts.project, hits, facts),
        "by_set_size": _breakdown(facts.size, hits, facts),
        "by_stage_choice": _breakdown(_stage_choice(facts), hits, facts),
        "reliability": _reliability(done),
        "risk_coverage": {
            n: _risk_curve(done.table, r) for n, r in done.runs.items() if _states(r)
        },
        "importances": done.runs["prefml"][0].importances,
    }


def _mean_hits(table: ChoiceTable, runs: Sequence[HeldOutScores]) -> Floats:
    each = [top1_by_set(table.y, run.scores, table.set_id) for run in runs]
    return np.asarray(np.mean(each, axis=0))


def _model(
    table: ChoiceTable, facts: SetFacts, runs: Sequence[HeldOutScores], hits: Floats
) -> dict[str, Any]:
    each = [_scores_of(table, run) for run in runs]
    medians = {name: float(np.median([scores[name] for scores in each])) for name in each[0]}
    return {
        **medians,
        "top1_ci": list(bootstrap_interval(hits, facts.cluster)),
        "top1_by_seed": [scores["top1"] for scores in each],
    }


def _scores_of(table: ChoiceTable, run: HeldOutScores) -> dict[str, float]:
    y, names, stage = table.y, table.set_id, table.stage
    usual = ~lower_stage_sets(y, stage, names)
    stated = run.probability
    return {
        "top1": top1(y, run.scores, names),
        "pair_accuracy": pair_accuracy(y, run.scores, names),
        "ndcg": ndcg(y, run.scores, names),
        "lower_stage_top1": lower_stage_top1(y, run.scores, names, stage),
        "other_top1": top1(y[usual], run.scores[usual], names[usual]) if usual.any() else np.nan,
        "ece": np.nan if stated is None else ece(y, stated, names, BINS),
        "fit_seconds": run.fit_seconds,
    }


def _lead(prefml: Floats, other: Floats, facts: SetFacts) -> dict[str, Any]:
    low, high = paired_interval(prefml, other, facts.cluster)
    return {"top1": float(np.nanmean(prefml - other)), "top1_ci": [low, high]}


def _auto_approve(done: ChoiceRuns, facts: SetFacts) -> list[dict[str, Any]]:
    run = done.runs["prefml"][0]
    if run.probability is None:
        return []
    hits = top1_by_set(done.table.y, run.scores, done.table.set_id)
    found = coverage_by_budget(set_confidence(done.table, run), hits, groups=facts.project)
    return [
        {
            "budget": one.budget,
            "coverage": one.coverage,
            "error": one.error,
            "sets": one.sets,
            "threshold": one.threshold,
        }
        for one in found
    ]


def set_confidence(table: ChoiceTable, run: HeldOutScores) -> Floats:
    """Return the probability of each set's suggested picture, shape (n_sets,).

    Parameters
    ----------
    table : ChoiceTable
        The rows.
    run : HeldOutScores
        A run that states probabilities.

    Returns
    -------
    ndarray of shape (n_sets,)
        By first appearance of the sets.
    """
    stated = np.zeros(len(table)) if run.probability is None else run.probability
    return np.asarray(index_sets(table.set_id).reduce(np.maximum, stated))


def _breakdown(
    labels: NDArray[Any], hits: Mapping[str, Floats], facts: SetFacts
) -> dict[str, dict[str, Any]]:
    rows = {}
    for label in sorted(set(labels.tolist())):
        inside = labels == label
        rows[str(label)] = {
            "sets": int(inside.sum()),
            "lower_stage_sets": int(facts.lower[inside].sum()),
            "top1": {name: _mean(values[inside]) for name, values in hits.items()},
            "top1_ci": list(bootstrap_interval(hits["prefml"][inside], facts.cluster[inside])),
        }
    return rows


def _stage_choice(facts: SetFacts) -> NDArray[Any]:
    return np.where(facts.lower, "a lower stage", "the highest stage, or no stages")


def _mean(values: Floats) -> float:
    return float(np.nanmean(values)) if (~np.isnan(values)).any() else float("nan")


def _states(runs: Sequence[HeldOutScores]) -> bool:
    return runs[0].probability is not None


def _reliability(done: ChoiceRuns) -> list[dict[str, Any]]:
    run = done.runs["prefml"][0]
    if run.probability is None:
        return []
    hits = top1_by_set(done.table.y, run.scores, done.table.set_id)
    stated = set_confidence(done.table, run)
    kept = np.flatnonzero(~np.isnan(hits))
    parts = np.array_split(kept[np.argsort(stated[kept], kind="stable")], BINS)
    return [
        {
            "stated": float(stated[part].mean()),
            "observed": float(hits[part].mean()),
            "sets": len(part),
        }
        for part in parts
        if len(part)
    ]


def _risk_curve(table: ChoiceTable, runs: Sequence[HeldOutScores]) -> list[list[float]]:
    """Return [coverage, error] for the most confident sets, fewest first."""
    hits = top1_by_set(table.y, runs[0].scores, table.set_id)
    stated = set_confidence(table, runs[0])
    kept = np.flatnonzero(~np.isnan(hits))
    wrong = 1 - hits[kept[np.argsort(-stated[kept], kind="stable")]]
    count = np.arange(1, len(wrong) + 1)
    chosen = np.unique(np.linspace(0, len(wrong) - 1, _CURVE_POINTS).astype(int))
    error = np.cumsum(wrong) / count
    return [[float(count[i] / len(wrong)), float(error[i])] for i in chosen] if len(wrong) else []
