"""Measure the learning curve: agreement against the number of sets learned from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prefml.evaluation.crossval import (
    Contender,
    HeldOutScores,
    Ranker,
    held_out_scores,
    subsample_fold,
)
from prefml.evaluation.folds import Fold
from prefml.evaluation.schema import LearningPoint
from prefml.evaluation.sets import describe_sets
from prefml.features import ChoiceTable
from prefml.ranking.metrics import bootstrap_interval, lower_stage_top1, top1_by_set

__all__ = ["SHARES", "curve_point", "partial_point"]

# Shares of the training sets that are tried besides all of them.
SHARES = (0.1, 0.3)


def partial_point(
    contender: Contender[Ranker], table: ChoiceTable, folds: Sequence[Fold], share: float
) -> LearningPoint:
    """Measure a ranker that learns from a share of the sets, on the same held-out sets.

    Parameters
    ----------
    contender : Contender
        The ranker.
    table : ChoiceTable
        All rows.
    folds : sequence of Fold
        The folds of the whole.
    share : float
        Share of each fold's training sets that it learns from.

    Returns
    -------
    LearningPoint
    """
    fewer = [subsample_fold(fold, table.set_id, share, seed=1) for fold in folds]
    return curve_point(table, share, fewer, held_out_scores(contender, table, fewer, seed=0))


def curve_point(
    table: ChoiceTable, share: float, folds: Sequence[Fold], run: HeldOutScores
) -> LearningPoint:
    """Describe one point of the learning curve.

    Parameters
    ----------
    table : ChoiceTable
        All rows.
    share : float
        Share of the training sets that was learned from.
    folds : sequence of Fold
        The rows that were learned from and tested on.
    run : HeldOutScores
        Held-out scores of the ranker.

    Returns
    -------
    LearningPoint
        `sets` is the mean number of sets learned from.
    """
    hits = top1_by_set(table.y, run.scores, table.set_id)
    learned_from = [len(set(table.set_id[fold.train])) for fold in folds]
    return {
        "share": share,
        "sets": float(np.mean(learned_from)),
        "top1": float(np.nanmean(hits)),
        "top1_ci": list(bootstrap_interval(hits, describe_sets(table).cluster)),
        "lower_stage_top1": lower_stage_top1(table.y, run.scores, table.set_id, table.stage),
    }
