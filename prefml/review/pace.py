"""Estimate the pace of a review from the times of its decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

__all__ = ["BREAK", "seconds_per_set"]

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
