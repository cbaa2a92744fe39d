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
    """
    name = requested or workspace.config.encoder or _recorded(workspace) or DEFAULT
    try:
        beside = Path(name).expanduser()
        if not (workspace.root / beside).is_dir() and (beside / _FILE).is_file():
            return str(beside.resolve())
    except (OSError, RuntimeError):
        # No file could have this name, so whoever opens it will say that there is none.
        pass
    return name


def record_encoder(workspace: Workspace, name: str) -> None:
    """Record the encoder that made the sidecars.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    name : str
        The result of `chosen_encoder`.
    """
    write_text(workspace.sidecars / _FILE, json.dumps({"name": name}) + "\n")


def _recorded(workspace: Workspace) -> str | None:
    try:
        content = json.loads((workspace.sidecars / _FILE).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    name = content.get("name") if isinstance(content, dict) else None
    return name if isinstance(name, str) else None
