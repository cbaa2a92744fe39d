"""Compare an earlier model with the one in use on the latest decisions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefml.exceptions import ModelFileError
from prefml.features.training_data import read_training_data
from prefml.models.approval import rejection_kind
from prefml.models.compatibility import refuse_other_cues, refuse_other_encoder
from prefml.models.history import hashes_in_use, list_models
from prefml.models.kinds import BY_NAME
from prefml.models.neutral import Neutral, neutral_decisions
from prefml.models.replay import Comparison, compare, recent_decisions
from prefml.models.store import load_model, load_pair, model_file
from prefml.workspace import Workspace

__all__ = ["ComparedModels", "compare_models"]


@dataclass(frozen=True)
class ComparedModels:
    """Outcome of comparing two models of one kind.

    Attributes
    ----------
    kind : {"ranker", "crop", "rejection"}
        Kind of both.
    name : str
        Name of the earlier one.
    replay : Comparison
        Their scores: `current` is that of the earlier one, `candidate` that of the one in use.
    neutral : Neutral
        Decisions made without sight of a suggestion; with enough of them, they alone were scored.
    """

    kind: str
    name: str
    replay: Comparison
    neutral: Neutral


def compare_models(workspace: Workspace, name: str) -> ComparedModels:
    """Score an earlier model and the current one on the latest decisions.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    name : str
        A name from the history, or a kind for its latest.

    Returns
    -------
    ComparedModels

    Raises
    ------
    ModelFileError
        If there is no such model, none in use, or one that was trained on other cues.
    SidecarError, EncoderMismatchError
        If the sidecars are damaged, missing, or of another encoder than a model was trained on.
    NotEnoughDataError
        If there are too few decisions to answer.
    """
    models = [model for model in list_models(workspace) if not model.problem]
    in_use = hashes_in_use(models)
    named = [m for m in models if not m.current and name in (m.name, m.kind)]
    # The history holds the model in use, too: it is compared with itself where there is no other.
    earlier = min(named, key=lambda model: model.sha256 in in_use, default=None)
    if earlier is None:
        raise ModelFileError(f"no earlier model {name!r}", "one from the list", "prefml models")
    kind = BY_NAME[earlier.kind]
    data = read_training_data(workspace)
    encoder = None if data.sidecars is None else data.sidecars.encoder
    fitted = []
    for path in (earlier.path, workspace.artifacts / kind.file):
        model, manifest = load_pair(path, kind.name)
        refuse_other_cues(manifest)
        refuse_other_encoder(manifest, encoder)
        fitted.append(model)
    if kind.name == "rejection":
        kind = rejection_kind(load_model(workspace.artifacts / model_file("ranker"), "ranker"))
    table = kind.usable_table(data)
    group = kind.decision_ids(table)
    neutral = neutral_decisions(group, table.timestamp, table.exposure)
    recent = recent_decisions(group, table.timestamp)
    asked = neutral.decisions if neutral.enough else recent
    rows = np.isin(group.astype(str), asked.astype(str))
    old, new = (kind.score(model, table, rows) for model in fitted)
    return ComparedModels(kind.name, earlier.name, compare(old, new), neutral)
