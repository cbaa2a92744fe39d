"""From a workspace to model files: what the data allow, with the scores of the held-out folds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from prefml.cropping.recipe import default_cropper
from prefml.decisions import Decisions, read_decisions
from prefml.exceptions import NotEnoughDataError, SidecarError
from prefml.features.tables import ChoiceTable, CropTable, choice_table, crop_table
from prefml.history import candidates, install, only_trainer
from prefml.models import manifest_path, save_model
from prefml.promotion import Refit, Table, Verdict, last_decision, promote
from prefml.ranking.baselines import HighestStage
from prefml.ranking.metrics import lower_stage_top1, top1
from prefml.ranking.per_project import PerProjectRanker
from prefml.ranking.recipe import default_ranker
from prefml.sidecars.choice import chosen_encoder
from prefml.sidecars.sizes import picture_sizes
from prefml.sidecars.store import Sidecars, read_sidecars
from prefml.workspace import Workspace

__all__ = ["KINDS", "Trained", "train"]

KINDS = ("ranker", "crop")
# Below this a model would say nothing; so many of each are needed at the very least.
LEAST = 10

Rows = NDArray[np.bool_]


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
    verdict : Verdict or None
        Whether it replaced the model in use; None if it was not trained.
    """

    kind: str
    path: Path | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    why_not: str = ""
    verdict: Verdict | None = None


@dataclass(frozen=True)
class _Fitted:
    """A model that was just fitted, and what a replay needs to judge it.

    Attributes
    ----------
    kind : {"ranker", "crop"}
        Which model.
    model : estimator
        The model.
    facts : mapping
        Its manifest.
    table : ChoiceTable or CropTable
        What it was fitted on.
    refit : callable
        Rows of the table -> the same kind of model fitted on them alone.
    """

    kind: str
    model: Any
    facts: Mapping[str, Any]
    table: Table
    refit: Refit


def train(
    workspace: Workspace,
    kinds: Sequence[str] = KINDS,
    force: bool = False,
    per_project: bool = False,
) -> list[Trained]:
    """Train the models for which there are decisions, and put to use those that are not worse.

    Parameters
    ----------
    workspace : Workspace
        Logs, sidecars, and the artifacts folder to write to.
    kinds : sequence of {"ranker", "crop"}
        Which models to train.
    force : bool, default=False
        Put new models to use whatever a replay of recent decisions says.
    per_project : bool, default=False
        Besides the ranker for all projects, fit one for each project with choices enough.

    Returns
    -------
    list of Trained
        One for each kind, in that order.

    Raises
    ------
    NotEnoughDataError
        If none of them could be trained; it says why.
    ModelFileError
        If another training is at work.
    """
    with only_trainer(workspace):
        return _train(workspace, kinds, force, per_project)


def _train(
    workspace: Workspace, kinds: Sequence[str], force: bool, per_project: bool
) -> list[Trained]:
    decisions = read_decisions(workspace, picture_sizes(workspace))
    sidecars = _sidecars_of(workspace)
    make = _own_rankers if per_project else default_ranker
    makers: dict[str, Callable[[], Trained]] = {
        "ranker": lambda: _train_ranker(workspace, decisions, sidecars, force, make),
        "crop": lambda: _train_crop(workspace, decisions, sidecars, force),
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


def _own_rankers() -> PerProjectRanker:
    return PerProjectRanker(default_ranker())


def _train_ranker(
    workspace: Workspace,
    decisions: Decisions,
    sidecars: Sidecars | None,
    force: bool,
    make: Callable[[], Any],
) -> Trained:
    if sidecars is None:
        return Trained("ranker", why_not="no sidecars; a ranker learns from pictures")
    table = choice_table(decisions.items, sidecars)
    if table.n_sets < LEAST:
        return _too_few("ranker", f"{table.n_sets} sets", table.left_out)

    def fit(rows: Rows) -> Any:
        return _fit_ranker(table, rows, make)

    model = fit(np.ones(len(table), bool))
    counts = {
        "sets": table.n_sets,
        "images": len(table),
        "projects": len(np.unique(table.project)),
    }
    if isinstance(model, PerProjectRanker):
        counts["projects_with_their_own"] = len(model.own_)
    scores = _ranker_scores(table, model.out_of_fold_)
    facts = _facts(workspace, sidecars, decisions.items, table, counts, scores)
    return _put_to_use(workspace, _Fitted("ranker", model, facts, table, fit), force)


def _fit_ranker(table: ChoiceTable, rows: Rows, make: Callable[[], Any]) -> Any:
    return make().fit(
        table.X[rows],
        table.y[rows],
        set_id=table.set_id[rows],
        groups=table.project[rows],
        sample_weight=table.weight[rows],
    )


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


def _train_crop(
    workspace: Workspace, decisions: Decisions, sidecars: Sidecars | None, force: bool
) -> Trained:
    table = crop_table(decisions.crops, sidecars)
    if len(table) < LEAST:
        return _too_few("crop", f"{len(table)} crops", table.left_out)

    def fit(rows: Rows) -> Any:
        return _fit_cropper(table, rows)

    model = fit(np.ones(len(table), bool))
    counts = {"crops": len(table), "projects": len(np.unique(table.project))}
    scores = {f"iou_{name}": round(float(v), 4) for name, v in model.inner_iou_.items()}
    facts = _facts(workspace, sidecars, decisions.crops, table, counts, scores)
    return _put_to_use(workspace, _Fitted("crop", model, facts, table, fit), force)


def _fit_cropper(table: CropTable, rows: Rows) -> Any:
    return default_cropper().fit(
        table.X[rows],
        table.boxes[rows],
        size=table.size[rows],
        groups=_held_together(table)[rows],
        sample_weight=table.weight[rows],
    )


def _put_to_use(workspace: Workspace, new: _Fitted, force: bool) -> Trained:
    place = candidates(workspace) / f"{new.kind}.joblib"
    path = save_model(new.model, place, new.kind, new.facts)
    if force:
        install(workspace, new.kind, path)
        verdict = Verdict(True, "put to use unexamined")
    else:
        verdict = promote(workspace, new.kind, path, new.table, new.refit)
    if verdict.accepted:
        _remove(path)
        path = workspace.artifacts / path.name
    return Trained(
        new.kind,
        path,
        new.facts["counts"],
        new.facts["fold_scores"],
        new.table.left_out,
        verdict=verdict,
    )


def _remove(candidate: Path) -> None:
    for path in (candidate, manifest_path(candidate)):
        path.unlink(missing_ok=True)
    # A refused model of the other kind may still lie there.
    with suppress(OSError):
        candidate.parent.rmdir()


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
    table: Table,
    counts: Mapping[str, int],
    scores: Mapping[str, float],
) -> dict[str, Any]:
    return {
        "encoder": None if sidecars is None else _encoder_facts(workspace, sidecars),
        "cues": None if sidecars is None else sidecars.cue_identity,
        "decisions_sha256": hashlib.sha256(rows.to_csv(index=False).encode()).hexdigest(),
        "last_decision": last_decision(table.timestamp),
        "counts": dict(counts),
        "fold_scores": dict(scores),
        "left_out": dict(table.left_out),
    }


def _encoder_facts(workspace: Workspace, sidecars: Sidecars) -> dict[str, Any]:
    spec = sidecars.encoder
    return {
        **asdict(spec),
        "identity": spec.identity,
        "name": chosen_encoder(workspace),
    }
