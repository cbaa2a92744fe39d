"""Logistic function and smoothed base rate, shared by what states a probability of a crop."""

from __future__ import annotations

import numpy as np

from prefml._typing import Bools, Floats

__all__ = ["base_rate", "log_odds", "sigmoid"]

# Beyond this the exponential is 0 or infinite to the last bit that matters.
_LARGEST_LOGIT = 50.0


def base_rate(outcomes: Bools) -> float:
    """Return the share of outcomes that are true, with one of each added (Laplace smoothing).

    Parameters
    ----------
    outcomes : ndarray of shape (n,), bool
        May be empty.

    Returns
    -------
    float
        Strictly between 0 and 1; 0.5 without any outcome.
    """
    return float((outcomes.sum() + 1.0) / (len(outcomes) + 2.0))


def log_odds(probability: float) -> float:
    """Return the logit of a probability.

    Parameters
    ----------
    probability : float
        Strictly between 0 and 1.

    Returns
    -------
    float
    """
    return float(np.log(probability / (1.0 - probability)))


def sigmoid(logits: Floats) -> Floats:
    """Return the logistic function, without overflow.

    Parameters
    ----------
    logits : ndarray
        Numbers; beyond 50 either way they count as 50.

    Returns
    -------
    ndarray
        Probabilities, shape of `logits`.
    """
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -_LARGEST_LOGIT, _LARGEST_LOGIT))))
