"""Count how far a review is, and estimate its pace from the times of its decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from prefml.review.answers import Progress
from prefml.review.ledger import Ledger

__all__ = ["BREAK", "measure_progress", "seconds_per_set"]

# A longer silence between two decisions is a break, not thinking.
BREAK = timedelta(minutes=2)
# Enough to be steady, few enough to follow a person who warms up.
RECENT = 200


def seconds_per_set(times: Sequence[datetime], now: datetime) -> float | None:
    """Return the mean time between today's latest decisions.

    Parameters
    ----------
    times : sequence of datetime
        When decisions were made, oldest first, with time zones.
    now : datetime
        The present, in the person's time zone: "today" is its day.

    Returns
    -------
    float or None
        Seconds, breaks and backward jumps of the clock left out; None before there are two
        decisions in a row.
    """
    latest = [time for time in times[-RECENT:] if time.astimezone(now.tzinfo).date() == now.date()]
    gaps = [later - earlier for earlier, later in pairwise(latest)]
    counted = [gap.total_seconds() for gap in gaps if timedelta(0) <= gap <= BREAK]
    return sum(counted) / len(counted) if counted else None


def measure_progress(ledger: Ledger, group_ids: Collection[str]) -> Progress:
    """Count groups by state, and estimate the time left at today's pace.

    Parameters
    ----------
    ledger : Ledger
        The decisions.
    group_ids : collection of str
        All groups under review.

    Returns
    -------
    Progress
    """
    counts = Counter(map(ledger.states.get, group_ids))
    counts["pending"] = counts.pop(None, 0)
    pace = seconds_per_set(ledger.times, datetime.now().astimezone())
    return Progress(
        total=len(group_ids),
        pending=counts["pending"],
        approved=counts["approved"],
        overridden=counts["overridden"],
        rejected=counts["rejected"],
        skipped=counts["skipped"],
        unsubmitted=ledger.unsubmitted,
        seconds_per_set=pace,
        seconds_left=None if pace is None else pace * counts["pending"],
        can_undo=ledger.to_undo is not None,
        can_redo=ledger.to_redo is not None,
    )
