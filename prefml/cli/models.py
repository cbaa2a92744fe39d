"""`prefml models`: list the models in use and before, compare them, and roll back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prefml.cli._shared import busy, emit, json_option, next_step, open_workspace
from prefml.exceptions import counted

if TYPE_CHECKING:
    from prefml.models.history import StoredModel
    from prefml.workspace import Workspace


@click.command("models")
@click.argument("action", type=click.Choice(["list", "compare", "rollback"]), default="list")
@click.argument("name", required=False)
@json_option
def command(action: str, name: str | None, as_json: bool) -> None:
    """List the models, compare an earlier one with the current, or bring it back.

    NAME is a name from the list, or `ranker`, `crop` or `rejection` for the latest earlier one.
    Nothing is lost by a rollback: the model in use goes into the history. A ranker brings back the
    model of "none is good" with which it made its promises.
    """
    workspace = open_workspace()
    if action == "rollback":
        _roll_back(workspace, name or "ranker", as_json)
    elif action == "compare":
        _compare(workspace, name or "ranker", as_json)
    else:
        _list(workspace, as_json)


def _list(workspace: Workspace, as_json: bool) -> None:
    from prefml.models.history import list_models

    models = list_models(workspace)
    text = "\n".join(map(_line, models)) or f"No models yet; run: {next_step('prefml train')}"
    emit({"models": [_payload(model) for model in models]}, text, as_json)


def _roll_back(workspace: Workspace, name: str, as_json: bool) -> None:
    from prefml.models.history import roll_back

    model = roll_back(workspace, name)
    written = model.manifest and model.manifest.written
    text = f"The {model.kind} model of {written} is in use again."
    emit({"model": _payload(model)}, text, as_json)


def _compare(workspace: Workspace, name: str, as_json: bool) -> None:
    from prefml.models.comparison import compare_models

    with busy("compare"):
        found = compare_models(workspace, name)
    unseen = " made without sight of a suggestion" if found.neutral.enough else ""
    text = (
        f"{found.kind}, on the {counted(found.replay.n, 'latest decision')}{unseen}: {found.name} "
        f"{found.replay.current:.3f}, current {found.replay.candidate:.3f}. "
        "Decisions made before a model was trained were seen by it."
    )
    payload = {
        "kind": found.kind,
        "name": found.name,
        "decisions": found.replay.n,
        "score": found.replay.current,
        "current_score": found.replay.candidate,
    }
    emit(payload, text, as_json)


def _payload(model: StoredModel) -> dict[str, object]:
    document = {} if model.manifest is None else model.manifest.document
    facts = {key: document.get(key) for key in ("written", "sha256", "counts", "fold_scores")}
    usable = {"current": model.current, "usable": not model.problem, "problem": model.problem}
    return {"kind": model.kind, "name": model.name, **usable, **facts}


def _line(model: StoredModel) -> str:
    if model.problem or model.manifest is None:
        return f"{model.kind:10}{model.name:40} unusable: {model.problem}"
    scores = list(model.manifest.fold_scores.items())[:3]
    shown = ", ".join(f"{key} {value}" for key, value in scores)
    return f"{model.kind:10}{model.name:40} {model.manifest.written or ''}  {shown}"
