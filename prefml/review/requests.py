"""Checks what a request carries, field by field, before anything acts on it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from prefml.exceptions import LogError
from prefml.files import is_storable
from prefml.review.outcome import ACTIONS

__all__ = ["checked", "read_approve_batch", "read_decide", "read_empty", "read_tag"]

Check = Callable[[Any], bool]
_EVENT_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def _text(limit: int) -> Check:
    return lambda value: isinstance(value, str) and 0 < len(value) <= limit and is_storable(value)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9


def _number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e9 and math.isfinite(value)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _box(value: Any) -> bool:
    # Which four are a box is said where every box is read; they may be text, as in logs.
    return value is None or (
        isinstance(value, list)
        and len(value) == 4
        and all(_number(edge) or _text(64)(edge) for edge in value)
    )


def _choice(value: Any) -> bool:
    return value is None or _whole(value) or _text(4096)(value)


def _event_id(value: Any) -> bool:
    return isinstance(value, str) and _EVENT_ID.fullmatch(value) is not None


def _ids(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 100_000 and all(map(_text(1024), value))


# What was on the page when the person decided: where the set and the suggestion stood, whether
# the suggestion and its crop could be seen, and the seconds until the key.
_SHOWN: dict[str, Check] = {
    "position": _whole,
    "suggested_position": lambda value: value is None or _whole(value),
    "hidden": _flag,
    "revealed": _flag,
    "crop_visible": _flag,
    "full_size": _flag,
    "seconds": _number,
    "filter": _text(64),
    "key": _text(64),
    "order": lambda value: isinstance(value, list) and len(value) <= 99 and all(map(_whole, value)),
}
_DECIDE: dict[str, Check] = {
    "group_id": _text(1024),
    "action": lambda value: value in ACTIONS,
    "final_choice": _choice,
    "crop_coords": _box,
    "crop_by_hand": _flag,
    "shown": lambda value: isinstance(value, dict),
    "event_id": _event_id,
}
_TAG: dict[str, Check] = {
    "group_id": _text(1024),
    "image_tags": lambda value: isinstance(value, dict),
    "event_id": _event_id,
}


def checked(
    body: Any, fields: Mapping[str, Check], required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return a JSON object whose fields are all known and of the right kind.

    Parameters
    ----------
    body : object
        What was sent.
    fields : mapping of str to callable
        Field -> whether a value is acceptable.
    required : tuple of str
        Fields that must be there.

    Returns
    -------
    dict

    Raises
    ------
    LogError
        If a field is missing, unknown or unacceptable.
    """
    if not isinstance(body, dict):
        raise LogError("the request's body", "a JSON object")
    for name in required:
        if name not in body:
            raise LogError(f"no field {name}", f"the fields {', '.join(required)}")
    for name, value in body.items():
        if name not in fields:
            raise LogError(f"unknown field {name[:64]!r}", f"one of {', '.join(fields)}")
        if not fields[name](value):
            raise LogError(f"field {name} = {str(value)[:80]!r}", "see /api/openapi.json")
    return body


def read_decide(body: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Check the body of `decide`; return its fields and what was shown."""
    asked = checked(body, _DECIDE, ("group_id", "action"))
    return asked, checked(asked.get("shown", {}), _SHOWN)


def read_tag(body: Any) -> dict[str, Any]:
    """Check the body of `tag`."""
    return checked(body, _TAG, ("group_id", "image_tags"))


def read_approve_batch(body: Any) -> dict[str, Any]:
    """Check the body of `approve_batch`."""
    return checked(body, {"group_ids": _ids, "event_id": _event_id}, ("group_ids",))


def read_empty(body: Any) -> dict[str, Any]:
    """Check the body of a request that says nothing but its id."""
    return checked({} if body is None else body, {"event_id": _event_id})
