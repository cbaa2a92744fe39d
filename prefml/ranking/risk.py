"""Control the risk of approving sets unseen: the coverage that an error budget allows.

Three promises about the error among the sets that are at least as confident as the threshold:

`"seen"`
    New sets of the projects seen, in the mix they were seen in.
`"mixture"`
    Sets of projects like these: the mean over all projects that these are a sample of.
`"next"`
    The sets of the next single project.

All three rest on the model of `prefml.ranking.shift_model`, and say so. Free of assumptions, a
promise of 95 % for the next project takes 19 projects, and then holds it to the worst of them
(R. Dunson, L. Wasserman, A. Ramdas, "Distribution-free prediction sets for two-layer hierarchical
models", JASA 2022); how little that and other bounds approve is in docs/suggest.md.

References
----------
A. N. Angelopoulos, S. Bates, E. J. Candes, M. I. Jordan, L. Lei, "Learn then Test: calibrating
predictive algorithms to achieve risk control", arXiv:2110.01052, 2021 (fixed-sequence testing).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Bools, Floats, Ints
from prefml.intervals import clopper_pearson_upper
from prefml.ranking.confidence_levels import BinnedSets, bin_sets
from prefml.ranking.shift_model import SeenErrors, ShiftPosterior, fit_shifts

__all__ = [
    "BUDGETS",
    "MODEL",
    "Approval",
    "HeldOutAnswers",
    "Promise",
    "coverage_at",
    "coverage_by_budget",
]


# The error budgets that reports and suggestions answer for.
BUDGETS = (0.01, 0.02, 0.05, 0.10)
# This share of delta is kept back for what the model leaves out.
_KEPT_BACK = 0.2
# The assumption that the promises are made under.
MODEL = "logistic shifts"

Promise: TypeAlias = Literal["seen", "mixture", "next"]


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
    promise : {"seen", "mixture", "next"}
        What the budget holds for.
    model : str or None
        The assumption it rests on; None if nothing is promised.
    reason : str or None
        Why nothing is approved, in words; None if something is.
    """

    budget: float
    threshold: float | None
    coverage: float
    error: float
    sets: int
    promise: Promise = "mixture"
    model: str | None = None
    reason: str | None = None

    def __str__(self) -> str:
        """Return one line for a person."""
        if self.threshold is None:
            why = f" ({self.reason})" if self.reason else ""
            return f"{self.budget:.0%} error: none yet{why}"
        return f"{self.budget:.0%} error: {self.coverage:.0%} of sets, {self.error:.1%} observed"


def coverage_at(
    confidence: ArrayLike,
    correct: ArrayLike,
    budget: float,
    delta: float = 0.05,
    groups: ArrayLike | None = None,
    promise: Promise = "mixture",
    sample_weight: ArrayLike | None = None,
) -> Approval:
    """Find the share of sets that could be approved unseen at an error budget.

    Levels of confidence, fixed beforehand, are gone through from the most confident down. A level
    passes if the posterior probability that the promised error among all sets down to it lies
    within the budget is at least 1 - 0.8 delta (a fifth of delta is kept back for what the model
    leaves out), if the error observed lies within the budget, and if it is not more than the model
    explains; the last level before the first that fails is taken. At least so many sets are
    approved as would show the budget to be kept by themselves, were there no error among them.

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
        The project of each set; by default all are of one. One project tells nothing of others,
        and nothing is approved but under the promise `"seen"`.
    promise : str, default="mixture"
        `"seen"`, `"mixture"` or `"next"`: hold the budget for new sets of the projects seen, for
        projects like these on average, or for the next single project.
    sample_weight : array-like of shape (n_sets,), optional
        How many sets each stands for: the inverse of its probability of having been asked about.
        The mean is of no importance.

    Returns
    -------
    Approval
        Coverage and error are weighted.

    Raises
    ------
    ValueError
        If the budget or delta is not between 0 and 1, the promise has another name, lengths
        differ, or a weight is negative or not finite.
    """
    return coverage_by_budget(
        confidence, correct, groups, (budget,), delta, promise, sample_weight
    )[0]


