"""Read the bodies of requests, and answer with documents, the same on every route."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from flask import Response, request

from prefml.exceptions import LogError
from prefml.review.requests import read_body

__all__ = ["json_answer", "json_body"]

R = TypeVar("R", bound=msgspec.Struct)


def json_body(kind: type[R]) -> R:
    """Read the body of the present request.

    Parameters
    ----------
    kind : type
        What it has to be.

    Returns
    -------
    Struct
        Of the kind asked for.

    Raises
    ------
    LogError
        If it is not declared as JSON, or not of that kind.
    """
    if request.content_length in (None, 0):
        return read_body(kind, b"")
    if not request.is_json:
        raise LogError("the request's body", "application/json")
    return read_body(kind, request.get_data())


def json_answer(document: msgspec.Struct) -> Response:
    """Return a document as the answer to a request.

    Parameters
    ----------
    document : Struct
        What is answered.

    Returns
    -------
    flask.Response
    """
    return Response(msgspec.json.encode(document), mimetype="application/json")
