"""The gate between a newly trained model and its use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prefml.cropping.metrics import iou
from prefml.exceptions import ModelFileError
from prefml.features.tables import ChoiceTable, CropTable
from prefml.history import install
from prefml.models import load_model
from prefml.ranking.metrics import top1_by_set
from prefml.replay import Comparison, compare, recent_groups, time_blocks
from prefml.workspace import Workspace

__all__ = [
    "LEAST",
    "Table",
    "Verdict",
    "decisions_of",
    "judge",
    "promote",
    "scores_of_choices",
    "scores_of_crops",
]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Table = ChoiceTable | CropTable
# Model, table, rows -> one score for each decision among the rows, in order of appearance.
Scorer = Callable[[Any, Any, Mask], Floats]
Refit = Callable[[Mask], Any]

# With fewer recent decisions nothing is learned from a replay.
LEAST = 20


@dataclass(frozen=True)
class Verdict:
    """Whether a new model may replace the one in use.

    Attributes
    ----------
    accepted : bool
        The answer.
    reason : str
        In words.
    replay : Comparison or None
        The new model as it is, on recent decisions.
    in_time : Comparison or None
        The same way of learning, refitted before each block of them.
    """

    accepted: bool
    reason: str
    replay: Comparison | None = None
    in_time: Comparison | None = None


def promote(
    workspace: Workspace,
    kind: str,
    candidate: Path,
    table: Table,
    refit: Refit | None = None,
) -> Verdict:
    """Put a new model to use if a replay of recent decisions says that it is not worse.

    Parameters
    ----------
    workspace : Workspace
        Its artifacts hold the current model, which is kept in `artifacts/history/`.
    kind : {"ranker", "crop"}
        Which model.
    candidate : Path
        The new model's file, anywhere but in the place of the current one.
    table : ChoiceTable or CropTable
        Every decision that it was trained on.
    refit : callable, optional
        Rows of the table -> the same kind of model fitted on them alone.

    Returns
    -------
    Verdict
    """
    model = load_model(candidate, kind)
    verdict = judge(_in_use(workspace, kind), model, table, refit)
    if verdict.accepted:
        install(workspace, kind, candidate)
    return verdict


def _in_use(workspace: Workspace, kind: str) -> Any:
    try:
        return load_model(workspace.artifacts / f"{kind}.joblib", kind)
    except ModelFileError:
        return None


def judge(current: Any, candidate: Any, table: Table, refit: Refit | None = None) -> Verdict:
    """Say whether a new model may replace the current one.

    Parameters
    ----------
    current : estimator or None
        The model in use.
    candidate : estimator
        The new one.
    table : ChoiceTable or CropTable
        Decisions.
    refit : callable, optional
        As in `promote`.

    Returns
    -------
    Verdict
    """
    if current is None:
        return Verdict(True, "the first model of its kind")
    group, score = decisions_of(table)
    recent = recent_groups(group, table.timestamp)
    if len(recent) < LEAST:
        return Verdict(True, f"only {len(recent)} decisions: too few to compare")
    rows = np.isin(group.astype(str), recent.astype(str))
    try:
        old = score(current, table, rows)
    except (ValueError, KeyError, TypeError) as error:
        return Verdict(True, f"the current model does not fit these pictures: {_line(error)}")
    replay = compare(old, score(candidate, table, rows))
    if not replay.not_worse:
        return Verdict(False, f"worse on recent decisions: {replay}", replay)
    in_time = None if refit is None else _in_time(current, table, refit, score, group)
    if in_time is not None and in_time.n >= LEAST and not in_time.not_worse:
        return Verdict(False, f"learns worse than the current one: {in_time}", replay, in_time)
    return Verdict(True, f"not worse: {replay}", replay, in_time)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]


def decisions_of(table: Table) -> tuple[NDArray[Any], Scorer]:
    """Return the decision that each row belongs to, and how a model's answers are scored.

    Parameters
    ----------
    table : ChoiceTable or CropTable
        Decisions.

    Returns
    -------
    group : ndarray of shape (n_rows,)
    score : callable
        Model, table, rows -> one score for each decision, in order of appearance.
    """
    if isinstance(table, ChoiceTable):
        return np.asarray(table.set_id, object), scores_of_choices
    return np.arange(len(table)).astype(str).astype(object), scores_of_crops


def _in_time(
    current: Any, table: Table, refit: Refit, score: Scorer, group: NDArray[Any]
) -> Comparison:
    old, new = [np.empty(0)], [np.empty(0)]
    for before, block in time_blocks(group, table.timestamp):
        try:
            model = refit(before)
        except ValueError:
            # Too little came before this block to learn from.
            continue
        old.append(score(current, table, block))
        new.append(score(model, table, block))
    return compare(np.concatenate(old), np.concatenate(new))


def scores_of_choices(model: Any, table: ChoiceTable, rows: Mask) -> Floats:
    """Return for each set whether the model's first is the person's choice.

    Parameters
    ----------
    model : SetRanker
        A fitted ranker.
    table : ChoiceTable
        Sets.
    rows : ndarray of bool, of shape (n_rows,)
        Whole sets.

    Returns
    -------
    ndarray of shape (n_sets,)
        1, 0, or a fraction where the model's first is tied.
    """
    found: Floats = top1_by_set(table.y[rows], model.predict(table.X[rows]), table.set_id[rows])
    return found


def scores_of_crops(model: Any, table: CropTable, rows: Mask) -> Floats:
    """Return the overlap of each predicted box with the person's.

    Parameters
    ----------
    model : CropRegressor
        A fitted regressor.
    table : CropTable
        Crops.
    rows : ndarray of bool, of shape (n_rows,)
        Which of them.

    Returns
    -------
    ndarray of shape (n_rows,)
        Intersection over union.
    """
    boxes = model.predict(table.X[rows], size=table.size[rows])
    return np.asarray(iou(boxes, table.boxes[rows]), float)
