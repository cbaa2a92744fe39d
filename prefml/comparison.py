"""An earlier model beside the current one, on the latest decisions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefml.decisions import read_decisions
from prefml.exceptions import ModelFileError, SidecarError
from prefml.features.tables import choice_table, crop_table
from prefml.history import list_models
from prefml.models import load_model
from prefml.promotion import Table, decisions_of
from prefml.replay import Comparison, compare, recent_groups
from prefml.sidecars.sizes import picture_sizes
from prefml.sidecars.store import Sidecars, read_sidecars
from prefml.workspace import Workspace

__all__ = ["ComparedModels", "compare_models"]


@dataclass(frozen=True)
class ComparedModels:
    """Two models of one kind.

    Attributes
    ----------
    kind : {"ranker", "crop"}
        What they are.
    name : str
        The earlier one.
    replay : Comparison
        `current` is the earlier one's score, `candidate` that of the model in use.
    """

    kind: str
    name: str
    replay: Comparison


def compare_models(workspace: Workspace, name: str) -> ComparedModels:
    """Let an earlier model and the current one answer the latest decisions.

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
        If there is no such model, or none in use.
    """
    models = [model for model in list_models(workspace) if not model.problem]
    earlier = next((m for m in models if not m.current and name in (m.name, m.kind)), None)
    if earlier is None:
        raise ModelFileError(f"no earlier model {name!r}", "one from the list", "prefml models")
    current = workspace.artifacts / f"{earlier.kind}.joblib"
    table = _table(workspace, earlier.kind)
    group, score = decisions_of(table)
    rows = np.isin(group.astype(str), recent_groups(group, table.timestamp).astype(str))
    old, new = (
        score(load_model(path, earlier.kind), table, rows) for path in (earlier.path, current)
    )
    return ComparedModels(earlier.kind, earlier.name, compare(old, new))


def _table(workspace: Workspace, kind: str) -> Table:
    decisions = read_decisions(workspace, picture_sizes(workspace))
    if kind == "ranker":
        return choice_table(decisions.items, read_sidecars(workspace.sidecars))
    return crop_table(decisions.crops, _sidecars(workspace))


def _sidecars(workspace: Workspace) -> Sidecars | None:
    try:
        return read_sidecars(workspace.sidecars)
    except SidecarError:
        return None
