"""Tune a rival in nested folds within a budget of processor time, and score held-out rows."""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from typing import Any

import numpy as np
from _rivals import RIVALS, Candidate, Rival, Rows

from prefml.evaluation.folds import Fold, make_folds
from prefml.ranking.linear_init import held_out_losses

INNER_FOLDS = 3
# Processor time for tuning, in fits of prefml.
BUDGET = 10


def inner_folds(rows: Rows) -> tuple[Fold, ...]:
    """Split training rows by project, near duplicates purged, as the outer folds are."""
    return make_folds(rows.project, rows.set_id, rows.set_id, rows.hashes, INNER_FOLDS).folds


def tune(rival: Rival, rows: Rows, seed: int, budget: float) -> dict[str, Any]:
    """Return the candidate with the least log loss in nested folds, among those there is time for.

    Nothing new is begun once the budget, in seconds of the processor, is spent; a candidate that
    was not tried on every fold does not count.
    """
    began, found = time.process_time(), []
    if len(rival.candidates) > 1:
        folds = inner_folds(rows)
        for candidate in rival.candidates:
            if time.process_time() - began >= budget:
                break
            found += tried(rival, candidate, rows, folds, seed, began + budget)
    best = min(found, key=lambda one: one["loss"], default=first(rival))
    return {
        "candidate": best["candidate"],
        "tried": len({json.dumps(one["of"]) for one in found}),
        "seconds": time.process_time() - began,
    }


def first(rival: Rival) -> dict[str, Any]:
    """Return what is used where nothing could be tried."""
    return {"candidate": dict(rival.candidates[0])}


def tried(
    rival: Rival, candidate: Candidate, rows: Rows, folds: tuple[Fold, ...], seed: int, end: float
) -> list[dict[str, Any]]:
    """Return the loss of a candidate, for each number of trees; nothing when time runs out."""
    numbers = candidate.get("trees", (None,))
    scores = np.zeros((len(numbers), len(rows.X)))
    for fold in folds:
        if time.process_time() >= end:
            return []
        model = rival.make(candidate, seed)
        model.fit(rows.take(fold.train))
        tested = rows.take(fold.test)
        for row, trees in zip(scores, numbers, strict=True):
            row[fold.test] = model.scores(tested, trees)
    return [
        {
            "of": dict(candidate),
            "candidate": dict(candidate) | ({} if trees is None else {"trees": [trees]}),
            "loss": float(held_out_losses(row, rows.y.astype(float), rows.sets).sum()),
        }
        for row, trees in zip(scores, numbers, strict=True)
    ]


def held_out(
    name: str,
    rows: Rows,
    folds: list[tuple[np.ndarray, np.ndarray]],
    seed: int,
    budgets: list[float],
) -> dict[str, Any]:
    """Tune and fit a rival on each fold's training rows, and score its test rows."""
    warnings.simplefilter("ignore")
    rival, scores = RIVALS[name], np.zeros(len(rows.X))
    spent: dict[str, list[Any]] = {key: [] for key in ("chosen", "tried", "tuning", "fit")}
    predicting = 0.0
    for (train, test), budget in zip(folds, budgets, strict=True):
        learned, tested = rows.take(train), rows.take(test)
        found = tune(rival, learned, seed, budget)
        began = time.process_time()
        model = rival.make(found["candidate"], seed)
        model.fit(learned)
        fitted = time.process_time()
        scores[test] = model.scores(tested)
        predicting += time.process_time() - fitted
        for key, value in (("chosen", found["candidate"]), ("tried", found["tried"]),
                           ("tuning", found["seconds"]), ("fit", fitted - began)):  # fmt: skip
            spent[key].append(value)
    unit = 2**20 if sys.platform != "darwin" else 2**30
    return spent | {
        "scores": [float(f"{score:.7g}") for score in scores],
        "predict_ms_per_1000": 1e6 * predicting / len(rows.X),
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit,
    }
