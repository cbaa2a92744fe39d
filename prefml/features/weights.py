"""Compute sample weights by age and correction."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from prefml._typing import Floats

__all__ = ["recency_weights", "row_weights"]

# Weight of an overruled suggestion, a choice that the person thought about twice.
CORRECTED = 2.0


def recency_weights(timestamp: ArrayLike, half_life_days: float) -> Floats:
    """Return recency weights, which decay exponentially with age.

    Parameters
    ----------
    timestamp : array-like of datetime64, of shape (n_rows,)
        When each choice was made; NaT counts as the oldest.
    half_life_days : float
        Age in days, counted back from the latest choice, at which a choice counts half.

    Returns
    -------
    ndarray of shape (n_rows,)
        In (0, 1]; 1 for the latest, and everywhere if no time is known.

    Raises
    ------
    ValueError
        If the half-life is not positive.
    """
    if not half_life_days > 0:
        raise ValueError(f"half_life_days={half_life_days}; expected a positive number")
    stamps = pd.to_datetime(pd.Series(timestamp), utc=True)
    if stamps.isna().all():
        return np.ones(len(stamps))
    age = (stamps.max() - stamps.fillna(stamps.min())).dt.total_seconds().to_numpy() / 86400
    return np.asarray(np.exp2(-age / half_life_days))


def row_weights(items: pd.DataFrame, half_life_days: float | None = None) -> Floats:
    """Return the sample weight of each row of a frame of choices.

    Parameters
    ----------
    items : DataFrame
        `Decisions.items`; the column corrected is used where there is one.
    half_life_days : float, optional
        Age at which a choice counts half; by default all ages count alike.

    Returns
    -------
    ndarray of shape (n_rows,)
        Corrected suggestions count double; equal inside a set.
    """
    weight = np.ones(len(items))
    if "corrected" in items:
        weight[items["corrected"].to_numpy(dtype=bool)] *= CORRECTED
    if half_life_days is not None:
        weight *= recency_weights(items["timestamp"], half_life_days)
    return weight
