"""Write what an event did in a few words."""

from __future__ import annotations

from prefml.exceptions import counted
from prefml.review.events import DecideBody, DecisionChange, Event, RegroupBody, TagBody

__all__ = ["describe_event"]


def describe_event(event: Event) -> str:
    """Return what an event did, as the page names it when it is taken back.

    Neither word tells whether a choice was as suggested, which may still be hidden.

    Parameters
    ----------
    event : Event
        A decision, tags or a change of sets.

    Returns
    -------
    str
        Empty for an event that cannot be taken back.
    """
    body = event.body
    if isinstance(body, TagBody):
        return "tags"
    if isinstance(body, RegroupBody):
        return "change of sets"
    if not isinstance(body, DecideBody):
        return ""
    count = len(body.changes) + len(body.audits)
    if count != 1 or body.audits or body.changes[0].shown.get("bulk"):
        return f"batch of {counted(count, 'set')}"
    return _decision(body.changes[0])


def _decision(change: DecisionChange) -> str:
    if change.final_index is None:
        return {"rejected": "none is good", "skipped": "skip"}.get(change.state, change.state)
    crop = "cropped" if change.crop_coords else "whole"
    return f"picture {change.final_index + 1}, {'to crop by hand' if change.crop_by_hand else crop}"
