"""Tell how far a review has come, and its pace from the times of its decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from prefml.review.answers import Progress
from prefml.review.ledger import Ledger

__all__ = ["BREAK", "progress_of", "seconds_per_set"]

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


def progress_of(groups: Iterable[str], ledger: Ledger) -> Progress:
    """Return counts by state, what is not submitted, and the time left at today's pace.

    Parameters
    ----------
    groups : iterable of str
        Ids of all groups under review.
    ledger : Ledger
        The decisions.

    Returns
    -------
    Progress
    """
    counts = Counter(map(ledger.states.get, groups))
    counts["pending"] = counts.pop(None, 0)
    pace = seconds_per_set(ledger.times, datetime.now().astimezone())
    return Progress(
        total=counts.total(),
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
