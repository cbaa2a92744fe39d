"""Measure how far choices agree that two encoders' embeddings lead to, and their calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from prefml._typing import Floats, Floats32

__all__ = ["HeldOutChoices", "held_out_choices", "top_choice_agreement"]

_BINS = 10
_FOLDS = 5


@dataclass(frozen=True)
class HeldOutChoices:
    """Choices of two encoders in sets that neither's ranker has seen.

    Attributes
    ----------
    sets : int
        Number of sets.
    agreement : float
        Share of them with the same top choice (top-1 agreement).
    calibration_error, reference_calibration_error : float
        Mean gap between stated and observed share of right top choices, over ten bins of equal
        count, of the candidate and of the reference.
    """

    sets: int
    agreement: float
    calibration_error: float
    reference_calibration_error: float


def held_out_choices(
    expected: Floats32, found: Floats32, sets: Sequence[Sequence[int]], groups: Sequence[str]
) -> HeldOutChoices:
    """Compare the choices of two encoders by cross-validation over groups.

    For each encoder a linear Bradley-Terry model of its own is fitted, as in use, where a model is
    trained on the embeddings that it ranks.

    Parameters
    ----------
    expected, found : ndarray of shape (n, d)
        Embeddings of the same pictures by the reference and by the candidate.
    sets : sequence of sequences of int
        Rows of each set's pictures, at least two; the chosen one first.
    groups : sequence of str
        Project of each set. Projects are held out whole; where there is only one, consecutive
        sets are.

    Returns
    -------
    HeldOutChoices

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger. "On Calibration of Modern Neural Networks."
       ICML 2017.
    """
    folds = _folds(groups)
    reference, candidate = (_held_out_shares(one, sets, folds) for one in (expected, found))
    same = [a.argmax() == b.argmax() for a, b in zip(reference, candidate, strict=True)]
    errors = [_calibration_error(one) for one in (candidate, reference)]
    return HeldOutChoices(len(sets), float(np.mean(same)), *errors)


def _folds(groups: Sequence[str]) -> list[int]:
    names = sorted(set(groups))
    if len(names) > 1:
        return [names.index(group) % _FOLDS for group in groups]
    return [at * min(_FOLDS, len(groups)) // len(groups) for at in range(len(groups))]


def _held_out_shares(
    vectors: Floats32, sets: Sequence[Sequence[int]], folds: Sequence[int]
) -> list[Floats]:
    """Return the probability of each picture of each set, from a model of the other folds."""
    shares: dict[int, Floats] = {}
    for held_out in sorted(set(folds)):
        seen = [one for one, fold in zip(sets, folds, strict=True) if fold != held_out]
        weights = _fit_bradley_terry(vectors, seen)
        for at in (at for at, fold in enumerate(folds) if fold == held_out):
            shares[at] = softmax(vectors[list(sets[at])] @ weights)
    return [shares[at] for at in range(len(sets))]


def _calibration_error(shares: Sequence[Floats]) -> float:
    stated = np.array([one.max() for one in shares])
    right = np.array([one.argmax() == 0 for one in shares], float)
    order = np.argsort(stated, kind="stable")
    bins = np.array_split(order, min(_BINS, len(order)))
    gaps = [len(one) * abs(stated[one].mean() - right[one].mean()) for one in bins]
    return float(sum(gaps) / len(order))


def top_choice_agreement(
    expected: Floats32, found: Floats32, sets: Sequence[Sequence[int]]
) -> float | None:
    """Return the share of sets in which both encoders' embeddings put the same picture first.

    A linear Bradley-Terry model is fitted to the choices on the reference's embeddings; it then
    ranks every set twice, by either encoder's embeddings.

    Parameters
    ----------
    expected, found : ndarray of shape (n, d)
        Embeddings of the same pictures by the reference and by the candidate.
    sets : sequence of sequences of int
        Rows of each set's pictures, at least two; the chosen one first.

    Returns
    -------
    float or None
        From 0 to 1; None where there are no sets.

    References
    ----------
    .. [1] R. A. Bradley, M. E. Terry. "Rank Analysis of Incomplete Block Designs: I. The Method of
       Paired Comparisons." Biometrika 39(3/4), 324-345, 1952.
    """
    if not sets:
        return None
    weights = _fit_bradley_terry(expected, sets)
    same = [_top_choice(expected, one, weights) == _top_choice(found, one, weights) for one in sets]
    return float(np.mean(same))


def _fit_bradley_terry(vectors: Floats32, sets: Sequence[Sequence[int]]) -> Floats:
    """Fit a logistic regression without intercept to differences of chosen and rejected."""
    from sklearn.linear_model import LogisticRegression

    better = np.concatenate([[one[0]] * (len(one) - 1) for one in sets])
    worse = np.concatenate([one[1:] for one in sets])
    steps = vectors[better].astype(np.float64) - vectors[worse]
    # Vectors of one picture's variants differ by little; scaled, the ridge does not drown that.
    scale = max(float(np.sqrt(np.square(steps).sum(axis=1).mean())), 1e-12)
    both, sides = np.concatenate([steps, -steps]) / scale, np.repeat([1, 0], len(steps))
    model = LogisticRegression(fit_intercept=False).fit(both, sides)
    weights: Floats = model.coef_[0] / scale
    return weights


def _top_choice(vectors: Floats32, rows: Sequence[int], weights: Floats) -> int:
    return int(np.argmax(vectors[list(rows)] @ weights))