def coverage_by_budget(
    confidence: ArrayLike,
    correct: ArrayLike,
    groups: ArrayLike | None = None,
    budgets: Sequence[float] = BUDGETS,
    delta: float = 0.05,
    promise: Promise = "mixture",
    sample_weight: ArrayLike | None = None,
) -> list[Approval]:
    """Answer `coverage_at` for several budgets from one fit of the model.

    Parameters
    ----------
    confidence, correct : array-like of shape (n_sets,)
        As in `coverage_at`.
    groups : array-like of shape (n_sets,), optional
        As in `coverage_at`.
    budgets : sequence of float
        Error budgets.
    delta : float, default=0.05
        Chance that each single promise fails.
    promise : str, default="mixture"
        As in `coverage_at`.
    sample_weight : array-like of shape (n_sets,), optional
        As in `coverage_at`.

    Returns
    -------
    list of Approval

    Raises
    ------
    ValueError
        As in `coverage_at`.
    """
    answers = HeldOutAnswers.read(confidence, correct, groups, sample_weight)
    return [answers.approval(promise, budget, delta) for budget in budgets]


@dataclass(frozen=True)
class HeldOutAnswers:
    """Held-out answers with the model of them, which is fitted once for all that is asked.

    Attributes
    ----------
    confidence, correct, weight : ndarray of shape (n_sets,)
        Of the sets whose answer is known, as in `coverage_at`.
    project : ndarray of shape (n_sets,)
        Their projects, numbered from 0.
    """

    confidence: Floats
    correct: Floats
    project: Ints
    weight: Floats

    @classmethod
    def read(
        cls,
        confidence: ArrayLike,
        correct: ArrayLike,
        groups: ArrayLike | None,
        sample_weight: ArrayLike | None,
    ) -> HeldOutAnswers:
        """Leave out what has no known answer.

        Parameters
        ----------
        confidence, correct, groups, sample_weight : array-like of shape (n_sets,)
            As in `coverage_at`.

        Returns
        -------
        HeldOutAnswers

        Raises
        ------
        ValueError
            If lengths differ, or a weight is negative or not finite.
        """
        stated, right = np.asarray(confidence, float), np.asarray(correct, float)
        names = np.zeros(len(stated)) if groups is None else np.asarray(groups)
        weight = np.ones(len(stated)) if sample_weight is None else np.asarray(sample_weight, float)
        if not stated.shape == right.shape == names.shape == weight.shape:
            shapes = f"{right.shape} outcomes, {names.shape} groups, {weight.shape} weights"
            raise ValueError(f"{stated.shape} confidences, {shapes}; expected as many of each")
        if not (np.isfinite(weight) & (weight >= 0)).all():
            raise ValueError("sample_weight is negative or not finite; expected numbers from 0 up")
        kept = ~(np.isnan(stated) | np.isnan(right)) & (weight > 0)
        project = np.unique(names[kept], return_inverse=True)[1]
        return cls(stated[kept], right[kept], project, weight[kept])

    @cached_property
    def sets(self) -> BinnedSets:
        """Return the sets counted by level of confidence."""
        return bin_sets(self.confidence, self.correct, self.project, self.weight)

    @cached_property
    def model(self) -> ShiftPosterior:
        """Return the posterior of their errors."""
        return fit_shifts(self.sets)

    @cached_property
    def seen(self) -> SeenErrors:
        """Return the errors of new sets of these projects."""
        return self.model.seen()

    def approval(self, promise: Promise, budget: float, delta: float = 0.05) -> Approval:
        """Answer `coverage_at` for one promise and budget.

        Parameters
        ----------
        promise : str
            `"seen"`, `"mixture"` or `"next"`: what the budget is to hold for.
        budget : float
            Largest tolerated share of wrong choices.
        delta : float, default=0.05
            Chance that the promise fails.

        Returns
        -------
        Approval

        Raises
        ------
        ValueError
            If the budget or delta is not between 0 and 1, or the promise has another name.
        """
        for name, value in (("delta", delta), ("budget", budget)):
            if not 0 < value < 1:
                raise ValueError(f"{name}={value}; expected a number between 0 and 1")
        if promise not in get_args(Promise):
            known = ", ".join(get_args(Promise))
            raise ValueError(f"promise={promise!r}; expected one of {known}")
        reason = self._nothing_to_go_by(promise)
        if reason is None:
            threshold = self._threshold(promise, budget, delta)
            if threshold is not None:
                return self._approved(promise, budget, threshold)
            reason = self._why_none(budget, delta)
        return Approval(budget, None, 0.0, float("nan"), 0, promise, None, reason)

    def _nothing_to_go_by(self, promise: Promise) -> str | None:
        if not len(self.confidence):
            return "no set with a known answer"
        if promise != "seen" and self.project.max() == 0:
            return "one project: no promise beyond it"
        return None

    def _threshold(self, promise: Promise, budget: float, delta: float) -> float | None:
        wanted = 1 - (1 - _KEPT_BACK) * delta
        chance = self._within(promise, budget)
        sets, enough = self.sets, self._enough(budget, delta)
        passed = (chance >= wanted) & (sets.error <= budget) & self.seen.explains(sets)
        if not (passed & enough).any():
            return None
        first = int(np.argmax(passed & enough))
        last = first + int(np.argmin(np.r_[passed[first:], False])) - 1
        finer = _between(sets, chance, last, wanted)
        return finer if self._error(finer) <= budget else float(sets.threshold[last])

    def _within(self, promise: Promise, budget: float) -> Floats:
        """Return the probability that the budget is kept down to each level."""
        if promise == "seen":
            return self.seen.within(budget)
        if promise == "mixture":
            return self.model.mixture_within(budget, self.seen)
        return self.model.next_within(budget, self.seen)

    def _enough(self, budget: float, delta: float) -> Bools:
        """Return down to which levels the sets would show it, were there no error among them."""
        bound = clopper_pearson_upper(0, self.sets.effective, delta)
        return np.asarray(bound <= budget)

    def _error(self, threshold: float) -> float:
        chosen = self.confidence >= threshold
        return float(np.average(1 - self.correct[chosen], weights=self.weight[chosen]))

    def _approved(self, promise: Promise, budget: float, threshold: float) -> Approval:
        chosen = self.confidence >= threshold
        coverage = float(self.weight[chosen].sum() / self.weight.sum())
        error = self._error(threshold)
        return Approval(budget, threshold, coverage, error, int(chosen.sum()), promise, MODEL)

    def _why_none(self, budget: float, delta: float) -> str:
        enough, sets = self._enough(budget, delta), self.sets
        if not enough.any():
            least = int(np.ceil(np.log(delta) / np.log1p(-budget)))
            return f"too few sets: {len(self.confidence)}, at least {least} are needed"
        best = int(np.argmin(np.where(enough, sets.error, np.inf)))
        found = f"the best {sets.counts[best]} sets err in {sets.error[best]:.1%}"
        if sets.error[best] > budget:
            return f"{found}, above the budget"
        known = f"{len(self.confidence)} sets of {self.project.max() + 1} projects"
        return f"{found}, but {known} are too few to promise {budget:.0%}"


def _between(sets: BinnedSets, chance: Floats, last: int, wanted: float) -> float:
    """Return the threshold between a level that passes and the next, where the chance is met."""
    threshold = sets.threshold
    if last + 1 == len(threshold) or chance[last + 1] >= wanted:
        return float(threshold[last])
    share = (chance[last] - wanted) / (chance[last] - chance[last + 1])
    count = int(sets.counts[last] + share * (sets.counts[last + 1] - sets.counts[last]))
    # Sets of one confidence are approved together or not at all.
    return float(sets.ordered[sets.ordered > sets.ordered[count]][-1])
