"""Exact confidence bounds of a binomial share, and the cluster bootstrap.

References
----------
C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of
the binomial", Biometrika 26, 1934; A. C. Davison, D. V. Hinkley, "Bootstrap Methods and their
Application", 1997, section 3.8.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta

from prefml._typing import Floats

__all__ = ["bootstrap_interval", "clopper_pearson_lower", "clopper_pearson_upper"]


def clopper_pearson_upper(hits: ArrayLike, trials: ArrayLike, delta: float = 0.05) -> Floats:
    """Return the one-sided upper bound of a share.

    Parameters
    ----------
    hits, trials : array-like of shape (n,)
        How often it held, and of how many; hits may be fractional, and are rounded up.
    delta : float, default=0.05
        Chance that the bound is too low.

    Returns
    -------
    ndarray of shape (n,)
        1 where there were no trials.
    """
    count, total = np.ceil(np.asarray(hits, float) - 1e-9), np.asarray(trials, float)
    bound = beta.ppf(1 - delta, count + 1, np.maximum(total - count, 1e-12))
    return np.asarray(np.where(count >= total, 1.0, bound))


def clopper_pearson_lower(hits: ArrayLike, trials: ArrayLike, delta: float = 0.05) -> Floats:
    """Return the one-sided lower bound of a share.

    Parameters
    ----------
    hits, trials : array-like of shape (n,)
        How often it held, and of how many; hits may be fractional, and are rounded down.
    delta : float, default=0.05
        Chance that the bound is too high.

    Returns
    -------
    ndarray of shape (n,)
        0 where there were no trials.
    """
    total = np.asarray(trials, float)
    misses = total - np.floor(np.asarray(hits, float) + 1e-9)
    return np.asarray(1.0 - clopper_pearson_upper(misses, total, delta))


def bootstrap_interval(
    values: ArrayLike,
    clusters: ArrayLike,
    statistic: Callable[[Floats], float] | None = None,
    level: float = 0.95,
    repeats: int = 2000,
    random_state: int | None = 0,
) -> tuple[float, float]:
    """Return a percentile interval of the cluster bootstrap: whole clusters are resampled.

    Parameters
    ----------
    values : array-like of shape (n_values,)
        One value an observation; NaN is left out.
    clusters : array-like of shape (n_values,)
        Cluster of each value, such as its project: values of one resemble each other, and drawing
        them singly would make the interval too narrow.
    statistic : callable, optional
        Takes the resampled values; their mean by default.
    level : float, default=0.95
        Coverage.
    repeats : int, default=2000
        Resamples.
    random_state : int or None, default=0
        Seed.

    Returns
    -------
    low, high : float
        NaN without values.
    """
    numbers = np.asarray(values, float)
    kept = ~np.isnan(numbers)
    if not kept.any():
        return float("nan"), float("nan")
    number = np.unique(np.asarray(clusters)[kept], return_inverse=True)[1]
    sizes = np.bincount(number)
    draws = np.random.default_rng(random_state).integers(len(sizes), size=(repeats, len(sizes)))
    if statistic is None:
        sums = np.bincount(number, numbers[kept])
        found = sums[draws].sum(axis=1) / sizes[draws].sum(axis=1)
    else:
        ends = np.cumsum(sizes)[:-1]
        members = np.split(numbers[kept][np.argsort(number, kind="stable")], ends)
        found = np.array([statistic(np.concatenate([members[i] for i in d])) for d in draws])
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
