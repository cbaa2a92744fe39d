"""Assemble the web application: the page, its pictures, the API, and what guards them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from flask import Flask, Response, abort, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from prefml._version import __version__
from prefml.boxes import SAME_EDGE, WHOLE_EDGE
from prefml.exceptions import PrefmlError, StoreUnavailableError, visible
from prefml.review.answers import Error
from prefml.review.api import make_api
from prefml.review.desk import DeskService
from prefml.review.desk_api import make_desk
from prefml.review.first_day import Day, make_first_day
from prefml.review.hints import make_hints
from prefml.review.keymap import make_keymap
from prefml.review.openapi import describe_api
from prefml.review.people import People
from prefml.review.requests import TAGS
from prefml.review.security import HEADERS, page_token, refusal
from prefml.review.service import ReviewService
from prefml.review.thumbnails import SIDES
from prefml.review.turns import Turns
from prefml.workspace import Workspace

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["MAX_BODY", "create_app"]

# A batch of 10,000 ids fits; nothing that is sent needs more.
MAX_BODY = 2 * 1024**2
_PICTURE_ID = re.compile(r"[0-9a-f]{32}")


def create_app(
    workspace: Workspace | str | Path,
    hide_suggestion: bool = False,
    day: Day | None = None,
    people: People | None = None,
    program: Sequence[str] | None = None,
) -> Flask:
    """Make the application for one workspace.

    Parameters
    ----------
    workspace : Workspace, str or Path
        Where suggestions and pictures lie.
    hide_suggestion : bool, default=False
        Whether the page starts with suggestions hidden until the person has chosen.
    day : Day, optional
        What goes on beside the answers where `prefml start` serves the page.
    people : People, optional
        Knows the faces and hands of the pictures.
    program : sequence of str, optional
        What runs a command of prefml, such as the interpreter and what it is to do; without it
        there is no desk.

    Returns
    -------
    flask.Flask
        `app.extensions["prefml"]` is its `ReviewService`.

    Raises
    ------
    WorkspaceError
        If there are neither suggestions to review nor pictures.
    """
    place = workspace if isinstance(workspace, Workspace) else Workspace.open(workspace)
    service = ReviewService(place, people)
    token = page_token(service.store.secret)
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY, MAX_FORM_MEMORY_SIZE=MAX_BODY)
    app.extensions["prefml"] = service
    app.register_blueprint(make_api(service, token))
    app.register_blueprint(make_first_day(day))
    app.register_blueprint(make_keymap(place))
    app.register_blueprint(make_hints(place, lambda: bool(service.decided_states())))
    turns = Turns() if day is None else day.turns
    desk = None if program is None else DeskService(place, service, program, turns)
    app.register_blueprint(make_desk(desk, token))
    unsure = place.config.unsure_crop
    _add_page(app, token, hide_suggestion, day is not None, desk is not None, unsure)
    _add_pictures(app, service)
    _add_guards(app, token)
    _add_errors(app)
    _pause_prefetching(app, service)
    return app


def _add_page(
    app: Flask,
    token: str,
    hide_suggestion: bool,
    is_first_day: bool,
    has_desk: bool,
    unsure_crop: str,
) -> None:
    # Named in the page, so that the browser need not find them one import at a time.
    names = sorted(path.name for path in Path(str(app.static_folder)).glob("*.js"))
    modules = [name for name in names if not name.startswith("desk")]
    described = msgspec.json.encode(describe_api())

    @app.get("/")
    def page() -> str:
        return render_template(
            "review.html",
            token=token,
            hide=hide_suggestion,
            first_day=is_first_day,
            desk=has_desk,
            tags=TAGS,
            version=__version__,
            modules=modules,
            whole_edge=WHOLE_EDGE,
            same_edge=SAME_EDGE,
            unsure_crop=unsure_crop,
        )

    @app.get("/api/openapi.json")
    def description() -> Response:
        return Response(described, mimetype="application/json")


def _add_pictures(app: Flask, service: ReviewService) -> None:
    @app.get("/picture/<picture_id>/<size>")
    def picture(picture_id: str, size: str) -> Response:
        known = _PICTURE_ID.fullmatch(picture_id)
        name = service.thumbnails.name_of(picture_id) if known else None
        if name is None or size not in (*SIDES, "full"):
            abort(404)
        pictures = service.thumbnails
        served = pictures.full(name) if size == "full" else pictures.reduced(name, size)
        response = Response(served.data, content_type=served.content_type)
        # The page's address of a picture changes with the file, so a copy never grows old.
        age = "max-age=31536000, immutable" if request.args.get("v") else "no-cache"
        response.headers["Cache-Control"] = f"private, {age}"
        return response


def _add_guards(app: Flask, token: str) -> None:
    @app.before_request
    def guard() -> tuple[Response, int] | None:
        port = str(request.environ.get("SERVER_PORT", ""))
        reason = refusal(request.method, request.path, request.headers, port, token)
        return (_error(reason), 403) if reason else None

    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _pause_prefetching(app: Flask, service: ReviewService) -> None:
    inner = app.wsgi_app

    def outer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with service.prefetcher.paused():
            return inner(environ, start_response)

    app.wsgi_app = outer  # type: ignore[method-assign]


def _add_errors(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[Response, int]:
        return _error(error.name), error.code or 500

    @app.errorhandler(KeyError)
    def unknown(error: KeyError) -> tuple[Response, int]:
        return _error("no such group"), 404

    @app.errorhandler(PrefmlError)
    def impossible(error: PrefmlError) -> tuple[Response, int]:
        # A picture that is missing or damaged is the workspace's state, not the request's fault.
        if request.path.startswith("/picture/"):
            return _error("this picture cannot be read"), 404
        return _error(str(error)), 400

    @app.errorhandler(StoreUnavailableError)
    def unavailable(error: StoreUnavailableError) -> tuple[Response, int]:
        # Not the request's fault: the page asks again, with the same id, until it is taken.
        app.logger.error("%s", visible(str(error)))
        response = _error(str(error))
        response.headers["Retry-After"] = "2"
        return response, 503

    @app.errorhandler(Exception)
    def broken(error: Exception) -> tuple[Response, int]:
        app.logger.exception("unexpected error", exc_info=error)
        return _error("unexpected error; see the terminal"), 500


def _error(text: str) -> Response:
    # Not msgspec's encoder: a path in the text may hold what is no UTF-8.
    return jsonify(msgspec.to_builtins(Error(text)))
