"""The routes under `/api`, thin: check, call the service, answer in JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from prefml.exceptions import LogError
from prefml.review.requests import read_approve_batch, read_decide, read_empty, read_tag
from prefml.review.service import FILTERS, ReviewService
from prefml.review.thumbnails import SIDES

__all__ = ["make_api"]

MAX_BATCH = 200


def make_api(service: ReviewService, token: str) -> Blueprint:
    """Return the routes of the API over one service.

    Parameters
    ----------
    service : ReviewService
        What they call.
    token : str
        The page's token, which `load_batch` tells scripts.

    Returns
    -------
    flask.Blueprint
    """
    api = Blueprint("api", __name__, url_prefix="/api/automation")
    _add_queries(api, service, token)
    _add_commands(api, service)
    _add_history(api, service)
    return api


def _add_queries(api: Blueprint, service: ReviewService, token: str) -> None:
    @api.get("/load_batch")
    def load_batch() -> Response:
        service.refresh()
        size, name, project = _size(), _filter("pending"), _project()
        ids = request.args.getlist("id")[:MAX_BATCH] or service.next_ids(size, name, project)
        groups = service.load_groups(ids, _picture_size())
        return jsonify(groups=groups, progress=service.progress(), csrf_token=token)

    @api.get("/queue")
    def queue() -> Response:
        service.refresh()
        name, project = _filter("all"), _project()
        waiting = service.next_ids(1, name, project)
        return jsonify(
            group_ids=service.queue(name, project),
            first_pending=waiting[0] if waiting else None,
            states=service.decided_states(),
            projects=sorted({group.project for group in service.batch.groups.values()}),
            problems=list(service.batch.problems),
        )

    @api.get("/progress")
    def progress() -> Response:
        return jsonify(service.progress())

    @api.get("/budget")
    def budget() -> Response:
        return jsonify(group_ids=service.budget_ids(_project()))


def _add_commands(api: Blueprint, service: ReviewService) -> None:
    @api.post("/decide")
    def decide() -> Response:
        asked, shown = read_decide(_body())
        service.decide(asked["group_id"], asked, shown, asked.get("event_id"))
        return _changed(service, [asked["group_id"]])

    @api.post("/tag")
    def tag() -> Response:
        asked = read_tag(_body())
        service.tag(asked["group_id"], asked["image_tags"], asked.get("event_id"))
        return _changed(service, [asked["group_id"]])

    @api.post("/approve_batch")
    def approve_batch() -> Response:
        asked = read_approve_batch(_body())
        service.approve_batch(asked["group_ids"], asked.get("event_id"))
        return _changed(service, asked["group_ids"])


def _add_history(api: Blueprint, service: ReviewService) -> None:
    def moving(move: Callable[[str | None], list[str]]) -> Callable[[], Response]:
        return lambda: _changed(service, move(read_empty(_body()).get("event_id")))

    api.add_url_rule("/undo", "undo", moving(service.undo), methods=["POST"])
    api.add_url_rule("/redo", "redo", moving(service.redo), methods=["POST"])

    @api.post("/submit_batch")
    def submit_batch() -> Response:
        counts = service.submit(read_empty(_body()).get("event_id"))
        return jsonify(submitted=sum(counts.values()), counts=counts, progress=service.progress())


def _changed(service: ReviewService, ids: list[str]) -> Response:
    """Answer with the groups as they are now; of a large batch only the first are described."""
    described = service.load_groups(ids[:MAX_BATCH], _picture_size())
    return jsonify(group_ids=ids, groups=described, progress=service.progress())


def _body() -> Any:
    if request.content_length in (None, 0):
        return None
    if not request.is_json:
        raise LogError("the request's body", "application/json")
    try:
        return request.get_json()
    except RecursionError as error:
        raise LogError(
            "the request's body is nested too deeply", "see /api/openapi.json"
        ) from error


def _size() -> int:
    text = request.args.get("size", "20")
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:9]) <= MAX_BATCH:
        raise LogError(f"size = {text[:20]!r}", f"a whole number from 1 to {MAX_BATCH}")
    return int(text)


def _filter(default: str) -> str:
    name = request.args.get("filter", default)
    if name not in FILTERS:
        raise LogError(f"filter = {name[:40]!r}", f"one of {', '.join(FILTERS)}")
    return name


def _project() -> str | None:
    return request.args.get("project") or None


def _picture_size() -> str:
    name = request.args.get("picture", "view")
    if name not in SIDES:
        raise LogError(f"picture = {name[:40]!r}", f"one of {', '.join(SIDES)}")
    return name
