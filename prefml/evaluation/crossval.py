"""Every model on the same folds with the same rows: what each says of rows it has not seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import has_fit_parameter

from prefml._typing import Floats, Ints
from prefml.evaluation.folds import Fold
from prefml.features import ChoiceTable, CropTable
from prefml.sets import index_sets

__all__ = [
    "Contender",
    "HeldOutBoxes",
    "HeldOutScores",
    "held_out_boxes",
    "held_out_scores",
    "subsample_fold",
]


@dataclass(frozen=True)
class Contender:
    """A model that takes part.

    Attributes
    ----------
    name : str
        As in `metrics.json`.
    make : callable
        Seed -> estimator, not fitted.
    prefix : str
        It sees the columns whose names begin with this; all with the empty one.
    title : str
        What a person reads.
    """

    name: str
    make: Callable[[int], Any]
    prefix: str
    title: str


@dataclass(frozen=True)
class HeldOutScores:
    """What a ranker says of held-out rows.

    Attributes
    ----------
    scores : ndarray of shape (n_rows,)
        From a model that saw neither the row's project nor a near duplicate.
    probability : ndarray of shape (n_rows,) or None
        Probability of being the chosen one; None for models that state none.
    fit_seconds : float
        Mean time of a fit.
    importances : dict of str to float
        Share of each group of columns, mean over folds; empty for models that cannot say.
    reasons : dict of object to str
        Set -> what spoke most for its suggested picture; empty for models that cannot say.
    """

    scores: Floats
    probability: Floats | None
    fit_seconds: float
    importances: dict[str, float]
    reasons: dict[Any, str]


@dataclass(frozen=True)
class HeldOutBoxes:
    """What a cropper says of held-out rows.

    Attributes
    ----------
    boxes : ndarray of shape (n_rows, 4)
        From a model that saw neither the row's project nor a near duplicate.
    fit_seconds : float
        Mean time of a fit.
    band_coverage : float or None
        Share of edges inside the stated bands; None for models without bands.
    """

    boxes: Floats
    fit_seconds: float
    band_coverage: float | None


def held_out_scores(
    contender: Contender, table: ChoiceTable, folds: Sequence[Fold], seed: int
) -> HeldOutScores:
    """Fit a ranker on each fold's training rows and score its test rows.

    Parameters
    ----------
    contender : Contender
        The model.
    table : ChoiceTable
        All rows.
    folds : sequence of Fold
        Each row is tested once.
    seed : int
        Seed of the model.

    Returns
    -------
    HeldOutScores
    """
    X = _columns(table.X, contender.prefix)
    scores, probability = np.zeros(len(table)), np.full(len(table), np.nan)
    seconds, shares = [], []
    reasons: dict[Any, str] = {}
    for fold in folds:
        model, took = _timed_fit(
            contender.make(seed), X, table.y, fold.train, _ranking_extras(table)
        )
        seconds.append(took)
        tested, sets = X.iloc[fold.test], table.set_id[fold.test]
        scores[fold.test] = model.predict(tested)
        if hasattr(model, "probability_of"):
            probability[fold.test] = model.probability_of(scores[fold.test], index_sets(sets))
        if hasattr(model, "importances"):
            shares.append(model.importances(tested, sets))
        if hasattr(model, "explain"):
            reasons |= {e.set_id: _spoken(e) for e in model.explain(tested, sets)}
    stated = None if np.isnan(probability).any() else probability
    return HeldOutScores(scores, stated, float(np.mean(seconds)), _mean_shares(shares), reasons)


def _ranking_extras(table: ChoiceTable) -> dict[str, NDArray[Any]]:
    return {"set_id": table.set_id, "groups": table.project, "sample_weight": table.weight}


def _spoken(explanation: Any) -> str:
    names = [reason.name for reason in explanation.reasons if reason.contribution > 0]
    return ", ".join(names[:2])


def _mean_shares(shares: Sequence[dict[str, float]]) -> dict[str, float]:
    if not shares:
        return {}
    mean = pd.DataFrame(shares).fillna(0.0).mean().sort_values(ascending=False)
    return {str(name): float(value) for name, value in mean.items()}


def held_out_boxes(
    contender: Contender, table: CropTable, folds: Sequence[Fold], seed: int
) -> HeldOutBoxes:
    """Fit a cropper on each fold's training rows and propose boxes for its test rows.

    Parameters
    ----------
    contender : Contender
        The model.
    table : CropTable
        All rows.
    folds : sequence of Fold
        Each row is tested once.
    seed : int
        Seed of the model.

    Returns
    -------
    HeldOutBoxes
    """
    X = _columns(table.X, contender.prefix)
    boxes, inside = np.zeros((len(table), 4)), np.full((len(table), 4), np.nan)
    extras = {"size": table.size, "groups": table.project, "sample_weight": table.weight}
    seconds = []
    for fold in folds:
        model, took = _timed_fit(contender.make(seed), X, table.boxes, fold.train, extras)
        seconds.append(took)
        tested = X.iloc[fold.test]
        boxes[fold.test] = model.predict(tested, size=table.size[fold.test])
        if hasattr(model, "predict_bands"):
            bands, edges = model.predict_bands(tested), table.boxes[fold.test]
            inside[fold.test] = (bands[..., 0] <= edges) & (edges <= bands[..., 1])
    covered = None if np.isnan(inside).any() else float(inside.mean())
    return HeldOutBoxes(boxes, float(np.mean(seconds)), covered)


def _columns(X: pd.DataFrame, prefix: str) -> pd.DataFrame:
    return X[[name for name in X.columns if name.startswith(prefix)]]


def _timed_fit(
    model: Any, X: pd.DataFrame, y: NDArray[Any], train: Ints, extras: dict[str, NDArray[Any]]
) -> tuple[Any, float]:
    wanted = {
        name: values[train] for name, values in extras.items() if has_fit_parameter(model, name)
    }
    began = time.perf_counter()
    model.fit(X.iloc[train], y[train], **wanted)
    return model, time.perf_counter() - began


def subsample_fold(fold: Fold, set_id: NDArray[Any], share: float, seed: int) -> Fold:
    """Keep a share of a fold's training sets.

    Parameters
    ----------
    fold : Fold
        The division.
    set_id : ndarray of shape (n_rows,)
        The set of each row.
    share : float
        Share to keep, at least two sets.
    seed : int
        Seed of the choice; a smaller share is part of a larger one.

    Returns
    -------
    Fold
    """
    names = pd.unique(set_id[fold.train])
    order = np.random.default_rng(seed).permutation(len(names))
    kept = set(names[order[: max(2, round(share * len(names)))]])
    inside = np.array([name in kept for name in set_id[fold.train]], dtype=bool)
    return Fold(fold.train[inside], fold.test, fold.purged)
