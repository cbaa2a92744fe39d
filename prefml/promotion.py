"""The gate between a newly trained model and its use."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from prefml.cropping.metrics import iou
from prefml.exceptions import ModelFileError
from prefml.features.tables import ChoiceTable, CropTable
from prefml.history import install
from prefml.models import ModelVersionWarning, load_model, read_manifest
from prefml.ranking.metrics import top1_by_set
from prefml.ranking.per_project import scores_by_project
from prefml.replay import WINDOW, Comparison, compare, recent_groups, time_blocks
from prefml.workspace import Workspace

__all__ = [
    "LEAST",
    "Table",
    "Verdict",
    "decisions_of",
    "judge",
    "last_decision",
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
# New decisions to a refit: each costs as much as the training itself.
_BLOCK, _MOST_BLOCKS = 100, 3


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
        The same way of learning, refitted before each block of decisions that the model in use
        has not seen.
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
    current, manifest = _in_use(workspace, kind)
    if current is not None and manifest["sha256"] == read_manifest(candidate)["sha256"]:
        return Verdict(True, "the same as the model in use")
    verdict = judge(current, model, table, refit, _seen_until(manifest))
    if verdict.accepted:
        install(workspace, kind, candidate)
    return verdict


def _in_use(workspace: Workspace, kind: str) -> tuple[Any, dict[str, Any]]:
    path = workspace.artifacts / f"{kind}.joblib"
    try:
        with warnings.catch_warnings():
            # It says: train again. That is what is being done.
            warnings.simplefilter("ignore", ModelVersionWarning)
            return load_model(path, kind), read_manifest(path)
    except ModelFileError:
        # Damaged, or of versions that cannot be opened here; it must not keep a new model out.
        return None, {}


def _seen_until(manifest: Mapping[str, Any]) -> np.datetime64 | None:
    # Manifests of earlier versions tell only when the model was written.
    told = manifest.get("last_decision", manifest.get("written"))
    when = pd.to_datetime(str(told), utc=True, errors="coerce")
    return None if pd.isna(when) else when.tz_localize(None).to_datetime64()


def last_decision(timestamp: NDArray[np.datetime64]) -> str | None:
    """Return the time of the latest decision, which a model's manifest keeps.

    Parameters
    ----------
    timestamp : ndarray of datetime64
        When the decisions were made, UTC.

    Returns
    -------
    str or None
        As in ISO 8601; None if no time is known.
    """
    latest = pd.to_datetime(pd.Series(timestamp), utc=True).max()
    return None if pd.isna(latest) else latest.isoformat()


def judge(
    current: Any,
    candidate: Any,
    table: Table,
    refit: Refit | None = None,
    seen_until: np.datetime64 | None = None,
) -> Verdict:
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
    seen_until : datetime64, optional
        Decisions up to then were learned from by the current model, so that only later ones can
        tell whether a refit learns worse. Without it there are no refits.

    Returns
    -------
    Verdict
    """
    if current is None:
        return Verdict(True, "no usable model before it")
    group, score = decisions_of(table)
    recent = recent_groups(group, table.timestamp)
    if len(recent) < LEAST:
        return Verdict(True, f"only {len(recent)} decisions: too few to compare")
    rows = np.isin(group.astype(str), recent.astype(str))
    try:
        old = score(current, table, rows)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Verdict(True, f"the current model does not fit these pictures: {_line(error)}")
    replay = compare(old, score(candidate, table, rows))
    if not replay.not_worse:
        return Verdict(False, f"worse on recent decisions: {replay}", replay)
    in_time = None
    if refit is not None and seen_until is not None:
        in_time = _in_time(current, table, refit, seen_until)
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
    current: Any, table: Table, refit: Refit, seen_until: np.datetime64
) -> Comparison | None:
    group, score = decisions_of(table)
    unseen = min(WINDOW, _count_after(group, table.timestamp, seen_until))
    if unseen < LEAST:
        return None
    blocks = min(_MOST_BLOCKS, max(1, unseen // _BLOCK))
    old, new = [np.empty(0)], [np.empty(0)]
    for before, block in time_blocks(group, table.timestamp, unseen, blocks):
        try:
            model = refit(before)
        except ValueError:
            # Too little came before this block to learn from.
            continue
        old.append(score(current, table, block))
        new.append(score(model, table, block))
    return compare(np.concatenate(old), np.concatenate(new))


def _count_after(
    group: NDArray[Any], timestamp: NDArray[np.datetime64], moment: np.datetime64
) -> int:
    # A decision without a time compares as not later.
    return len(set(group[timestamp > moment].tolist()))


def scores_of_choices(model: Any, table: ChoiceTable, rows: Mask) -> Floats:
    """Return for each set whether the model's first is the person's choice.

    Parameters
    ----------
    model : SetRanker or PerProjectRanker
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
    scores = scores_by_project(model, table.X[rows], table.project[rows])
    found: Floats = top1_by_set(table.y[rows], scores, table.set_id[rows])
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
