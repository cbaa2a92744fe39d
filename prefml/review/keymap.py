"""Keep the keys that a person changed on the page."""

from __future__ import annotations

from pathlib import Path

import msgspec
from flask import Blueprint, Response

from prefml.exceptions import LogError
from prefml.files import write_text
from prefml.review.answers import KeyMap
from prefml.review.exchange import json_answer, json_body
from prefml.review.requests import SetKeys
from prefml.workspace import Workspace

__all__ = ["KEYS_NAME", "make_keymap", "read_keys", "write_keys"]

KEYS_NAME = "review_keys.json"


def read_keys(workspace: Workspace) -> KeyMap:
    """Read the keys of a workspace; without a file they are as delivered.

    Parameters
    ----------
    workspace : Workspace
        Where they are kept.

    Returns
    -------
    KeyMap

    Raises
    ------
    LogError
        If the file is damaged.
    """
    path = workspace.sandbox / KEYS_NAME
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return KeyMap({})
    try:
        return KeyMap(_checked(msgspec.json.decode(raw, type=SetKeys)))
    except (msgspec.DecodeError, RecursionError, LogError) as error:
        raise LogError(
            f"{path}: {str(error)[:200]}",
            "the keys as the page writes them",
            f"rm '{path}', then change the keys on the page again",
        ) from error


def write_keys(workspace: Workspace, asked: SetKeys) -> KeyMap:
    """Keep keys in place of those there were.

    Parameters
    ----------
    workspace : Workspace
        Where they are kept.
    asked : SetKeys
        The keys.

    Returns
    -------
    KeyMap

    Raises
    ------
    LogError
        If a key would have two meanings, or none.
    """
    found = KeyMap(_checked(asked))
    path: Path = workspace.sandbox / KEYS_NAME
    write_text(path, msgspec.json.encode(found).decode() + "\n")
    return found


def _checked(asked: SetKeys) -> dict[str, str]:
    if set(asked.keys) != set(asked.keys.values()):
        raise LogError("keys of which one has two meanings or none", "keys that change places")
    return dict(asked.keys)


def make_keymap(workspace: Workspace) -> Blueprint:
    """Return the routes by which the page reads and keeps its keys.

    Parameters
    ----------
    workspace : Workspace
        Where they are kept.

    Returns
    -------
    flask.Blueprint
    """
    routes = Blueprint("keymap", __name__, url_prefix="/api/automation")

    @routes.get("/keys")
    def keys() -> Response:
        return json_answer(read_keys(workspace))

    @routes.post("/set_keys")
    def keep() -> Response:
        return json_answer(write_keys(workspace, json_body(SetKeys)))

    return routes
