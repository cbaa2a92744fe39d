"""How much better more choices make prefml."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prefml.evaluation.crossval import Contender, HeldOutScores, held_out_scores, subsample_fold
from prefml.evaluation.folds import Fold
from prefml.evaluation.sets import describe_sets
from prefml.features import ChoiceTable
from prefml.ranking.metrics import bootstrap_interval, lower_stage_top1, top1_by_set

__all__ = ["SHARES", "curve_point", "partial_point"]

# Shares of the training sets that are tried besides all of them.
SHARES = (0.1, 0.3)


def partial_point(
    contender: Contender, table: ChoiceTable, folds: Sequence[Fold], share: float
) -> dict[str, Any]:
    """Measure a ranker that learns from a part of the choices, on the same held-out sets.

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
    dict
        As `curve_point`.
    """
    fewer = [subsample_fold(fold, table.set_id, share, seed=1) for fold in folds]
    return curve_point(table, share, fewer, held_out_scores(contender, table, fewer, seed=0))


def curve_point(
    table: ChoiceTable, share: float, folds: Sequence[Fold], run: HeldOutScores
) -> dict[str, Any]:
    """Describe one point of the learning curve.

    Parameters
    ----------
    table : ChoiceTable
        All rows.
    share : float
        Share of the training sets that was learned from.
    folds : sequence of Fold
        What was learned from and tested on.
    run : HeldOutScores
        What the ranker said.

    Returns
    -------
    dict
        `share`, `sets` (mean number learned from), `top1`, `top1_ci`, `lower_stage_top1`.
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
