"""Summarize held-out choices: the `ranker` part of `metrics.json`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from prefml._typing import Floats, Labels
from prefml.evaluation.approvals import approval_metrics, held_out_sets, rejection_summary
from prefml.evaluation.crossval import HeldOutScores
from prefml.evaluation.folds import Folds
from prefml.evaluation.learned import over_time, preference_metrics, weak_spots
from prefml.evaluation.schema import (
    AuditMetrics,
    ChoiceBreakdown,
    ChoiceMetrics,
    RankerScores,
    ReliabilityPoint,
    Top1,
)
from prefml.evaluation.sets import SetFacts, describe_sets
from prefml.evaluation.weighted import effective_number, weighted_gap, weighted_mean
from prefml.features import ChoiceTable
from prefml.ranking.metrics import (
    bootstrap_interval,
    lower_stage_sets,
    lower_stage_top1,
    ndcg,
    pair_accuracy,
    top1,
    top1_by_set,
)
from prefml.ranking.reviewed import ScoredSets
from prefml.sets import index_sets

__all__ = ["ChoiceRuns", "choice_metrics", "set_confidence"]

BINS = 10
_CURVE_POINTS = 100


@dataclass(frozen=True)
class ChoiceRuns:
    """Held-out scores of all rankers on the same folds.

    Attributes
    ----------
    table : ChoiceTable
        The rows.
    folds : sequence of Folds
        One for each seed.
    runs : mapping of str to sequence of HeldOutScores
        Model -> one run for each seed; `prefml` is among them.
    rejected : ChoiceTable or None
        Rejected sets, which the runs of `prefml` scored as well.
    reviewed : collection of str
        Accepted sets that could have been rejected.
    """

    table: ChoiceTable
    folds: Sequence[Folds]
    runs: Mapping[str, Sequence[HeldOutScores]]
    rejected: ChoiceTable | None = None
    reviewed: Collection[str] = ()

    @property
    def scored(self) -> ScoredSets | None:
        """Accepted and rejected sets in the first round; None where no set was reviewed."""
        if self.rejected is None or not (len(self.rejected) or self.reviewed):
            return None
        return held_out_sets(self.table, self.runs["prefml"][0], self.rejected, self.reviewed)


def choice_metrics(done: ChoiceRuns) -> ChoiceMetrics:
    """Summarize the held-out choices of all models.

    Parameters
    ----------
    done : ChoiceRuns
        Held-out scores of `prefml` and of others.

    Returns
    -------
    ChoiceMetrics
        Numbers that do not exist are NaN. Audited sets stand for those approved with them.
    """
    table, facts, scored = done.table, describe_sets(done.table), done.scored
    hits = {
        name: np.mean([top1_by_set(table.y, run.scores, table.set_id) for run in runs], axis=0)
        for name, runs in done.runs.items()
    }
    others = {name: values for name, values in hits.items() if name != "prefml"}
    chosen = np.where(facts.lower, "a lower stage", "the highest stage, or no stages")
    return {
        "sets": table.n_sets,
        "images": len(table),
        "projects": len(set(table.project)),
        "folds": len(done.folds[0].folds),
        "folds_by": done.folds[0].kind,
        "seeds": len(done.folds),
        "near_duplicate_sets_purged": [folds.purged for folds in done.folds],
        "interval_by": facts.cluster_kind,
        "lower_stage_sets": int(facts.lower.sum()),
        "models": {n: _scores(table, facts, runs, hits[n]) for n, runs in done.runs.items()},
        "lead": {name: _lead(hits["prefml"] - values, facts) for name, values in others.items()},
        "auto_approve": approval_metrics(table, done.runs["prefml"][0], scored),
        "rejection": rejection_summary(scored),
        "audit": _audit(hits["prefml"], facts.weight),
        "by_project": _breakdown(facts.project, hits, facts),
        "by_set_size": _breakdown(facts.size, hits, facts),
        "by_stage_choice": _breakdown(chosen, hits, facts),
        "reliability": _reliability(done, facts.weight),
        "risk_coverage": {
            name: _risk_curve(table, runs[0], facts.weight)
            for name, runs in done.runs.items()
            if runs[0].probability is not None
        },
        "importances": done.runs["prefml"][0].importances,
        "preferences": preference_metrics(table, done.runs["prefml"][0], facts),
        "over_time": over_time(table, hits["prefml"], facts),
        "weak_spots": weak_spots(table, hits["prefml"], facts),
    }


def _lead(difference: Floats, facts: SetFacts) -> Top1:
    interval = bootstrap_interval(difference, facts.cluster, weights=facts.weight)
    return {"top1": weighted_mean(difference, facts.weight), "top1_ci": list(interval)}


def _audit(hits: Floats, weight: Floats) -> AuditMetrics:
    return {
        "sets": int((weight > 1).sum()),
        "effective_sets": effective_number(weight),
        "top1_unweighted": weighted_mean(hits, np.ones(len(weight))),
    }


def _scores(
    table: ChoiceTable, facts: SetFacts, runs: Sequence[HeldOutScores], hits: Floats
) -> RankerScores:
    each = [_scores_of_run(table, facts.weight, run) for run in runs]

    def median(measure: str) -> float:
        return float(np.median([scores[measure] for scores in each]))

    return {
        "top1": median("top1"),
        "pair_accuracy": median("pair_accuracy"),
        "ndcg": median("ndcg"),
        "lower_stage_top1": median("lower_stage_top1"),
        "other_top1": median("other_top1"),
        "ece": median("ece"),
        "fit_seconds": median("fit_seconds"),
        "top1_ci": list(bootstrap_interval(hits, facts.cluster, weights=facts.weight)),
        "top1_by_seed": [scores["top1"] for scores in each],
    }


def _scores_of_run(table: ChoiceTable, weight: Floats, run: HeldOutScores) -> dict[str, float]:
    y, names, stage = table.y, table.set_id, table.stage
    usual = ~lower_stage_sets(y, stage, names)
    stated = run.probability
    return {
        "top1": weighted_mean(top1_by_set(y, run.scores, names), weight),
        "pair_accuracy": pair_accuracy(y, run.scores, names),
        "ndcg": ndcg(y, run.scores, names),
        "lower_stage_top1": lower_stage_top1(y, run.scores, names, stage),
        "other_top1": top1(y[usual], run.scores[usual], names[usual]) if usual.any() else np.nan,
        "ece": np.nan
        if stated is None
        else weighted_gap(set_confidence(table, run), top1_by_set(y, stated, names), weight, BINS),
        "fit_seconds": run.fit_seconds,
    }


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
    labels: Labels, hits: Mapping[str, Floats], facts: SetFacts
) -> dict[str, ChoiceBreakdown]:
    rows: dict[str, ChoiceBreakdown] = {}
    for label in sorted(set(labels.tolist())):
        inside = labels == label
        rows[str(label)] = {
            "sets": int(inside.sum()),
            "lower_stage_sets": int(facts.lower[inside].sum()),
            "top1": {
                name: weighted_mean(values[inside], facts.weight[inside])
                for name, values in hits.items()
            },
            "top1_ci": list(
                bootstrap_interval(
                    hits["prefml"][inside], facts.cluster[inside], weights=facts.weight[inside]
                )
            ),
        }
    return rows


def _reliability(done: ChoiceRuns, weight: Floats) -> list[ReliabilityPoint]:
    run = done.runs["prefml"][0]
    if run.probability is None:
        return []
    hits = top1_by_set(done.table.y, run.scores, done.table.set_id)
    stated = set_confidence(done.table, run)
    kept = np.flatnonzero(~np.isnan(hits))
    parts = np.array_split(kept[np.argsort(stated[kept], kind="stable")], BINS)
    return [
        {
            "stated": weighted_mean(stated[part], weight[part]),
            "observed": weighted_mean(hits[part], weight[part]),
            "sets": len(part),
        }
        for part in parts
        if len(part)
    ]


def _risk_curve(table: ChoiceTable, run: HeldOutScores, weight: Floats) -> list[list[float]]:
    """Return [coverage, error] for the most confident sets, fewest first."""
    hits = top1_by_set(table.y, run.scores, table.set_id)
    stated = set_confidence(table, run)
    kept = np.flatnonzero(~np.isnan(hits))
    order = kept[np.argsort(-stated[kept], kind="stable")]
    covered = np.cumsum(weight[order])
    error = np.cumsum(weight[order] * (1 - hits[order])) / covered
    chosen = np.unique(np.linspace(0, len(order) - 1, _CURVE_POINTS).astype(int))
    return [[float(covered[i] / covered[-1]), float(error[i])] for i in chosen] if len(kept) else []
