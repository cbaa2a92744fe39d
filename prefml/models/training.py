"""Train the models of a workspace, and record how they did on held-out folds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from prefml.exceptions import NotEnoughDataError
from prefml.features.tables import ChoiceTable
from prefml.features.training_data import TrainingData, read_training_data
from prefml.models.approval import approval_facts, rejection_table, score_sets
from prefml.models.hashes import decisions_hash
from prefml.models.history import candidate_folder, install, training_lock
from prefml.models.kinds import BY_NAME, REJECTION, Kind, M, Ranker, T, per_project_kind
from prefml.models.manifest import manifest_path, read_manifest
from prefml.models.promotion import Verdict, last_decision, promote
from prefml.models.store import amend_manifest, save_model
from prefml.models.tag_flags import LearnedFlags, train_flags
from prefml.ranking.reviewed import ScoredSets
from prefml.sidecars.choice import chosen_encoder
from prefml.sidecars.store import Sidecars
from prefml.workspace import Workspace

__all__ = ["TRAINED", "TrainingResult", "train"]

# Kinds that can be asked for; what tells rejected sets is trained along with the ranker.
TRAINED = ("ranker", "crop")


@dataclass(frozen=True)
class TrainingResult:
    """Outcome of training one model.

    Attributes
    ----------
    kind : {"ranker", "crop", "rejection"}
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
    rejection : TrainingResult or None
        Of a ranker: outcome for the model of "none is good" that goes with it.
    flags : LearnedFlags or None
        Of a ranker: flags that were learned from tags along with it; None without pictures.
    """

    kind: str
    path: Path | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    why_not: str = ""
    verdict: Verdict | None = None
    rejection: TrainingResult | None = None
    flags: LearnedFlags | None = None


def train(
    workspace: Workspace,
    kinds: Sequence[str] = TRAINED,
    force: bool = False,
    per_project: bool = False,
    watch: Callable[[str], None] = lambda kind: None,
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
    watch : callable, optional
        Called with the name of each kind when it is begun.

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
    results: dict[str, TrainingResult] = {}
    missing: list[NotEnoughDataError] = []
    with training_lock(workspace):
        run = _Run(workspace, read_training_data(workspace), force)
        # A ranker promises what holds with the crops that go along: the crop model comes first.
        for name in sorted(kinds):
            watch(name)
            try:
                train_one = _train_ranker if name == "ranker" else _train
                results[name] = train_one(run, known[name])
            except NotEnoughDataError as error:
                missing.append(error)
                results[name] = TrainingResult(name, why_not=error.found)
    if len(missing) == len(results):
        reasons = "; ".join(f"{name}: {results[name].why_not}" for name in kinds)
        raise NotEnoughDataError(reasons, None, missing[-1].run)
    return [_with_flags(run, results[name]) for name in kinds]


@dataclass(frozen=True)
class _Run:
    """Workspace, decisions and options that all models of one training share."""

    workspace: Workspace
    data: TrainingData
    force: bool


def _with_flags(run: _Run, result: TrainingResult) -> TrainingResult:
    """Learn flags from tags along with a ranker, be it trained or not."""
    if result.kind != "ranker":
        return result
    flags = train_flags(run.workspace, run.data.sidecars)
    return replace(result, flags=flags)


def _train(run: _Run, kind: Kind[M, T]) -> TrainingResult:
    table = kind.usable_table(run.data)
    return _put_to_use(run, kind, table, _fit_all(kind, table))


def _fit_all(kind: Kind[M, T], table: T) -> M:
    return kind.fit(kind.make(), table, np.ones(len(table), bool))


def _train_ranker(run: _Run, kind: Kind[Ranker, ChoiceTable]) -> TrainingResult:
    """Train a ranker with what it promises, and then what tells the sets that are rejected."""
    table = kind.usable_table(run.data)
    model = _fit_all(kind, table)
    scored = score_sets(model, table, run.data)
    if scored is None:
        return _put_to_use(run, kind, table, model)
    promised = approval_facts(run.workspace, model, scored, run.data)
    result = _put_to_use(run, kind, table, model, promised)
    if result.verdict is None or not result.verdict.accepted:
        kept = TrainingResult(
            "rejection", why_not="it belongs to the new ranker, which was refused"
        )
        return replace(result, rejection=kept)
    rejection = _train_rejection(run, scored)
    used = rejection.verdict is not None and rejection.verdict.accepted
    sha256 = read_manifest(run.workspace.artifacts / REJECTION.file).sha256 if used else None
    # The same model may have been in use before, with what it could promise then.
    amend_manifest(run.workspace.artifacts / kind.file, {**promised, "rejection_sha256": sha256})
    return replace(result, rejection=rejection)


def _train_rejection(run: _Run, scored: ScoredSets) -> TrainingResult:
    table = rejection_table(scored)
    try:
        return _train(run, replace(REJECTION, table=lambda data: table))
    except NotEnoughDataError as error:
        return TrainingResult("rejection", left_out=table.left_out, why_not=error.found)


def _put_to_use(
    run: _Run, kind: Kind[M, T], table: T, model: M, more: Mapping[str, object] | None = None
) -> TrainingResult:
    """Write a model that was fitted on all rows, and use it unless the gate refuses it."""
    workspace = run.workspace
    counts, scores = kind.counts(model, table), kind.fold_scores(model, table)
    facts = {
        **_encoder_facts(workspace, run.data.sidecars),
        "decisions_sha256": decisions_hash(kind.rows(run.data.decisions)),
        "last_decision": last_decision(table.timestamp),
        "counts": counts,
        "fold_scores": scores,
        "left_out": dict(table.left_out),
        **(more or {}),
    }
    path = save_model(model, candidate_folder(workspace) / kind.file, kind.name, facts)
    if run.force:
        install(workspace, kind.name, path)
        verdict = Verdict(True, "put to use unexamined")
    else:
        verdict = promote(
            workspace, kind, path, table, lambda rows: kind.fit(kind.make(), table, rows)
        )
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
