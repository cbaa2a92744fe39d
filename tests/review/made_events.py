"""Events for tests, made of the few fields that matter to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prefml.review.events import (
    Body,
    DecideBody,
    DecisionChange,
    Event,
    SubmitBody,
    TagBody,
    TagChange,
    UndoRedoBody,
)

START = datetime(2025, 7, 5, tzinfo=UTC)


def decided(group_id: str, state: str = "approved", **fields: object) -> DecisionChange:
    """Return a decision on a group of two pictures; the second is suggested and kept."""
    images = [f"images/{group_id}/a.png", f"images/{group_id}/b.png"]
    kept = state in ("approved", "overridden")
    given = {
        "group_id": group_id,
        "project_id": "p",
        "images": images,
        "state": state,
        "final_choice": images[1] if kept else None,
        "final_index": 1 if kept else None,
        "crop_coords": None,
        "crop_by_hand": False,
        "crop_source": "whole" if kept else None,
        "suggestion": {},
        "suggested_index": 1,
        "shown": {},
    }
    return DecisionChange(**given | fields)


def event(seq: int, kind: str, body: Body) -> Event:
    """Return an event that happened `seq` seconds after the start."""
    at = (START + timedelta(seconds=seq)).isoformat()
    return Event(seq, f"event-{seq}", at, "s", kind, body)


def decide(seq: int, *changes: DecisionChange) -> Event:
    """Return the event of some decisions."""
    return event(seq, "decide", DecideBody(list(changes)))


def tag(seq: int, group_id: str, **image_tags: list[str]) -> Event:
    """Return the event of the tags of one group."""
    return event(seq, "tag", TagBody([TagChange(group_id, image_tags)]))


def undo(seq: int, of: int) -> Event:
    """Return the event that takes another back."""
    return event(seq, "undo", UndoRedoBody(of, []))


def redo(seq: int, of: int) -> Event:
    """Return the event that brings another back."""
    return event(seq, "redo", UndoRedoBody(of, []))


def submit(seq: int) -> Event:
    """Return the event of a submission."""
    return event(seq, "submit", SubmitBody({}))
