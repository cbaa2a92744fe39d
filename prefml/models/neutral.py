"""Select the decisions that may judge between two models: those that neither had a part in.

A suggestion that was taken over is the output of the model in use, and one that was changed was
changed because that model failed: the first kind favours the model in use, the second every other
one. What a person decided without sight of a suggestion favours neither.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Texts
from prefml.models.replay import WINDOW, recent_decisions

__all__ = ["MIN_NEUTRAL", "Neutral", "neutral_decisions"]

# With fewer a comparison tells nothing.
MIN_NEUTRAL = 20


@dataclass(frozen=True)
class Neutral:
    """Decisions made without sight of a suggestion, beside the others.

    Attributes
    ----------
    decisions : ndarray of shape (at most WINDOW,)
        The latest of them, in order of time, by their name.
    unseen, followed, overruled : int
        Decisions made without sight of a suggestion, as it was suggested, and otherwise.
    """

    decisions: Texts
    unseen: int
    followed: int = 0
    overruled: int = 0

    @property
    def enough(self) -> bool:
        """Tell whether there are enough of them for a comparison."""
        return self.unseen >= MIN_NEUTRAL

    def __str__(self) -> str:
        """Return the counts in words."""
        return (
            f"{self.unseen} decided without sight of a suggestion, {self.followed} as suggested, "
            f"{self.overruled} changed"
        )


def neutral_decisions(
    group: ArrayLike, timestamp: ArrayLike, exposure: Texts | None, taken_over: int = 0
) -> Neutral:
    """Select the decisions made without sight of a suggestion.

    Parameters
    ----------
    group, timestamp : array-like of shape (n_rows,)
        As in `prefml.models.replay.recent_decisions`.
    exposure : ndarray of shape (n_rows,) or None
        `unseen`, `followed` or `overruled`, alike in all rows of a decision; None: all unseen.
    taken_over : int, default=0
        Decisions that followed a suggestion and have no rows.

    Returns
    -------
    Neutral
    """
    names, times = np.asarray(group, dtype=object), np.asarray(timestamp)
    kinds = np.full(len(names), "unseen", object) if exposure is None else exposure
    unseen = kinds == "unseen"
    counts = Counter(dict(zip(names.tolist(), kinds.tolist(), strict=True)).values())
    return Neutral(
        recent_decisions(names[unseen], times[unseen], WINDOW),
        counts["unseen"], counts["followed"] + taken_over, counts["overruled"],
    )  # fmt: skip
