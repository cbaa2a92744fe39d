"""Promise an error budget of a model's own: joint confidence, joint error, and thresholds.

A set that is approved unseen is wrong if the person would have chosen another picture, would have
rejected all of them, or would have cropped otherwise where a crop goes along. Confidence and error
are of all of these together.

References
----------
J. A. Hanley, A. Lippman-Hand, "If nothing goes wrong, is everything all right? Interpreting zero
numerators", JAMA 249, 1983 (the rule of three); D. G. Horvitz, D. J. Thompson, "A generalization of
sampling without replacement from a finite universe", JASA 47, 1952 (inverse inclusion weights).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import get_args

import numpy as np

from prefml._typing import Bools, Floats, Labels
from prefml.intervals import clopper_pearson_upper
from prefml.ranking.risk import BUDGETS, Approval, HeldOutAnswers, Promise

__all__ = [
    "PROMISES",
    "HeldOutSets",
    "PromisedThreshold",
    "fingerprint",
    "joint_confidence",
    "least_reviewed",
    "make_promises",
    "population_weights",
]

# The promises of `coverage_at`.
PROMISES: tuple[Promise, ...] = get_args(Promise)
_DELTA = 0.05
# Thresholds that are tried until one leaves room enough for what logs may hide.
_ROUNDS = 20


def joint_confidence(
    win: float | Floats, none: float | Floats = 0.0, crop: float | Floats = 1.0
) -> float | Floats:
    """Return the probability that nothing of a suggestion is wrong.

    Promises are made on this number, and a set lies within a budget by the same.

    Parameters
    ----------
    win : float or ndarray
        Probability that the person would choose the suggested picture, if any.
    none : float or ndarray, default=0.0
        Probability that the person would reject the whole set.
    crop : float or ndarray, default=1.0
        Probability that the crop that goes along would do; 1 where none does.

    Returns
    -------
    float or ndarray
    """
    return win * (1 - none) * crop


def least_reviewed(budget: float) -> int:
    """Return how many sets must have been reviewed before rejections can be promised on.

    Parameters
    ----------
    budget : float
        Largest tolerated share of errors.

    Returns
    -------
    int
        By the rule of three: without any rejection among so many, the 95 % bound of their share
        is the budget.
    """
    return math.ceil(3 / budget)


def population_weights(rejected: Bools, reviewed: Bools, inclusion: Floats) -> Floats:
    """Return the weight by which each set stands for the sets that are going to be suggested.

    Logs hold choices and no rejections, so a rejected set could be seen only where sets were
    reviewed: it is weighed by how many more accepted sets there are than accepted in review.

    Parameters
    ----------
    rejected, reviewed : ndarray of bool, of shape (n_sets,)
        Whether each set was rejected whole, and whether it could have been.
    inclusion : ndarray of shape (n_sets,)
        Probability with which an audited set was drawn; 1 for all others.

    Returns
    -------
    ndarray of shape (n_sets,)
        Inverse inclusion probabilities.
    """
    weight = 1 / inclusion
    accepted = float(weight[~rejected].sum())
    in_review = float(weight[~rejected & reviewed].sum())
    if in_review > 0:
        weight[rejected] *= accepted / in_review
    return np.asarray(weight)


@dataclass(frozen=True)
class HeldOutSets:
    """Sets that no part of what is stated of them was fitted on; one entry a set.

    Attributes
    ----------
    win : ndarray of shape (n_sets,)
        Probability stated for the suggested picture, see `joint_confidence`.
    none : ndarray of shape (n_sets,)
        Probability stated for the set's rejection.
    crop : ndarray of shape (n_sets,)
        Probability stated for the crop that goes along; 1 where none does.
    chosen : ndarray of shape (n_sets,)
        1 where the suggested picture is the person's, a share where several tie.
    rejected : ndarray of bool, of shape (n_sets,)
        Whether the person rejected the set.
    cropped : ndarray of shape (n_sets,)
        1 where the crop that goes along would do, 0 where it would not; 1 where none does.
    project : ndarray of shape (n_sets,)
        Project of each set.
    reviewed : ndarray of bool, of shape (n_sets,)
        Whether the set could be rejected: those in logs could not.
    inclusion : ndarray of shape (n_sets,)
        Probability with which an audited set was drawn; 1 for all others.
    """

    win: Floats
    none: Floats
    crop: Floats
    chosen: Floats
    rejected: Bools
    cropped: Floats
    project: Labels
    reviewed: Bools
    inclusion: Floats

    def __len__(self) -> int:
        """Return the number of sets."""
        return len(self.win)

    @property
    def confidence(self) -> Floats:
        """Joint confidence of each set."""
        return np.asarray(joint_confidence(self.win, self.none, self.crop))

    @property
    def correct(self) -> Floats:
        """1 where nothing was wrong, 0 where something was."""
        return np.asarray(self.chosen * ~self.rejected * self.cropped)

    @property
    def weight(self) -> Floats:
        """Weight of each set, see `population_weights`."""
        return population_weights(self.rejected, self.reviewed, self.inclusion)

    def take(self, rows: Bools) -> HeldOutSets:
        """Return some of the sets.

        Parameters
        ----------
        rows : ndarray of bool, of shape (n_sets,)
            Which.

        Returns
        -------
        HeldOutSets
        """
        return HeldOutSets(**{name: values[rows] for name, values in vars(self).items()})


@dataclass(frozen=True)
class PromisedThreshold:
    """Threshold promised at one budget, or why there is none.

    Attributes
    ----------
    budget : float
        Largest share of errors among the sets that are approved unseen.
    promise : {"seen", "mixture", "next"}
        Which sets it is about, see `coverage_at`.
    threshold : float or None
        Approve sets of at least this joint confidence; None: no promise.
    coverage : float
        Share of the held-out sets that are this confident.
    error : float or None
        Share of errors among them; None if there are none.
    sets : int
        Number of these sets.
    why : {"", "too_few_reviewed", "too_few_sets", "too_few_projects", "rejections", "crops", \
"errors"}
        What stands in the way; empty where there is a threshold.
    reason : str
        The same in words, as far as it is known more closely.
    """

    budget: float
    promise: Promise
    threshold: float | None
    coverage: float
    error: float | None
    sets: int
    why: str = ""
    reason: str = ""

    def as_row(self) -> dict[str, object]:
        """Return the entry of a manifest."""
        return asdict(self)


def fingerprint(rows: Sequence[Mapping[str, object]]) -> str:
    """Return the hash of promises as they stand in a manifest, so that an edit is noticed.

    Parameters
    ----------
    rows : sequence of mapping
        Entries, see `PromisedThreshold.as_row`.

    Returns
    -------
    str
        64 hex digits.
    """
    text = json.dumps([dict(row) for row in rows], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def make_promises(
    held_out: HeldOutSets,
    names: Sequence[Promise] = PROMISES,
    budgets: Sequence[float] = BUDGETS,
) -> list[PromisedThreshold]:
    """Find the thresholds that keep error budgets on held-out sets.

    Parameters
    ----------
    held_out : HeldOutSets
        What was stated and what was right.
    names : sequence of {"seen", "mixture", "next"}
        Which promises.
    budgets : sequence of float
        Error budgets.

    Returns
    -------
    list of PromisedThreshold
        For each name, by budget.
    """
    cases = _Cases(held_out)
    return [cases.promise(name, budget) for name in names for budget in budgets]


@dataclass(frozen=True)
class _Case:
    """Held-out sets, with a model of their errors that is fitted once for all promises."""

    sets: HeldOutSets

    @cached_property
    def answers(self) -> HeldOutAnswers:
        return HeldOutAnswers.read(
            self.sets.confidence, self.sets.correct, self.sets.project, self.sets.weight
        )

    def approval(self, name: Promise, budget: float) -> Approval:
        """Look for a threshold that leaves room for the rejections that may have been missed."""
        missed, reason = 0.0, ""
        for _ in range(_ROUNDS):
            if missed >= budget:
                break
            found = self.answers.approval(name, budget - missed, _DELTA)
            if found.threshold is None:
                reason = found.reason or ""
                break
            needed = self._missed(found.threshold)
            if needed <= missed:
                return found
            missed = needed
        reason = reason or "too few of the surest sets were reviewed"
        return Approval(budget, None, 0.0, float("nan"), 0, name, None, reason)

    def _missed(self, threshold: float) -> float:
        """Return how many rejections logs may hide among sets of at least this confidence.

        The Clopper-Pearson bound of their share among the reviewed ones, above what was seen, for
        as many as are in logs: otherwise few reviewed sets of which none was rejected would
        promise, among many of logs, that none ever is.
        """
        inside = self.sets.take(self.sets.confidence >= threshold)
        reviewed, rejected = int(inside.reviewed.sum()), int(inside.rejected.sum())
        if reviewed == len(inside):
            return 0.0
        if not reviewed:
            return 1.0
        above = clopper_pearson_upper(rejected, reviewed, _DELTA) - rejected / reviewed
        return float((~inside.reviewed).mean() * above)


@dataclass(frozen=True)
class _Cases:
    """Held-out sets as they are, and as they would be without one kind of error."""

    sets: HeldOutSets

    @cached_property
    def as_it_is(self) -> _Case:
        return _Case(self.sets)

    @cached_property
    def perfect(self) -> _Case:
        ones = np.ones(len(self.sets))
        nobody = np.zeros(len(ones), bool)
        return _Case(replace(self.sets, chosen=ones, cropped=ones, rejected=nobody))

    @cached_property
    def without_crops(self) -> _Case:
        ones = np.ones(len(self.sets))
        return _Case(replace(self.sets, crop=ones, cropped=ones))

    @cached_property
    def choices(self) -> _Case:
        kept = self.without_crops.sets.take(~self.sets.rejected)
        return _Case(replace(kept, reviewed=np.ones(len(kept), bool)))

    def promise(self, name: Promise, budget: float) -> PromisedThreshold:
        """Find the threshold of one promise."""
        nothing = PromisedThreshold(budget, name, None, 0.0, None, 0)
        reviewed, least = int(self.sets.reviewed.sum()), least_reviewed(budget)
        if reviewed < least:
            reason = f"{reviewed} so far; it takes {least} and more"
            return replace(nothing, why="too_few_reviewed", reason=reason)
        found = self.as_it_is.approval(name, budget)
        if found.threshold is None:
            why = self._find_obstacle(name, budget)
            return replace(nothing, why=why, reason=found.reason or "")
        return PromisedThreshold(
            budget, name, found.threshold, found.coverage, found.error, found.sets
        )

    def _find_obstacle(self, name: Promise, budget: float) -> str:
        """Name the first thing without which there would be a promise."""

        def holds(case: _Case) -> bool:
            return case.approval("seen", budget).threshold is not None

        if not holds(self.perfect):
            return "too_few_sets" if self.sets.reviewed.all() else "too_few_reviewed"
        if name != "seen" and holds(self.as_it_is):
            return "too_few_projects"
        if holds(self.without_crops):
            return "crops"
        return "rejections" if holds(self.choices) else "errors"
