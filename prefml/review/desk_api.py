"""Route the desk: its page, where the work stands, and the jobs."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template

from prefml._version import __version__
from prefml.review.desk import DeskService
from prefml.review.desk_answers import RunJob
from prefml.review.exchange import json_answer, json_body
from prefml.review.requests import Empty
from prefml.review.security import REPORT_POLICY

__all__ = ["make_desk"]


def make_desk(desk: DeskService | None, token: str) -> Blueprint:
    """Return the routes of the desk.

    Parameters
    ----------
    desk : DeskService or None
        The desk; None where commands cannot be run: then there is nothing to find.
    token : str
        The page's token.

    Returns
    -------
    flask.Blueprint
    """
    routes = Blueprint("desk", __name__)
    _add_page(routes, desk, token)
    _add_jobs(routes, desk)
    return routes


def _add_page(routes: Blueprint, desk: DeskService | None, token: str) -> None:
    @routes.get("/desk")
    def desk_page() -> str:
        _present(desk)
        return render_template("desk.html", token=token, version=__version__)

    @routes.get("/report")
    def report_page() -> Response:
        page = _present(desk).report_page()
        if page is None:
            abort(404)
        answer = Response(page, mimetype="text/html")
        answer.headers["Content-Security-Policy"] = REPORT_POLICY
        return answer

    @routes.get("/api/automation/desk")
    def desk_report() -> Response:
        return _answer(desk)


def _add_jobs(routes: Blueprint, desk: DeskService | None) -> None:
    @routes.post("/api/automation/run_job")
    def run_job() -> Response:
        # Read first: what is refused must begin nothing.
        asked = json_body(RunJob)
        _present(desk).run(asked)
        return _answer(desk)

    @routes.post("/api/automation/stop_job")
    def stop_job() -> Response:
        json_body(Empty)
        _present(desk).stop()
        return _answer(desk)


def _present(desk: DeskService | None) -> DeskService:
    if desk is None:
        abort(404)
    return desk


def _answer(desk: DeskService | None) -> Response:
    return json_answer(_present(desk).report())
