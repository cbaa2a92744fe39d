"""Train the models of a workspace, and record how they did on held-out folds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from prefml._typing import Bools
from prefml.exceptions import NotEnoughDataError
from prefml.features.training_data import TrainingData, read_training_data
from prefml.models.history import candidate_folder, install, training_lock
from prefml.models.kinds import BY_NAME, Kind, M, T, per_project_kind
from prefml.models.manifest import KINDS, manifest_path
from prefml.models.promotion import Verdict, last_decision, promote
from prefml.models.store import save_model
from prefml.sidecars.choice import chosen_encoder
from prefml.sidecars.store import Sidecars
from prefml.workspace import Workspace

__all__ = ["TrainingResult", "train"]


@dataclass(frozen=True)
class TrainingResult:
    """Outcome of training one model.

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


def train(
    workspace: Workspace,
    kinds: Sequence[str] = KINDS,
    force: bool = False,
    per_project: bool = False,
) -> list[TrainingResult]:
    """Train the models for which there are decisions, and use those that are not worse.

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
    list of TrainingResult
        One for each kind, in that order.

    Raises
    ------
    NotEnoughDataError
        If none of them could be trained; it says why.
    SidecarError
        If there are sidecars, but they are damaged.
    ModelFileError
        If another training is at work.
    """
    known = {**BY_NAME, **({"ranker": per_project_kind()} if per_project else {})}
    with training_lock(workspace):
        data = read_training_data(workspace)
        results, missing = [], []
        for kind in map(known.__getitem__, kinds):
            try:
                results.append(_train_one(workspace, data, kind, force))
            except NotEnoughDataError as error:
                missing.append(error)
                results.append(TrainingResult(kind.name, why_not=error.found))
    if len(missing) == len(results):
        reasons = "; ".join(f"{result.kind}: {result.why_not}" for result in results)
        raise NotEnoughDataError(reasons, None, missing[0].run)
    return results


def _train_one(
    workspace: Workspace, data: TrainingData, kind: Kind[M, T], force: bool
) -> TrainingResult:
    table = kind.usable_table(data)

    def refit(rows: Bools) -> M:
        return kind.fit(kind.make(), table, rows)

    model = refit(np.ones(len(table), bool))
    logged = kind.rows(data.decisions).to_csv(index=False)
    counts, scores = kind.counts(model, table), kind.fold_scores(model, table)
    facts = {
        **_encoder_facts(workspace, data.sidecars),
        "decisions_sha256": hashlib.sha256(logged.encode()).hexdigest(),
        "last_decision": last_decision(table.timestamp),
        "counts": counts,
        "fold_scores": scores,
        "left_out": dict(table.left_out),
    }
    path = save_model(model, candidate_folder(workspace) / kind.file, kind.name, facts)
    if force:
        install(workspace, kind.name, path)
        verdict = Verdict(True, "put to use unexamined")
    else:
        verdict = promote(workspace, kind, path, table, refit)
    if verdict.accepted:
        _remove(path)
        path = workspace.artifacts / kind.file
    return TrainingResult(kind.name, path, counts, scores, table.left_out, verdict=verdict)


def _remove(candidate: Path) -> None:
    for path in (candidate, manifest_path(candidate)):
        path.unlink(missing_ok=True)
    # A refused model of the other kind may still lie there.
    with suppress(OSError):
        candidate.parent.rmdir()


def _encoder_facts(workspace: Workspace, sidecars: Sidecars | None) -> dict[str, object]:
    if sidecars is None:
        return {"encoder": None, "cues": None}
    spec = sidecars.encoder
    encoder = {**asdict(spec), "identity": spec.identity, "name": chosen_encoder(workspace)}
    return {"encoder": encoder, "cues": sidecars.cue_identity}
