"""Find what a new ranker may promise, from sets that neither it nor what goes with it has seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prefml._typing import Floats, Ints
from prefml.features.rejections import RejectionTable, rejected_sets, reviewed_sets
from prefml.features.tables import ChoiceTable
from prefml.features.training_data import TrainingData
from prefml.models.crops_in_use import CropsInUse
from prefml.models.hashes import decisions_hash
from prefml.models.kinds import REJECTION, Kind, Ranker
from prefml.ranking import PerProjectRanker, SetRanker
from prefml.ranking.approval import PROMISES, HeldOutSets, fingerprint, make_promises
from prefml.ranking.held_out import cross_calibrate
from prefml.ranking.rejection import RejectionModel, set_feature_names
from prefml.ranking.reviewed import ScoredSets
from prefml.workspace import Workspace

__all__ = ["approval_facts", "rejection_kind", "rejection_table", "score_sets"]


def score_sets(model: Ranker, table: ChoiceTable, data: TrainingData) -> ScoredSets | None:
    """Score accepted and rejected sets by the models of a ranker's inner folds.

    Parameters
    ----------
    model : SetRanker or PerProjectRanker
        Just fitted on the table.
    table : ChoiceTable
        The accepted sets.
    data : TrainingData
        Where the rejected ones are.

    Returns
    -------
    ScoredSets or None
        None if the ranker held nothing out.
    """
    common = model.common_ if isinstance(model, PerProjectRanker) else model
    if data.sidecars is None or getattr(common, "out_of_fold_", None) is None:
        return None
    rejected = rejected_sets(data.decisions, data.sidecars)
    scores = np.empty(0)
    if len(rejected):
        scores = common.predict_out_of_fold(rejected.X, rejected.set_id, rejected.project)
    reviewed = reviewed_sets(data.decisions)
    return ScoredSets(table, rejected, np.asarray(common.out_of_fold_), scores, reviewed)


def rejection_table(scored: ScoredSets) -> RejectionTable:
    """Return what the model of "none is good" learns from.

    Parameters
    ----------
    scored : ScoredSets
        Accepted and rejected sets.

    Returns
    -------
    RejectionTable
        The reviewed sets among them.
    """
    part = scored.is_reviewed
    rejected = scored.rejected
    return RejectionTable(
        features=scored.features[part],
        rejected=scored.is_rejected[part],
        set_id=scored.of_sets("set_id")[part].astype(object),
        project=scored.of_sets("project")[part].astype(object),
        timestamp=scored.of_sets("timestamp")[part].astype("datetime64[ns]"),
        weight=1 / scored.inclusion[part],
        left_out=dict(rejected.left_out) if isinstance(rejected, ChoiceTable) else {},
        names=set_feature_names(scored.accepted.X),
    )


def rejection_kind(ranker: Ranker) -> Kind[RejectionModel, RejectionTable]:
    """Return the kind of rejection models, whose sets are described by the scores of a ranker.

    Parameters
    ----------
    ranker : SetRanker or PerProjectRanker
        The ranker in use.

    Returns
    -------
    Kind
        `REJECTION`, with a table.
    """

    def table(data: TrainingData) -> RejectionTable:
        if data.sidecars is None:
            return REJECTION.table(data)
        accepted, rejected = data.choices(), rejected_sets(data.decisions, data.sidecars)
        first, other = (
            np.asarray(ranker.predict(rows.X)) if len(rows) else np.empty(0)
            for rows in (accepted, rejected)
        )
        reviewed = reviewed_sets(data.decisions)
        return rejection_table(ScoredSets(accepted, rejected, first, other, reviewed))

    return replace(REJECTION, table=table)


def approval_facts(
    workspace: Workspace, model: Ranker, scored: ScoredSets, data: TrainingData
) -> dict[str, object]:
    """Return what the manifest of a ranker promises.

    Parameters
    ----------
    workspace : Workspace
        Its artifacts hold the crop model in use.
    model : SetRanker or PerProjectRanker
        Just fitted.
    scored : ScoredSets
        As `score_sets` returns them.
    data : TrainingData
        All decisions.

    Returns
    -------
    dict of str to object
        `auto_approve`, its hash, the projects learned from, and what the promises are about.
    """
    crops = CropsInUse.open(workspace, data, scored)

    def hold_out(stated: tuple[Floats, Floats]) -> HeldOutSets:
        held_out = scored.held_out(*stated)
        return held_out if crops is None else crops.add_to(held_out, scored, stated[1])

    if isinstance(model, PerProjectRanker):
        # Where a project that was seen has a ranker of its own, it is judged by that one.
        everywhere, at_home = _state(model.common_, scored), _state_at_home(model, scored)
        promises = [
            *make_promises(hold_out(at_home), ["seen"]),
            *make_promises(hold_out(everywhere), ["mixture", "next"]),
        ]
    else:
        promises = make_promises(hold_out(_state(model, scored)), PROMISES)
    rows = [one.as_row() for one in promises]
    frames = (data.decisions.items, data.decisions.rejections, data.decisions.crops)
    return {
        "projects": sorted(set(scored.accepted.project.tolist())),
        "auto_approve": rows,
        "auto_approve_sha256": fingerprint(rows),
        "approval": {
            "covers": ["winner", "none", *(["crop"] if crops is not None else [])],
            "reviewed": int(scored.is_reviewed.sum()),
            "rejected": int(scored.is_rejected.sum()),
            "decisions_sha256": decisions_hash(*frames),
        },
    }


def _state(ranker: SetRanker, scored: ScoredSets) -> tuple[Floats, Floats]:
    """Return held-out probabilities and scores of all pictures, for any project."""
    return _win_probability(ranker, scored, scored.scores, slice(None)), scored.scores


def _state_at_home(model: PerProjectRanker, scored: ScoredSets) -> tuple[Floats, Floats]:
    """Return the same, by the project's own ranker where it has one."""
    win, scores = (values.copy() for values in _state(model.common_, scored))
    for project, own in model.own_.items():
        rows = np.flatnonzero(scored.column("project") == project)
        out = scored.rejected.project == project
        inside = [] if own.out_of_fold_ is None else [own.out_of_fold_]
        if out.any():
            inside.append(
                own.predict_out_of_fold(scored.rejected.X[out], scored.rejected.set_id[out])
            )
        scores[rows] = np.concatenate(inside)
        win[rows] = _win_probability(own, scored, scores, rows)
    return win, scores


def _win_probability(
    ranker: SetRanker, scored: ScoredSets, scores: Floats, rows: Ints | slice
) -> Floats:
    decided = ~scored.is_rejected[scored.sets.codes]
    names = ("y", "set_id", "project", "inclusion")
    y, set_id, project, inclusion = (scored.column(name)[rows] for name in names)
    return cross_calibrate(
        ranker,
        scores[rows],
        y,
        set_id,
        project,
        decided[rows],
        1 / np.asarray(inclusion, float),
        scored.cluster_id[rows],
    )
