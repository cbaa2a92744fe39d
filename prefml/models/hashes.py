"""Hash decisions, so that a model says what it learned from."""

from __future__ import annotations

import hashlib

import pandas as pd

__all__ = ["decisions_hash"]


def decisions_hash(*frames: pd.DataFrame) -> str:
    """Return the hash of decisions.

    Parameters
    ----------
    *frames : DataFrame
        Frames of decisions.

    Returns
    -------
    str
        64 hex digits.
    """
    text = "\0".join(frame.to_csv(index=False) for frame in frames)
    return hashlib.sha256(text.encode()).hexdigest()
