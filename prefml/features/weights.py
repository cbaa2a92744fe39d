"""Compute sample weights by age, exposure and correction."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from prefml._typing import Floats

__all__ = ["exposure_weights", "recency_weights", "row_weights"]

# Weight of a corrected suggestion, a choice that the person thought about twice.
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


def exposure_weights(
    chosen: ArrayLike, suggested: ArrayLike, set_id: ArrayLike, most: float = 4.0
) -> Floats:
    """Return inverse-propensity weights against exposure bias.

    A picture that was shown as the suggestion is chosen more often than its looks deserve. Among
    sets in which something was suggested, a choice that followed the suggestion is weighed down
    and one that went against it is weighed up, by how often each happens.

    Parameters
    ----------
    chosen, suggested : array-like of bool, of shape (n_rows,)
        Whether each picture was chosen, and whether it was marked as the suggestion.
    set_id : array-like of shape (n_rows,)
        The set of each picture.
    most : float, default=4.0
        Largest weight, for inverse propensities are wild where they are small.

    Returns
    -------
    ndarray of shape (n_rows,)
        1 in sets without a suggestion; the mean over the others is 1 before clipping.

    References
    ----------
    T. Joachims, A. Swaminathan, T. Schnabel, "Unbiased learning-to-rank with biased feedback",
    WSDM 2017.
    """
    frame = pd.DataFrame({"chosen": chosen, "suggested": suggested, "set": set_id}).astype(
        {"chosen": bool, "suggested": bool}
    )
    frame["both"] = frame["chosen"] & frame["suggested"]
    sets = frame.groupby("set", sort=False)[["suggested", "both"]].any()
    shown = sets[sets["suggested"]]
    weight = pd.Series(1.0, index=sets.index)
    if len(shown) and 0 < shown["both"].mean() < 1:
        followed = (shown["both"].sum() + 1) / (len(shown) + 2)
        even = np.where(shown["both"], 0.5 / followed, 0.5 / (1 - followed))
        weight[shown.index] = np.minimum(even, most)
    return np.asarray(weight.loc[frame["set"]].to_numpy(dtype=np.float64))


def row_weights(items: pd.DataFrame, half_life_days: float | None = None) -> Floats:
    """Return the sample weight of each row of a frame of choices or of crops.

    Parameters
    ----------
    items : DataFrame
        `Decisions.items` or `.crops`; the columns corrected and suggested are used where there
        are any.
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
    if "suggested" in items:
        weight *= exposure_weights(items["chosen"], items["suggested"], items["set_id"])
    if half_life_days is not None:
        weight *= recency_weights(items["timestamp"], half_life_days)
    return weight
