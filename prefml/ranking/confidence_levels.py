"""Count held-out sets by project and level of confidence.

References
----------
L. Kish, "Survey Sampling", 1965 (the effective size of weighted sets).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from prefml._typing import Floats, Ints

__all__ = ["BinnedSets", "bin_sets"]

# Levels of confidence, dense among the most confident sets, where thresholds lie.
_BINS = 80
# Confidences are taken as if within these limits: a stated certainty is one of .998.
_LEAST, _MOST = 0.02, 0.998


@dataclass(frozen=True)
class BinnedSets:
    """Held-out sets counted by level of confidence, the most confident level first.

    Attributes
    ----------
    threshold : ndarray of shape (n_levels,)
        The lowest confidence of each level, falling.
    ordered : ndarray of shape (n_sets,)
        All confidences, falling.
    logit : ndarray of shape (n_levels,)
        Mean logit of the confidences of a level.
    right, wrong, weight : ndarray of shape (n_projects, n_levels)
        Sets answered rightly and wrongly, and the sum of the sets' weights.
    counts, effective : ndarray of shape (n_levels,)
        Sets down to each level, and Kish's effective number of them.
    error : ndarray of shape (n_levels,)
        Weighted share of wrong answers among the sets down to each level.
    """

    threshold: Floats
    ordered: Floats
    logit: Floats
    right: Floats
    wrong: Floats
    weight: Floats
    counts: Ints
    effective: Floats
    error: Floats

    @property
    def mass(self) -> Floats:
        """Return the sum of weights down to each level, shape (n_levels,)."""
        return np.cumsum(self.weight.sum(axis=0))


def bin_sets(confidence: Floats, correct: Floats, project: Ints, weight: Floats) -> BinnedSets:
    """Count sets by project and level of confidence.

    Parameters
    ----------
    confidence, correct, weight : ndarray of shape (n_sets,)
        Stated probability, share of the answer that was right, inverse inclusion probability.
    project : ndarray of shape (n_sets,)
        Projects numbered from 0.

    Returns
    -------
    BinnedSets
        Levels depend on the confidences alone; sets of one confidence share a level.
    """
    ordered = np.sort(confidence)[::-1]
    steps = (np.arange(1, _BINS + 1) / _BINS) ** 1.5
    last = np.unique(np.ceil(len(ordered) * steps).astype(int)) - 1
    threshold = np.unique(ordered[last])[::-1]
    level = np.searchsorted(-threshold, -confidence)
    shape = (int(project.max()) + 1, len(threshold))

    def table(values: Floats) -> Floats:
        cells = np.bincount(project * shape[1] + level, values, shape[0] * shape[1])
        return np.asarray(cells.reshape(shape))

    def down(values: Floats) -> Floats:
        return np.asarray(np.cumsum(np.bincount(level, values, shape[1])))

    counts, mass = np.cumsum(np.bincount(level, minlength=shape[1])), down(weight)
    logits = np.bincount(level, logit(np.clip(confidence, _LEAST, _MOST)), shape[1])
    return BinnedSets(
        threshold=threshold,
        ordered=ordered,
        logit=logits / np.diff(counts, prepend=0),
        right=table(correct),
        wrong=table(1 - correct),
        weight=table(weight),
        counts=counts,
        effective=mass**2 / down(weight**2),
        error=down(weight * (1 - correct)) / mass,
    )
