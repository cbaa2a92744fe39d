"""Choose the encoder of a workspace: requested, configured, or used before."""

from __future__ import annotations

import json
from pathlib import Path

from prefml.files import write_text
from prefml.workspace import Workspace

__all__ = ["chosen_encoder", "record_encoder"]

DEFAULT = "clip"
_FILE = "encoder.json"


def chosen_encoder(workspace: Workspace, requested: str | None = None) -> str:
    """Return the name of the encoder to open.

    Parameters
    ----------
    workspace : Workspace
        Its `prefml.toml` may name one, and its sidecars record the one that made them.
    requested : str, optional
        The one requested; a folder is looked for in the workspace, then from the current folder.

    Returns
    -------
    str
        The name requested, else that of `prefml.toml`, else that of the sidecars, else `clip`.
        Unless it was requested, an encoder whose int8 form made the sidecars gives way to that.
    """
    record = _record(workspace)
    name = _found_from_here(
        workspace, requested or workspace.config.encoder or record.get("name") or DEFAULT
    )
    return record["name"] if not requested and name == record.get("instead_of") else name


def _found_from_here(workspace: Workspace, name: str) -> str:
    try:
        beside = Path(name).expanduser()
        if not (workspace.root / beside).is_dir() and (beside / _FILE).is_file():
            return str(beside.resolve())
    except (OSError, RuntimeError):
        # No file could have this name, so whoever opens it will say that there is none.
        pass
    return name


def record_encoder(workspace: Workspace, name: str, instead_of: str | None = None) -> None:
    """Record the encoder that made the sidecars.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    name : str
        The result of `chosen_encoder`, or the folder of its int8 form.
    instead_of : str, optional
        Name of the encoder whose int8 form it is; kept while the name stays the same.
    """
    record = _record(workspace)
    if instead_of is not None:
        record = {"name": name, "instead_of": instead_of}
    elif record.get("name") != name:
        record = {"name": name}
    write_text(workspace.sidecars / _FILE, json.dumps(record) + "\n")


def _record(workspace: Workspace) -> dict[str, str]:
    try:
        content = json.loads((workspace.sidecars / _FILE).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict) or not isinstance(content.get("name"), str):
        return {}
    kept = {key: content[key] for key in ("name", "instead_of") if key in content}
    return {key: value for key, value in kept.items() if isinstance(value, str)}
