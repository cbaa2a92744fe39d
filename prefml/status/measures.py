"""Measure agreement: shares with exact intervals, calibration error, drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import fisher_exact

from prefml.intervals import clopper_pearson_lower, clopper_pearson_upper

__all__ = ["Drift", "Share", "calibration_gap", "drift", "share"]


@dataclass(frozen=True)
class Share:
    """Share of cases in which something held, with its confidence interval.

    Attributes
    ----------
    value : float or None
        The share; None without cases.
    n : int
        Cases.
    low, high : float
        95 % interval.

    References
    ----------
    Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26, 1934.
    """

    value: float | None
    n: int
    low: float = 0.0
    high: float = 1.0

    def __str__(self) -> str:
        """Return it in per cent with its interval."""
        if self.value is None:
            return "no cases yet"
        return f"{self.value:.1%} of {self.n} ({self.low:.1%} to {self.high:.1%})"


def share(hits: Sequence[bool]) -> Share:
    """Return how often something held, with a 95 % interval.

    Parameters
    ----------
    hits : sequence of bool
        One for each case.

    Returns
    -------
    Share
    """
    n, k = len(hits), int(sum(hits))
    if n == 0:
        return Share(None, 0)
    low, high = clopper_pearson_lower(k, n, 0.025), clopper_pearson_upper(k, n, 0.025)
    return Share(k / n, n, float(low), float(high))


def calibration_gap(stated: ArrayLike, hits: ArrayLike, bins: int = 10) -> float | None:
    """Return the expected calibration error over bins with equally many cases.

    Parameters
    ----------
    stated : array-like of shape (n,)
        Stated probabilities.
    hits : array-like of shape (n,)
        Whether they came true.
    bins : int, default=10
        Number of bins; fewer where there are fewer than five cases for each.

    Returns
    -------
    float or None
        Mean absolute difference between stated and observed, weighted by the cases; None without
        cases.

    References
    ----------
    Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
    binning", AAAI 2015; here with bins of equal mass.
    """
    values, right = np.asarray(stated, float), np.asarray(hits, float)
    if not len(values):
        return None
    order = np.argsort(values, kind="stable")
    parts = np.array_split(order, max(1, min(bins, len(values) // 5)))
    gaps = [abs(values[part].mean() - right[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(values))


@dataclass(frozen=True)
class Drift:
    """Comparison of the latest agreement with that before it.

    Attributes
    ----------
    alarm : bool
        Whether agreement has fallen, beyond chance.
    recent, before : Share
        Agreement in the latest sets and in those before them.
    p_value : float or None
        One-sided, Fisher's exact test; None with too few sets.
    """

    alarm: bool
    recent: Share
    before: Share
    p_value: float | None


def drift(hits: Sequence[bool], recent: int = 100, before: int = 300, level: float = 0.01) -> Drift:
    """Compare the latest answers with those before them.

    Parameters
    ----------
    hits : sequence of bool
        Agreement, the oldest first.
    recent, before : int
        Sizes of the two windows.
    level : float, default=0.01
        Chance of a false alarm.

    Returns
    -------
    Drift
    """
    late = hits[-min(recent, len(hits) // 3) :] if len(hits) >= 3 else []
    early = hits[max(0, len(hits) - len(late) - before) : len(hits) - len(late)]
    if len(late) < 20:
        return Drift(False, share(late), share(early), None)
    table = [[sum(late), len(late) - sum(late)], [sum(early), len(early) - sum(early)]]
    p_value = float(fisher_exact(table, alternative="less")[1])
    return Drift(p_value < level, share(late), share(early), p_value)
