"""Compare two models by replaying recent decisions.

Both models answer the same recent decisions, pair by pair. Because a new model has seen them while
it was trained, it is judged twice: as it is, which finds one that is broken, and refitted before
each block of decisions on what came earlier, which finds one that learns worse (prequential
evaluation: A. P. Dawid, "Statistical theory: the prequential approach", JRSS A 147, 1984).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Bools, Texts

__all__ = ["Comparison", "compare", "recent_decisions", "time_blocks"]


WINDOW = 300
# Significance level: a loss that chance explains more often is no reason to refuse.
_LEVEL = 0.2
_PERMUTATIONS = 4000


@dataclass(frozen=True)
class Comparison:
    """Comparison of two models on the same decisions.

    Attributes
    ----------
    n : int
        Decisions.
    current, candidate : float
        Mean score of each: hits for choices, overlap for crops.
    p_value : float
        How often chance alone makes the candidate look this bad, or worse: of a one-sided
        sign-flip test on the differences.
    """

    n: int
    current: float
    candidate: float
    p_value: float

    @property
    def not_worse(self) -> bool:
        """Tell whether the candidate may replace the current model."""
        return self.candidate >= self.current or self.p_value > _LEVEL

    def __str__(self) -> str:
        """Return both scores in words."""
        return f"{self.candidate:.3f} against {self.current:.3f} on {self.n} decisions"


def compare(current: ArrayLike, candidate: ArrayLike, seed: int = 0) -> Comparison:
    """Compare two models by a sign-flip test on the scores of their answers.

    Under the null hypothesis that neither is better, each difference is as likely to have the
    other sign.

    Parameters
    ----------
    current, candidate : array-like of shape (n,)
        Score of each answer, larger is better; decisions with a NaN are left out.
    seed : int, default=0
        Seed of the random signs.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If the lengths differ.

    References
    ----------
    R. A. Fisher, "The design of experiments", 1935, section 21 (the randomization test).
    """
    old, new = np.asarray(current, float), np.asarray(candidate, float)
    if old.shape != new.shape:
        raise ValueError(f"{old.shape} scores beside {new.shape}; expected one for each decision")
    known = ~(np.isnan(old) | np.isnan(new))
    old, new = old[known], new[known]
    if not len(old):
        return Comparison(0, 0.0, 0.0, 1.0)
    gains = (new - old)[new != old]
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(_PERMUTATIONS, len(gains)))
    as_bad = (signs @ np.abs(gains) <= gains.sum() + 1e-12).sum()
    p_value = float((as_bad + 1) / (_PERMUTATIONS + 1)) if len(gains) else 1.0
    return Comparison(len(old), float(old.mean()), float(new.mean()), p_value)


def recent_decisions(group: ArrayLike, timestamp: ArrayLike, limit: int = WINDOW) -> Texts:
    """Return the latest decisions in the order in which they were made.

    Parameters
    ----------
    group : array-like of shape (n_rows,)
        The decision that each row belongs to.
    timestamp : array-like of shape (n_rows,)
        When it was made; decisions without a time count as the oldest, in the order of their rows.
    limit : int, default=300
        Number of decisions, at most.

    Returns
    -------
    ndarray of shape (at most limit,)
    """
    names = np.asarray(group, dtype=object)
    times = np.asarray(timestamp).astype("datetime64[ns]").astype(np.int64)
    first: dict[object, int] = {}
    for row, name in enumerate(names):
        first.setdefault(name, row)
    rows = np.array(list(first.values()), dtype=np.intp)
    order = rows[np.argsort(times[rows], kind="stable")]
    return names[order][-limit:]


def time_blocks(
    group: ArrayLike, timestamp: ArrayLike, limit: int = WINDOW, blocks: int = 3
) -> Iterator[tuple[Bools, Bools]]:
    """Split the recent decisions into blocks in order of time, each with all rows before it.

    Parameters
    ----------
    group, timestamp, limit
        As in `recent_decisions`.
    blocks : int, default=3
        Number of blocks.

    Yields
    ------
    before, block : ndarray of bool, of shape (n_rows,)
        Rows to fit on, and rows to judge. Blocks without anything before them are left out.
    """
    names = np.asarray(group, dtype=object)
    every = recent_decisions(names, timestamp, len(names))
    recent = every[-limit:]
    start = len(every) - len(recent)
    for part in np.array_split(np.arange(len(recent)), blocks):
        if len(part) and start + part[0] > 0:
            before = set(every[: start + part[0]].tolist())
            now = set(recent[part].tolist())
            yield (
                np.array([name in before for name in names]),
                np.array([name in now for name in names]),
            )
