"""Measure on held-out sets what may be approved unseen, and how well rejections are told."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from prefml.evaluation.crossval import HeldOutScores
from prefml.evaluation.schema import ApprovalMetrics, RejectionMetrics
from prefml.features import ChoiceTable
from prefml.ranking.approval import PromisedThreshold, make_promises
from prefml.ranking.metrics import top1_by_set
from prefml.ranking.rejection import rejection_metrics
from prefml.ranking.reviewed import ScoredSets
from prefml.ranking.risk import Approval, Promise, coverage_by_budget
from prefml.sets import index_sets

__all__ = ["approval_metrics", "held_out_sets", "rejection_summary"]


def held_out_sets(
    table: ChoiceTable, run: HeldOutScores, rejected: ChoiceTable, reviewed: Collection[str]
) -> ScoredSets:
    """Put accepted and rejected sets side by side with their held-out scores.

    Parameters
    ----------
    table : ChoiceTable
        Accepted sets.
    run : HeldOutScores
        A run that scored both.
    rejected : ChoiceTable
        Rejected sets.
    reviewed : collection of str
        Accepted sets that could have been rejected.

    Returns
    -------
    ScoredSets
    """
    return ScoredSets(table, rejected, run.scores, run.rejected_scores, reviewed)


def approval_metrics(
    table: ChoiceTable, run: HeldOutScores, scored: ScoredSets | None
) -> list[ApprovalMetrics]:
    """Return what could be approved unseen, by budget.

    Parameters
    ----------
    table : ChoiceTable
        Accepted sets.
    run : HeldOutScores
        A run of the ranker.
    scored : ScoredSets or None
        With the rejected sets; None where none was reviewed: the choice alone counts then.

    Returns
    -------
    list of ApprovalMetrics
        Of projects like these, or with one project of new sets of it; empty for a ranker that
        states no probability.
    """
    if run.probability is None:
        return []
    promise: Promise = "mixture" if len(set(table.project.tolist())) > 1 else "seen"
    return _of_choices(table, run, promise) if scored is None else _jointly(run, scored, promise)


def _jointly(run: HeldOutScores, scored: ScoredSets, promise: Promise) -> list[ApprovalMetrics]:
    stated = np.concatenate([np.asarray(run.probability), run.rejected_probability])
    promises = make_promises(scored.held_out(stated), [promise])
    return [_metrics(one, ["winner", "none"]) for one in promises]


def _of_choices(table: ChoiceTable, run: HeldOutScores, promise: Promise) -> list[ApprovalMetrics]:
    sets = index_sets(table.set_id)
    first = sets.order[sets.starts]
    found = coverage_by_budget(
        sets.reduce(np.maximum, np.asarray(run.probability)),
        top1_by_set(table.y, run.scores, table.set_id),
        groups=table.project[first],
        promise=promise,
        sample_weight=1 / table.inclusion[first],
    )
    return [_metrics(one, ["winner"]) for one in found]


def _metrics(one: Approval | PromisedThreshold, covers: list[str]) -> ApprovalMetrics:
    return {
        "budget": one.budget,
        "coverage": one.coverage,
        "error": float("nan") if one.error is None else one.error,
        "sets": one.sets,
        "threshold": one.threshold,
        "promise": one.promise,
        "reason": one.reason or None,
        "covers": covers,
    }


def rejection_summary(scored: ScoredSets | None) -> RejectionMetrics | None:
    """Return how well held-out rejections are told from acceptances.

    Parameters
    ----------
    scored : ScoredSets or None
        Accepted and rejected sets.

    Returns
    -------
    RejectionMetrics or None
        None where no set was reviewed.
    """
    if scored is None:
        return None
    part, rejected = scored.is_reviewed, scored.is_rejected
    stated = scored.cross_fitted.take(part)
    found = rejection_metrics(stated, rejected[part], 1 / scored.inclusion[part])
    return {
        "reviewed_sets": int(part.sum()),
        "rejected": int(rejected.sum()),
        "projects": len(set(scored.of_sets("project")[part].tolist())),
        "log_loss": found["log_loss"],
        "log_loss_base_rate": found["log_loss_base_rate"],
        "brier": found["brier"],
        "brier_base_rate": found["brier_base_rate"],
        "auc": found["auc"],
    }
