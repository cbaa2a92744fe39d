"""Measure the top-1 agreement of choices that two encoders' embeddings lead to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prefml._typing import Floats, Floats32

__all__ = ["top_choice_agreement"]


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
    weights: Floats = model.coef_[0]
    return weights


def _top_choice(vectors: Floats32, rows: Sequence[int], weights: Floats) -> int:
    return int(np.argmax(vectors[list(rows)] @ weights))
