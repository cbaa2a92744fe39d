"""Choose the sets to ask about that most reduce the variance of what a linear score tells of all.

References
----------
D. A. Cohn, Z. Ghahramani, M. I. Jordan, "Active learning with statistical models", Journal of
Artificial Intelligence Research 4, 1996. T. Zhang, F. J. Oles, "The value of unlabeled data for
classification problems", ICML 2000 (the ratio of Fisher informations).
"""

from __future__ import annotations

import numpy as np

from prefml._typing import Bools, Floats, Ints
from prefml.ranking.pool import Pool

__all__ = ["variance_reduction"]

# Sets that are looked for one by one; nobody answers more before they are ordered anew.
_MOST = 60
# Prior variance of the difference of two scores, in logits.
_SCORE_VARIANCE = 2.0


def variance_reduction(pool: Pool, rng: np.random.Generator, wanted: Bools | None = None) -> Ints:
    """Order the sets by how much surer their answers make what is told of all sets.

    The score is taken for a linear one, with a normal prior; a set adds its Fisher information,
    that of a conditional logit. The next set is the one that most reduces the variance of the
    scores of all sets, each weighed by its own information: where the model is sure, variance does
    no harm. Without a model all pictures of a set are as likely, and projects take turns.

    Parameters
    ----------
    pool, rng
        As in `Acquisition`; with pictures.
    wanted : ndarray of bool, of shape (n_sets,), optional
        True where a set may be chosen; those without an answer by default.

    Returns
    -------
    ndarray of int
    """
    left = rng.permutation(np.flatnonzero(~pool.answered if wanted is None else wanted))
    if not len(left):
        return left
    design = _Design(pool)
    turns = _Turns(pool, left) if not pool.probabilities else None
    found: list[int] = []
    for _ in range(min(_MOST, len(left))):
        gains = design.gains()[left]
        gains[np.isin(left, found)] = -np.inf
        best = int(left[(gains if turns is None else turns.allow(gains)).argmax()])
        design.add(best)
        found.append(best)
        if turns is not None:
            turns.take(best)
    rest = left[~np.isin(left, found)]
    order = np.argsort(-design.gains()[rest], kind="stable")
    return np.concatenate([np.array(found, int), rest[order]])


class _Turns:
    """Projects take turns: the next set is of one with the fewest sets so far."""

    def __init__(self, pool: Pool, left: Ints) -> None:
        self._member = np.unique(pool.project.astype(str), return_inverse=True)[1]
        self._count = np.bincount(self._member[pool.answered], minlength=self._member.max() + 1)
        self._left = left

    def allow(self, gains: Floats) -> Floats:
        """Leave the gains of projects that are due, of those that have sets left."""
        member = self._member[self._left]
        there = np.isfinite(gains)
        fewest = self._count[member[there]].min()
        return np.where(there & (self._count[member] == fewest), gains, -np.inf)

    def take(self, one: int) -> None:
        self._count[self._member[one]] += 1


class _Design:
    """Variance of the weights of a linear score, given the sets that were answered."""

    def __init__(self, pool: Pool) -> None:
        sizes = np.array([len(one) for one in pool.pictures])
        self._set = np.repeat(np.arange(len(sizes)), sizes)
        self._rows = np.concatenate([_root_information(pool, at) for at in range(len(sizes))])
        self._target = self._rows.T @ self._rows / len(sizes)
        given = self._rows[pool.answered[self._set]]
        precision = np.eye(self._rows.shape[1]) / _SCORE_VARIANCE + given.T @ given
        self._variance = np.asarray(np.linalg.inv(precision))

    def gains(self) -> Floats:
        """Return by how much each set would reduce the variance, its pictures one by one."""
        spread = self._rows @ self._variance
        reduced = ((spread @ self._target) * spread).sum(axis=1)
        own = (spread * self._rows).sum(axis=1)
        return np.asarray(np.bincount(self._set, reduced / (1 + own)), np.float64)

    def add(self, one: int) -> None:
        """Take a set for answered."""
        rows = self._rows[self._set == one]
        spread = self._variance @ rows.T
        inner = np.eye(len(rows)) + rows @ spread
        self._variance = self._variance - spread @ np.linalg.solve(inner, spread.T)


def _root_information(pool: Pool, at: int) -> Floats:
    """Return rows whose squares sum up to the Fisher information of a set."""
    pictures = pool.pictures[at]
    share = np.full(len(pictures), 1 / max(1, len(pictures)))
    if pool.probabilities:
        share = pool.probabilities[at].mean(axis=0)
    return np.asarray(np.sqrt(share)[:, None] * (pictures - share @ pictures))
