"""Confidence bounds of a share, for one look and for every look, and the cluster bootstrap.

An exact interval holds for one look. Whoever looks after each case and stops at the first bad one
is misled far more often than it admits; `share_bounds` holds at all looks together.

References
----------
C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of
the binomial", Biometrika 26, 1934. H. Robbins, "Statistical methods related to the law of the
iterated logarithm", Annals of Mathematical Statistics 41, 1970. S. R. Howard, A. Ramdas,
J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals
of Statistics 49, 2021. J. Shin, A. Ramdas, A. Rinaldo, "E-detectors: a nonparametric framework for
sequential change detection", New England Journal of Statistics in Data Science 2, 2024. A. C.
Davison, D. V. Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtrc, betaincinv

from prefml._typing import Floats, Ints

__all__ = [
    "ALPHA",
    "ShareSequence",
    "bootstrap_interval",
    "clopper_pearson_lower",
    "clopper_pearson_upper",
    "e_values",
    "share_bounds",
]

# Chance of each bound to be wrong at any look.
ALPHA = 0.05
# Most of the level goes to a look after so many cases, three audits of the least size.
_HORIZON = 60
_ON_HORIZON = 0.7
# The rest goes to likelihood ratios: half to those that begin with the first case, half to those
# that begin later, after each block, for a share that turns.
_FROM_START = 0.5
_BLOCK = 20
# They bet on odds of this many times those of the hypothesis.
_ODDS = 4.0
# Shares are bounded in steps of two thousandths.
_GRID: Floats = np.arange(1, 500) / 500


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
    bound = betaincinv(count + 1, np.maximum(total - count, 1e-12), 1 - delta)
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


@dataclass(frozen=True)
class ShareSequence:
    """Share of cases with an interval that may be looked at after every case.

    Attributes
    ----------
    hits, n : int
        Cases in which it held, and all cases.
    low, high : float
        Each is wrong, ever, with probability `ALPHA` at most.
    """

    hits: int
    n: int
    low: float = 0.0
    high: float = 1.0

    @property
    def value(self) -> float | None:
        """The share; None without cases."""
        return self.hits / self.n if self.n else None


def share_bounds(hits: ArrayLike, alpha: float = ALPHA) -> ShareSequence:
    """Bound a share by a confidence sequence, from all cases so far.

    Parameters
    ----------
    hits : array-like of bool, of shape (n,)
        Whether it held in each case, in the order of the cases.
    alpha : float, default=0.05
        Chance of each of the two bounds to be wrong at any look.

    Returns
    -------
    ShareSequence
        `low` is exceeded by the largest share of any case so far, constant or not; with a constant
        share that is the share. `high` is that of the smallest share. Where the share has
        turned so far that they cross, `high` is 1.
    """
    held = np.asarray(hits, bool)
    low = _lower(held, alpha)
    high = 1.0 - _lower(~held, alpha)
    return ShareSequence(int(held.sum()), len(held), low, high if high > low else 1.0)


def _lower(held: ArrayLike, alpha: float) -> float:
    """Return the largest share up to which all are refuted."""
    refuted = e_values(held, _GRID, alpha).max(axis=0, initial=0.0) >= 1 / alpha
    return float(_GRID[refuted.argmin() - 1]) if refuted[0] else 0.0


def e_values(hits: ArrayLike, null: ArrayLike, alpha: float = ALPHA) -> Floats:
    """Return the e-values against "no case had a larger share than this", after each case.

    A weighted mean of nonnegative supermartingales that begin at 1, so that it ever exceeds 1 /
    alpha with probability alpha at most (Ville's inequality): the conditional probability that an
    exact binomial test of the first 60 cases will reject, over its level (Doob's martingale), and
    likelihood ratios of four times the odds that begin with the first case or after any 20.

    Parameters
    ----------
    hits : array-like of bool, of shape (n,)
        Whether it held in each case, in the order of the cases.
    null : array-like of shape (m,)
        Shares in (0, 1).
    alpha : float, default=0.05
        Level at which the e-values will be used.

    Returns
    -------
    ndarray of shape (n, m)
    """
    held, shares = np.asarray(hits, bool), np.asarray(null, float)
    count = np.cumsum(held)
    fixed = _horizon_test(count, shares, alpha * _ON_HORIZON)
    return np.asarray(_ON_HORIZON * fixed + (1 - _ON_HORIZON) * _ratios(count, shares))


def _horizon_test(count: Ints, shares: Floats, level: float) -> Floats:
    """Return the conditional power of the test at the horizon, over its level."""
    sizes = _more_than(np.arange(_HORIZON + 1)[:, None], _HORIZON, shares)
    most = np.argmax(sizes <= level, axis=0)
    seen = count[:_HORIZON, None]
    left = _HORIZON - 1 - np.arange(len(seen))[:, None]
    power = _more_than(most - seen, left, shares)
    # Close to 1 no count of hits is unlikely enough to reject.
    possible = most < _HORIZON
    attained = np.where(possible, np.take_along_axis(sizes, most[None], axis=0)[0], 1.0)
    values = np.where(possible, power / attained, 1.0)
    # Past the horizon the test is over, and its value stays.
    return np.asarray(values[np.minimum(np.arange(len(count)), _HORIZON - 1)])


def _more_than(count: Ints, n: ArrayLike, share: Floats) -> Floats:
    """Return the binomial probability of more than so many hits in n cases."""
    return np.asarray(bdtrc(np.clip(count, -1, n), n, share))


def _ratios(count: Ints, shares: Floats) -> Floats:
    """Mix likelihood ratios over where they begin; those yet to begin stand at 1."""
    odds = _ODDS * shares / (1 - shares)
    better = odds / (1 + odds)
    n = np.arange(1, len(count) + 1)[:, None]
    won, lost = np.log(better / shares), np.log((1 - better) / (1 - shares))
    gain = count[:, None] * won + (n - count[:, None]) * lost
    mixed = np.log(_FROM_START) + gain
    waiting = 1 - _FROM_START
    for block, start in enumerate(range(_BLOCK, len(count), _BLOCK), start=1):
        weight = (1 - _FROM_START) / (block * (block + 1))
        waiting -= weight
        rest = np.where(n > start, np.log(weight) + gain - gain[start - 1], np.log(weight))
        mixed = np.logaddexp(mixed, rest)
    return np.asarray(np.exp(np.minimum(np.logaddexp(mixed, np.log(waiting)), 700)))


def bootstrap_interval(
    values: ArrayLike,
    clusters: ArrayLike,
    statistic: Callable[[Floats], float] | None = None,
    level: float = 0.95,
    repeats: int = 2000,
    random_state: int | None = 0,
    weights: ArrayLike | None = None,
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
    weights : array-like of shape (n_values,), optional
        How many each value stands for, for the mean; a statistic sees the values alone.

    Returns
    -------
    low, high : float
        NaN without values.

    References
    ----------
    A. C. Davison, D. V. Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8.
    """
    numbers = np.asarray(values, float)
    kept = ~np.isnan(numbers)
    if not kept.any():
        return float("nan"), float("nan")
    number = np.unique(np.asarray(clusters)[kept], return_inverse=True)[1]
    sizes = np.bincount(number)
    draws = np.random.default_rng(random_state).integers(len(sizes), size=(repeats, len(sizes)))
    if statistic is None:
        each = np.ones(len(number)) if weights is None else np.asarray(weights, float)[kept]
        sums, mass = np.bincount(number, each * numbers[kept]), np.bincount(number, each)
        found = sums[draws].sum(axis=1) / mass[draws].sum(axis=1)
    else:
        ends = np.cumsum(sizes)[:-1]
        members = np.split(numbers[kept][np.argsort(number, kind="stable")], ends)
        found = np.array([statistic(np.concatenate([members[i] for i in d])) for d in draws])
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
