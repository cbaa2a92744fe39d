"""Find from times themselves the pause that ends a set."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from prefml.suggest.grouping.clock import SECOND

__all__ = ["DEFAULT_PAUSE", "natural_pause"]

DEFAULT_PAUSE = 60 * SECOND
# The longest pause inside a set, and the shortest between two, that are believed.
_INSIDE = 180 * SECOND
_BETWEEN = 10 * SECOND
# Pauses between sets are at least so many times those inside.
_RATIO = 2.5


def natural_pause(times: Sequence[int]) -> int:
    """Return the longest pause inside a set: where the sorted pauses jump by the largest ratio.

    Parameters
    ----------
    times : sequence of int
        Microseconds, in any order.

    Returns
    -------
    int
        Microseconds; a minute where the pauses do not fall into two kinds.
    """
    ordered = sorted(times)
    # Pictures of one second are as near as a name in seconds can say.
    gaps = sorted(max(b - a, SECOND) for a, b in pairwise(ordered))
    best, found = _RATIO, DEFAULT_PAUSE
    for short, long in pairwise(gaps):
        if short <= _INSIDE and long >= _BETWEEN and long / short > best:
            best, found = long / short, short
    return found
