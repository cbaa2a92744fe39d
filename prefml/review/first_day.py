"""Route what the page of the first day asks for: what goes on beside the answers."""

from __future__ import annotations

from typing import Protocol

from flask import Blueprint, Response, abort

from prefml.review.answers import DayReport
from prefml.review.exchange import json_answer, json_body
from prefml.review.requests import Empty
from prefml.review.turns import Turns

__all__ = ["Day", "make_first_day"]


class Day(Protocol):
    """Work beside the answers: embedding, training, ordering, suggesting."""

    @property
    def turns(self) -> Turns:
        """Turns that this work takes with the jobs of the desk."""
        ...

    def report(self) -> DayReport:
        """Return what goes on."""
        ...

    def suggest(self) -> None:
        """Ask for suggestions for the sets that are left."""
        ...


def make_first_day(day: Day | None) -> Blueprint:
    """Return the routes of the first day.

    Parameters
    ----------
    day : Day or None
        The work; None where there is none, as in `prefml review`: then there is nothing to find.

    Returns
    -------
    flask.Blueprint
    """
    routes = Blueprint("first_day", __name__, url_prefix="/api/automation")

    @routes.get("/first_day")
    def first_day() -> Response:
        return _answer(_present(day))

    @routes.post("/suggest_rest")
    def suggest_rest() -> Response:
        json_body(Empty)
        _present(day).suggest()
        return _answer(_present(day))

    return routes


def _present(day: Day | None) -> Day:
    if day is None:
        abort(404)
    return day


def _answer(day: Day) -> Response:
    return json_answer(day.report())
