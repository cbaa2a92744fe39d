"""Compare two models by replaying recent decisions.

Both models answer the same recent decisions, pair by pair. Because a new model has seen them while
it was trained, it is judged twice: as it is, which finds one that is broken, and refitted without
each block of decisions in turn, which finds one that learned worse (cross-validation: M. Stone,
"Cross-validatory choice and assessment of statistical predictions", JRSS B 36, 1974).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Bools, Texts
from prefml.exceptions import counted

__all__ = ["Comparison", "compare", "held_out_blocks", "recent_decisions"]

WINDOW = 300
# A loss of this much is no effect of what the person saw; see `benchmarks/gate.py`.
BROKEN = 0.2
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

    @property
    def broken(self) -> bool:
        """Tell whether the candidate loses more than exposure to suggestions can explain."""
        return not self.not_worse and self.current - self.candidate > BROKEN

    def __str__(self) -> str:
        """Return both scores in words."""
        return f"{self.candidate:.3f} against {self.current:.3f} on {counted(self.n, 'decision')}"


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


def held_out_blocks(
    group: ArrayLike, timestamp: ArrayLike, judging: ArrayLike, blocks: int
) -> Iterator[Bools]:
    """Split some decisions into blocks in order of time, each to be held out in turn.

    Parameters
    ----------
    group, timestamp
        As in `recent_decisions`.
    judging : array-like of shape (n_judging,)
        The decisions to split, by their name in `group`.
    blocks : int
        Number of blocks; fewer where there are fewer decisions.

    Yields
    ------
    ndarray of bool, of shape (n_rows,)
        Rows of one block.
    """
    names = np.asarray(group, dtype=object)
    wanted = set(np.asarray(judging, dtype=object).tolist())
    every = recent_decisions(names, timestamp, len(names))
    ordered = [name for name in every.tolist() if name in wanted]
    for part in np.array_split(np.arange(len(ordered)), blocks):
        held = {ordered[index] for index in part}
        if held:
            yield np.array([name in held for name in names])
