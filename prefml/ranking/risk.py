"""Control the risk of approving sets unseen: the coverage that an error budget allows.

References
----------
A. N. Angelopoulos, S. Bates, E. J. Candes, M. I. Jordan, L. Lei, "Learn then Test: calibrating
predictive algorithms to achieve risk control", arXiv:2110.01052, 2021 (fixed-sequence testing).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Floats
from prefml.intervals import clopper_pearson_upper

__all__ = ["BUDGETS", "Approval", "coverage_at", "coverage_by_budget"]


# The error budgets that reports and suggestions answer for.
BUDGETS = (0.01, 0.02, 0.05, 0.10)
# Shares of the sets, most confident first, that are tested one after the other.
_STEPS = 40


@dataclass(frozen=True)
class Approval:
    """Share of the sets that may be approved unseen within one error budget.

    Attributes
    ----------
    budget : float
        Largest share of wrong choices among the approved.
    threshold : float or None
        Approve sets at least this confident; None: none yet.
    coverage : float
        Share of the sets that are this confident.
    error : float
        Share of wrong choices among them, as observed; NaN if there are none.
    sets : int
        Number of these sets.
    """

    budget: float
    threshold: float | None
    coverage: float
    error: float
    sets: int

    def __str__(self) -> str:
        """Return one line for a person."""
        if self.threshold is None:
            return f"{self.budget:.0%} error: none yet"
        return f"{self.budget:.0%} error: {self.coverage:.0%} of sets, {self.error:.1%} observed"


def coverage_at(
    confidence: ArrayLike,
    correct: ArrayLike,
    budget: float,
    delta: float = 0.05,
    groups: ArrayLike | None = None,
) -> Approval:
    """Find the share of sets that could be approved unseen at an error budget.

    Sets are taken from the most confident down, in steps fixed beforehand; each step is accepted
    while the Clopper-Pearson bound of its empirical risk, the share of wrong choices, lies within
    the budget, and the first step that fails ends the search. So the chance that the accepted
    sets' true error exceeds the budget is at most `delta`, without any correction for the number
    of steps.

    Parameters
    ----------
    confidence : array-like of shape (n_sets,)
        Probability of the top choice of held-out sets.
    correct : array-like of shape (n_sets,)
        Whether it was the person's choice; a fraction where ties were split, NaN is left out.
    budget : float
        Largest tolerated share of wrong choices.
    delta : float, default=0.05
        Chance that the promise fails.
    groups : array-like of shape (n_sets,), optional
        The project of each set. Sets of one project err together, so they tell less than as many
        independent ones: the bound is taken with the number of sets divided by the design effect
        of the projects.

    Returns
    -------
    Approval

    Raises
    ------
    ValueError
        If the budget or delta is not between 0 and 1, or lengths differ.
    """
    _check_probability("budget", budget)
    _check_probability("delta", delta)
    stated, right = np.asarray(confidence, float), np.asarray(correct, float)
    if stated.shape != right.shape:
        raise ValueError(f"{stated.shape} confidences and {right.shape} outcomes")
    kept = ~(np.isnan(stated) | np.isnan(right))
    names = None if groups is None else np.asarray(groups)[kept]
    stated, wrong = stated[kept], 1 - right[kept]
    threshold = None
    for candidate in _candidate_thresholds(stated, _min_first_step(budget, delta)):
        chosen = stated >= candidate
        effect = 1.0 if names is None else design_effect(wrong[chosen], names[chosen])
        trials = float(chosen.sum())
        bound = clopper_pearson_upper(wrong[chosen].sum() / effect, trials / effect, delta)
        if bound > budget:
            break
        threshold = float(candidate)
    return _approval(budget, threshold, stated, wrong)


def _min_first_step(budget: float, delta: float) -> int:
    """Return the number of sets in the first step: enough that one error in them is forgiven.

    Fewer could not pass even without any error, and would end the search before it began.
    """
    size = 1
    while clopper_pearson_upper(1, size, delta) > budget:
        size = size + 1 + size // 50
    return size


def _candidate_thresholds(stated: Floats, first: int) -> list[float]:
    """Return thresholds from high to low that depend on confidences alone, not on outcomes."""
    if not len(stated):
        return []
    ordered = np.sort(stated)[::-1]
    count = np.unique(np.ceil(np.arange(1, _STEPS + 1) / _STEPS * len(ordered)).astype(int))
    taken = count[count >= min(first, len(ordered))]
    return list(dict.fromkeys(float(ordered[n - 1]) for n in taken))


def _approval(budget: float, threshold: float | None, stated: Floats, wrong: Floats) -> Approval:
    if threshold is None:
        return Approval(budget, None, 0.0, float("nan"), 0)
    chosen = stated >= threshold
    return Approval(
        budget, threshold, float(chosen.mean()), float(wrong[chosen].mean()), int(chosen.sum())
    )


def _check_probability(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name}={value}; expected a number between 0 and 1")


def design_effect(values: ArrayLike, groups: ArrayLike) -> float:
    """Return the design effect: how many times more values grouped data need than independent.

    Parameters
    ----------
    values : array-like of shape (n,)
        One value a set.
    groups : array-like of shape (n,)
        The project of each set.

    Returns
    -------
    float
        At least 1: the variance of the mean under the grouping over that without it.

    References
    ----------
    L. Kish, "Survey Sampling", 1965, chapter 5.
    """
    numbers = np.asarray(values, float)
    codes = np.unique(np.asarray(groups), return_inverse=True)[1]
    clusters = int(codes.max(initial=-1)) + 1
    centred = numbers - numbers.mean() if len(numbers) else numbers
    plain = float((centred**2).sum())
    if clusters < 2 or plain == 0:
        return 1.0
    sums = np.bincount(codes, weights=centred)
    grouped = float((sums**2).sum()) * clusters / (clusters - 1)
    return max(1.0, grouped / plain)


def coverage_by_budget(
    confidence: ArrayLike,
    correct: ArrayLike,
    groups: ArrayLike | None = None,
    budgets: Sequence[float] = BUDGETS,
    delta: float = 0.05,
) -> list[Approval]:
    """Answer `coverage_at` for several budgets.

    Parameters
    ----------
    confidence, correct, groups : array-like of shape (n_sets,)
        As in `coverage_at`.
    budgets : sequence of float
        Error budgets.
    delta : float, default=0.05
        Chance that each single promise fails.

    Returns
    -------
    list of Approval
    """
    return [coverage_at(confidence, correct, budget, delta, groups) for budget in budgets]
