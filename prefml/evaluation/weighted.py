"""Average over sets of which some stand for others: audited ones for what was approved with them.

References
----------
D. G. Horvitz, D. J. Thompson, "A generalization of sampling without replacement from a finite
universe", Journal of the American Statistical Association 47, 1952.
"""

from __future__ import annotations

import numpy as np

from prefml._typing import Floats

__all__ = ["effective_number", "weighted_gap", "weighted_mean"]


def weighted_mean(values: Floats, weight: Floats) -> float:
    """Return the weighted mean of the values that are known.

    Parameters
    ----------
    values : ndarray of shape (n,)
        NaN is left out.
    weight : ndarray of shape (n,)
        How many each stands for.

    Returns
    -------
    float
        NaN without values.
    """
    kept = ~np.isnan(values)
    return float(np.average(values[kept], weights=weight[kept])) if kept.any() else float("nan")


def weighted_gap(stated: Floats, hits: Floats, weight: Floats, bins: int) -> float:
    """Return the expected calibration error, weighted, over bins of equally many sets.

    Parameters
    ----------
    stated, hits : ndarray of shape (n,)
        Stated probability of each set's top choice, and whether it was right; NaN is left out.
    weight : ndarray of shape (n,)
        How many each stands for.
    bins : int
        Number of bins.

    Returns
    -------
    float
        NaN without sets. With equal weights that of `prefml.ranking.metrics.ece`.
    """
    kept = np.flatnonzero(~np.isnan(hits))
    parts = np.array_split(kept[np.argsort(stated[kept], kind="stable")], bins)
    gaps = [
        abs(float(np.dot(weight[part], stated[part] - hits[part]))) for part in parts if len(part)
    ]
    return sum(gaps) / float(weight[kept].sum()) if len(kept) else float("nan")


def effective_number(weight: Floats) -> float:
    """Return how many equally weighted values tell as much as these.

    Parameters
    ----------
    weight : ndarray of shape (n,)
        How many each stands for.

    Returns
    -------
    float
        Kish's effective sample size.

    References
    ----------
    L. Kish, "Survey Sampling", 1965, section 11.7.
    """
    square = float((weight**2).sum())
    return float(weight.sum() ** 2 / square) if square else 0.0
