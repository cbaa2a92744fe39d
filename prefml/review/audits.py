"""Withhold a random share of each bulk approval, and ask about it with the suggestion hidden.

References
----------
W. G. Cochran, "Sampling Techniques", 3rd edition, 1977, chapter 2: simple random sampling.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from prefml.review.events import AuditDraw, DecisionChange
from prefml.review.groups import CropProposal, Group, parse_group
from prefml.review.outcome import Verdict, decision_change
from prefml.review.requests import Decide
from prefml.review.seen import stale_error

__all__ = [
    "LEAST",
    "audited_change",
    "blank",
    "draw",
    "drawn_group",
]

# Fewer answers would say little about a batch.
LEAST = 20


def draw(ids: Sequence[str], share: float, secret: str) -> list[str]:
    """Draw the sets of a batch that are asked about one by one.

    Parameters
    ----------
    ids : sequence of str
        The groups of the batch, each once.
    share : float
        Share to draw; 0 draws none, and above it at least `LEAST` are drawn if there are as many,
        else all.
    secret : str
        Of the event table. With the id it fixes a set's number for ever, so that to undo and to
        approve again draws the same.

    Returns
    -------
    list of str
        In the order of their random numbers, which says nothing about the sets.
    """
    if share <= 0:
        return []
    count = max(LEAST, math.ceil(share * len(ids) - 1e-9))
    return sorted(ids, key=lambda group_id: _random_number(group_id, secret))[:count]


def _random_number(group_id: str, secret: str) -> bytes:
    text = f"audit\0{group_id}".encode("utf-8", "surrogatepass")
    return hmac.new(secret.encode(), text, hashlib.sha256).digest()


def drawn_group(drawn: AuditDraw) -> Group:
    """Return a drawn set with what would have been approved, whatever is suggested since."""
    group = parse_group({**drawn.suggestion, "group_id": drawn.group_id, "images": drawn.images})
    # Only what could be parsed was drawn.
    assert isinstance(group, Group)
    return group


def blank(group: Group) -> Group:
    """Return a group as it is shown while its suggestion is hidden: pictures and nothing more."""
    return replace(
        group, chosen=None, confidence=None, probabilities=(), reasons=(), none_probability=None,
        crop=CropProposal(), flags=(), within_budget=False,
    )  # fmt: skip


def audited_change(drawn: AuditDraw, request: Decide) -> DecisionChange:
    """Return the decision on a drawn set; nothing that the request leaves out is as suggested.

    Parameters
    ----------
    drawn : AuditDraw
        The draw.
    request : Decide
        What the person pressed.

    Returns
    -------
    DecisionChange

    Raises
    ------
    StaleSuggestionError
        If a suggestion was on the screen: the set was not drawn yet when it was shown.
    LogError
        If the request names no image of the group or no possible box.
    """
    group = drawn_group(drawn)
    if request.suggestion_version not in (None, blank(group).version):
        raise stale_error([drawn.group_id])
    verdict = Verdict.from_request(blank(group), request)
    verdict = replace(verdict, shown={**verdict.shown, "hidden": True, "revealed": False})
    change = decision_change(group, verdict)
    unjudged = change.crop_source == "whole" and not verdict.crop_stated
    source = "carried" if unjudged else change.crop_source
    return msgspec.structs.replace(change, crop_source=source, audit=drawn.audit)
