"""From a workspace to model files: what the data allow, with the scores of the held-out folds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from prefml.cropping.recipe import default_cropper
from prefml.decisions import Decisions, read_decisions
from prefml.exceptions import NotEnoughDataError, SidecarError
from prefml.features.tables import ChoiceTable, CropTable, choice_table, crop_table
from prefml.models import save_model
from prefml.ranking.baselines import HighestStage
from prefml.ranking.metrics import lower_stage_top1, top1
from prefml.ranking.recipe import default_ranker
from prefml.sidecars.choice import chosen_encoder
from prefml.sidecars.sizes import picture_sizes
from prefml.sidecars.store import Sidecars, read_sidecars
from prefml.workspace import Workspace

__all__ = ["KINDS", "Trained", "train"]

KINDS = ("ranker", "crop")
# Below this a model would say nothing; so many of each are needed at the very least.
LEAST = 10


@dataclass(frozen=True)
class Trained:
    """What became of one model.

    Attributes
    ----------
    kind : {"ranker", "crop"}
        Which model.
    path : Path or None
        The file; None if it was not trained.
    counts : mapping of str to int
        Sets or crops, images, projects.
    scores : mapping of str to float
        Of whole projects held out in turn while training, and of the simple rules beside it.
    left_out : mapping of str to int
        Reason -> sets or crops that were not learned from.
    why_not : str
        Why it was not trained; empty if it was.
    """

    kind: str
    path: Path | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    why_not: str = ""


def train(workspace: Workspace, kinds: Sequence[str] = KINDS) -> list[Trained]:
    """Train the models for which there are decisions, and write them.

    Parameters
    ----------
    workspace : Workspace
        Logs, sidecars, and the artifacts folder to write to.
    kinds : sequence of {"ranker", "crop"}
        Which models to train.

    Returns
    -------
    list of Trained
        One for each kind, in that order.

    Raises
    ------
    NotEnoughDataError
        If none of them could be trained; it says why.
    """
    decisions = read_decisions(workspace, picture_sizes(workspace))
    sidecars = _sidecars_of(workspace)
    makers: dict[str, Callable[[], Trained]] = {
        "ranker": lambda: _train_ranker(workspace, decisions, sidecars),
        "crop": lambda: _train_crop(workspace, decisions, sidecars),
    }
    results = [makers[kind]() for kind in kinds]
    if all(result.path is None for result in results):
        reasons = "; ".join(f"{result.kind}: {result.why_not}" for result in results)
        raise NotEnoughDataError(reasons, None, _next_step(sidecars))
    return results


def _sidecars_of(workspace: Workspace) -> Sidecars | None:
    try:
        return read_sidecars(workspace.sidecars)
    except SidecarError:
        if any(workspace.sidecars.glob("*.parquet")):
            raise
        return None


def _next_step(sidecars: Sidecars | None) -> str:
    return "prefml embed" if sidecars is None else "prefml ingest"


def _train_ranker(workspace: Workspace, decisions: Decisions, sidecars: Sidecars | None) -> Trained:
    if sidecars is None:
        return Trained("ranker", why_not="no sidecars; a ranker learns from pictures")
    table = choice_table(decisions.items, sidecars)
    if table.n_sets < LEAST:
        return _too_few("ranker", f"{table.n_sets} sets", table.left_out)
    model = default_ranker()
    model.fit(
        table.X, table.y, set_id=table.set_id, groups=table.project, sample_weight=table.weight
    )
    counts = {
        "sets": table.n_sets,
        "images": len(table),
        "projects": len(np.unique(table.project)),
    }
    scores = _ranker_scores(table, model.out_of_fold_)
    facts = _facts(workspace, sidecars, decisions.items, counts, scores, table.left_out)
    path = save_model(model, workspace.artifacts / "ranker.joblib", "ranker", facts)
    return Trained("ranker", path, counts, scores, table.left_out)


def _ranker_scores(table: ChoiceTable, held_out: Any) -> dict[str, float]:
    """Score the inner folds; they hold out whole projects, or sets where there is one project."""
    if held_out is None:
        return {}
    highest = HighestStage().fit(table.X, table.y, set_id=table.set_id).predict(table.X)
    found = {
        "top1": top1(table.y, held_out, table.set_id),
        "top1_highest_stage": top1(table.y, highest, table.set_id),
        "top1_random": top1(table.y, np.zeros(len(table)), table.set_id),
        "lower_stage_top1": lower_stage_top1(table.y, held_out, table.set_id, table.stage),
    }
    return {name: round(value, 4) for name, value in found.items() if np.isfinite(value)}


def _train_crop(workspace: Workspace, decisions: Decisions, sidecars: Sidecars | None) -> Trained:
    table = crop_table(decisions.crops, sidecars)
    if len(table) < LEAST:
        return _too_few("crop", f"{len(table)} crops", table.left_out)
    model = default_cropper()
    model.fit(table.X, table.boxes, size=table.size, groups=_held_together(table))
    counts = {"crops": len(table), "projects": len(np.unique(table.project))}
    scores = {f"iou_{name}": round(float(v), 4) for name, v in model.inner_iou_.items()}
    facts = _facts(workspace, sidecars, decisions.crops, counts, scores, table.left_out)
    path = save_model(model, workspace.artifacts / "crop.joblib", "crop", facts)
    return Trained("crop", path, counts, scores, table.left_out)


def _held_together(table: CropTable) -> Any:
    """Return the projects, or the sessions where there is one project only."""
    return table.project if len(np.unique(table.project)) > 1 else table.session_id


def _too_few(kind: str, found: str, left_out: Mapping[str, int]) -> Trained:
    why = ", ".join(f"{n} left out for {reason}" for reason, n in sorted(left_out.items()))
    return Trained(
        kind,
        left_out=left_out,
        why_not=f"{found}, at least {LEAST} are needed{f' ({why})' if why else ''}",
    )


def _facts(
    workspace: Workspace,
    sidecars: Sidecars | None,
    rows: pd.DataFrame,
    counts: Mapping[str, int],
    scores: Mapping[str, float],
    left_out: Mapping[str, int],
) -> dict[str, Any]:
    return {
        "encoder": None if sidecars is None else _encoder_facts(workspace, sidecars),
        "cues": None if sidecars is None else sidecars.cue_identity,
        "decisions_sha256": hashlib.sha256(rows.to_csv(index=False).encode()).hexdigest(),
        "counts": dict(counts),
        "fold_scores": dict(scores),
        "left_out": dict(left_out),
    }


def _encoder_facts(workspace: Workspace, sidecars: Sidecars) -> dict[str, Any]:
    spec = sidecars.encoder
    return {
        **asdict(spec),
        "identity": spec.identity,
        "name": chosen_encoder(workspace),
    }
