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

import numpy as np

from prefml._typing import Bools, Floats, Labels
from prefml.ranking.risk import BUDGETS, Approval, coverage_at

__all__ = [
    "PROMISES",
    "HeldOutSets",
    "Promise",
    "fingerprint",
    "joint_confidence",
    "least_reviewed",
    "make_promises",
    "population_weights",
]

# The promises of `coverage_at`.
PROMISES = ("seen", "mixture", "next")
_DELTA = 0.05


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
class Promise:
    """Promise of one kind at one budget, or why there is none.

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
    """

    budget: float
    promise: str
    threshold: float | None
    coverage: float
    error: float | None
    sets: int
    why: str = ""

    def as_row(self) -> dict[str, object]:
        """Return the entry of a manifest."""
        return asdict(self)


def fingerprint(rows: Sequence[Mapping[str, object]]) -> str:
    """Return the hash of promises as they stand in a manifest, so that an edit is noticed.

    Parameters
    ----------
    rows : sequence of mapping
        Entries, see `Promise.as_row`.

    Returns
    -------
    str
        64 hex digits.
    """
    text = json.dumps([dict(row) for row in rows], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def make_promises(
    held_out: HeldOutSets,
    names: Sequence[str] = PROMISES,
    budgets: Sequence[float] = BUDGETS,
) -> list[Promise]:
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
    list of Promise
        For each name, by budget.
    """
    return [_make_promise(held_out, name, budget) for name in names for budget in budgets]


def _make_promise(held_out: HeldOutSets, name: str, budget: float) -> Promise:
    nothing = Promise(budget, name, None, 0.0, None, 0)
    if int(held_out.reviewed.sum()) < least_reviewed(budget):
        return replace(nothing, why="too_few_reviewed")
    threshold = _approval(held_out, name, budget).threshold
    if threshold is None:
        return replace(nothing, why=_find_obstacle(held_out, name, budget))
    inside, weight = held_out.confidence >= threshold, held_out.weight
    error = np.average(1 - held_out.correct[inside], weights=weight[inside])
    coverage = weight[inside].sum() / weight.sum()
    return Promise(budget, name, threshold, float(coverage), float(error), int(inside.sum()))


def _approval(held_out: HeldOutSets, name: str, budget: float) -> Approval:
    """Look for the threshold, reckoning with one rejection more than was seen.

    Sets of logs tell nothing of rejections. Without it, few reviewed sets of which none was
    rejected would promise among many of logs that none ever is.
    """
    unseen = float((~held_out.reviewed).mean()) / max(int(held_out.reviewed.sum()), 1)
    return coverage_at(
        held_out.confidence,
        held_out.correct,
        budget - unseen,
        _DELTA,
        groups=held_out.project,
        promise=name,
        sample_weight=held_out.weight,
    )


def _find_obstacle(held_out: HeldOutSets, name: str, budget: float) -> str:
    """Name the first thing without which there would be a promise."""
    ones = np.ones(len(held_out))
    perfect = replace(held_out, chosen=ones, cropped=ones, rejected=np.zeros(len(ones), bool))
    if _approval(perfect, "seen", budget).threshold is None:
        return "too_few_sets"
    if name != "seen" and _approval(held_out, "seen", budget).threshold is not None:
        return "too_few_projects"
    without_crops = replace(held_out, crop=ones, cropped=ones)
    accepted = without_crops.take(~held_out.rejected)
    if _approval(without_crops, "seen", budget).threshold is not None:
        return "crops"
    if len(accepted) and _approval(accepted, "seen", budget).threshold is not None:
        return "rejections"
    return "errors"
