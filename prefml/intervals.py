"""Exact confidence bounds of a binomial share.

References
----------
C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of
the binomial", Biometrika 26, 1934.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta

from prefml._typing import Floats

__all__ = ["clopper_pearson_lower", "clopper_pearson_upper"]


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
