"""Remember which of the hints of first use were seen."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from flask import Blueprint, Response
from msgspec import Struct

from prefml.review.exchange import json_answer, json_body
from prefml.review.page_files import read_page_file, write_page_file
from prefml.review.requests import HINTS, HintName, SeeHint
from prefml.workspace import Workspace

__all__ = ["HINTS_NAME", "Hints", "make_hints", "read_hints", "see_hint"]

HINTS_NAME = "review_hints.json"


class Hints(Struct, frozen=True, forbid_unknown_fields=True):
    """Answer of `hints`: those that are not shown any more.

    Attributes
    ----------
    seen : list of {"decide", "look", "undo"}
        Names of the hints.
    """

    seen: list[HintName]


def read_hints(workspace: Workspace, begun: bool) -> Hints:
    """Read which hints were seen.

    Parameters
    ----------
    workspace : Workspace
        Where that is kept.
    begun : bool
        Whether something was decided here before: without a file, nothing is hinted at then.

    Returns
    -------
    Hints

    Raises
    ------
    LogError
        If the file is damaged.
    """
    found = read_page_file(
        workspace.sandbox / HINTS_NAME,
        lambda raw: msgspec.json.decode(raw, type=Hints),
        "the hints that were seen, as the page writes them",
        "; the hints are shown once more",
    )
    return found or Hints(list(HINTS) if begun else [])


def see_hint(workspace: Workspace, hint: HintName) -> Hints:
    """Remember a hint as seen.

    Parameters
    ----------
    workspace : Workspace
        Where that is kept.
    hint : {"decide", "look", "undo"}
        Its name.

    Returns
    -------
    Hints
        All that were seen.

    Raises
    ------
    LogError
        If the file is damaged.
    """
    # The first hint goes with the first decision: that something is decided says nothing here.
    before = read_hints(workspace, begun=False).seen
    found = Hints([name for name in HINTS if name == hint or name in before])
    write_page_file(workspace.sandbox / HINTS_NAME, found)
    return found


def make_hints(workspace: Workspace, begun: Callable[[], bool]) -> Blueprint:
    """Return the routes by which the page knows and keeps which hints were seen.

    Parameters
    ----------
    workspace : Workspace
        Where that is kept.
    begun : callable
        Tells whether something was decided here before.

    Returns
    -------
    flask.Blueprint
    """
    routes = Blueprint("hints", __name__, url_prefix="/api/automation")

    @routes.get("/hints")
    def hints() -> Response:
        return json_answer(read_hints(workspace, begun()))

    @routes.post("/see_hint")
    def see() -> Response:
        return json_answer(see_hint(workspace, json_body(SeeHint).hint))

    return routes
