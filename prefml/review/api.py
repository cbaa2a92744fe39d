"""Route requests under `/api` to the service: read, call, answer in JSON."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, request

from prefml.review import answers
from prefml.review.events import Event
from prefml.review.exchange import json_answer, json_body
from prefml.review.requests import (
    MAX_BATCH,
    ApproveBatch,
    ChangeQuery,
    Decide,
    Empty,
    LoadBatchQuery,
    OfferQuery,
    QueueQuery,
    Regroup,
    Size,
    Tag,
    read_query,
)
from prefml.review.seen import StaleSuggestionError
from prefml.review.service import ReviewService
from prefml.review.wording import describe_event

__all__ = ["make_api"]


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
    _add_refusal(api, service)
    return api


def _add_queries(api: Blueprint, service: ReviewService, token: str) -> None:
    @api.get("/load_batch")
    def load_batch() -> Response:
        service.refresh()
        query = read_query(LoadBatchQuery, request.args)
        ids = query.id[:MAX_BATCH] or service.next_ids(
            query.size, query.filter, query.project or None
        )
        groups = service.load_groups(ids, query.picture)
        return json_answer(answers.LoadBatch(groups, service.progress(), token))

    @api.get("/queue")
    def queue() -> Response:
        service.refresh()
        query = read_query(QueueQuery, request.args)
        project = query.project or None
        waiting = service.next_ids(1, query.filter, project)
        return json_answer(
            answers.Queue(
                group_ids=service.queue(query.filter, project),
                first_pending=waiting[0] if waiting else None,
                states=service.decided_states(),
                projects=sorted({group.project for group in service.batch.groups.values()}),
                problems=list(service.batch.problems),
            )
        )

    @api.get("/progress")
    def progress() -> Response:
        return json_answer(service.progress())

    @api.get("/budget")
    def budget() -> Response:
        service.refresh()
        query = read_query(OfferQuery, request.args)
        return json_answer(service.offer(query.project or None, float(query.level or 1)))


def _add_commands(api: Blueprint, service: ReviewService) -> None:
    @api.post("/decide")
    def decide() -> Response:
        picture, asked = _picture_size(), json_body(Decide)
        service.decide(asked)
        return _changed(service, [asked.group_id], picture)

    @api.post("/tag")
    def tag() -> Response:
        picture, asked = _picture_size(), json_body(Tag)
        service.tag(asked)
        return _changed(service, [asked.group_id], picture)

    @api.post("/regroup")
    def regroup() -> Response:
        picture, asked = _picture_size(), json_body(Regroup)
        return _changed(service, service.regroup(asked), picture)

    @api.post("/approve_batch")
    def approve_batch() -> Response:
        picture, asked = _picture_size(), json_body(ApproveBatch)
        versions = asked.suggestion_versions
        event_id, whole = asked.event_id or None, asked.keep_whole
        event = service.approve_batch(asked.group_ids, event_id, versions, whole)
        drawn = [] if event is None else [one.group_id for one in event.drawn()]
        return _changed(service, asked.group_ids, picture, drawn)


def _add_history(api: Blueprint, service: ReviewService) -> None:
    @api.post("/undo")
    def undo() -> Response:
        picture, asked = _picture_size(), json_body(Empty)
        ids = service.undo(asked.event_id or None)
        with service.store.ledger() as ledger:
            what = _words(ledger.to_redo if ids else None)
        return _changed(service, ids, picture, what=what)

    @api.post("/redo")
    def redo() -> Response:
        picture, asked = _picture_size(), json_body(Empty)
        ids = service.redo(asked.event_id or None)
        with service.store.ledger() as ledger:
            what = _words(ledger.to_undo if ids else None)
        return _changed(service, ids, picture, what=what)

    @api.post("/submit_batch")
    def submit_batch() -> Response:
        counts = service.submit(json_body(Empty).event_id or None)
        return json_answer(answers.Submitted(sum(counts.values()), counts, service.progress()))


def _add_refusal(api: Blueprint, service: ReviewService) -> None:
    @api.errorhandler(StaleSuggestionError)
    def stale(error: StaleSuggestionError) -> tuple[Response, int]:
        groups = service.load_groups(error.group_ids[:MAX_BATCH], _picture_size())
        refusal = answers.Stale(str(error), error.group_ids, groups, service.progress())
        return json_answer(refusal), 409


def _picture_size() -> Size:
    """Read the query before anything is done: what is refused must change nothing."""
    return read_query(ChangeQuery, request.args).picture


def _words(event: Event | None) -> str:
    return "" if event is None else describe_event(event)


def _changed(
    service: ReviewService,
    ids: list[str],
    picture: Size,
    drawn: Sequence[str] = (),
    what: str = "",
) -> Response:
    """Answer with the groups as they are now; of a large batch only the first are described."""
    groups = service.load_groups(ids[:MAX_BATCH], picture)
    return json_answer(answers.Changed(ids, groups, service.progress(), list(drawn), what))
