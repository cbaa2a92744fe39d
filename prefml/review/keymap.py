"""Keep the keys that a person changed on the page."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response

from prefml.exceptions import LogError
from prefml.review.answers import KeyMap
from prefml.review.exchange import json_answer, json_body
from prefml.review.page_files import read_page_file, write_page_file
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
    found = read_page_file(
        workspace.sandbox / KEYS_NAME,
        lambda raw: KeyMap(_checked(msgspec.json.decode(raw, type=SetKeys))),
        "the keys as the page writes them",
        ", then change the keys on the page again",
    )
    return found or KeyMap({})


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
    write_page_file(workspace.sandbox / KEYS_NAME, found)
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
