"""Measure the crops that were predicted for sets asked at random, where the person made one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from prefml.boxes import FULL_FRAME, Box, nearly_same, read_box
from prefml.decisions.evidence import Standing
from prefml.proposals.questions import Prediction
from prefml.status.measures import Share, share

__all__ = ["CropsForetold", "describe_crops", "framed", "measure_crops"]


@dataclass(frozen=True)
class CropsForetold:
    """Agreement with the crops of winners.

    Attributes
    ----------
    agreement : Share
        Of the predicted crops, those the person would let pass, see `prefml.boxes.nearly_same`.
    whole : float or None
        Share that keeping every picture whole would have right; None without crops.
    """

    agreement: Share = field(default_factory=lambda: Share(None, 0))
    whole: float | None = None


def framed(
    decision: Mapping[str, object], standing: Standing, prediction: Prediction
) -> tuple[Box, Box] | None:
    """Return the person's frame of a picture and the one that was predicted for it.

    Parameters
    ----------
    decision : mapping
        A line of `approved_decisions.jsonl`, whose kept picture is the predicted one.
    standing : Standing
        What it is evidence of.
    prediction : Prediction
        What was predicted for its set.

    Returns
    -------
    tuple of box or None
        None where the person judged no frame, saw one before, or none was predicted.
    """
    if prediction.crop is None or not standing.labels_crop or standing.crop_exposed:
        return None
    own = decision.get("crop_coords")
    try:
        return FULL_FRAME if own is None else read_box(own), read_box(prediction.crop)
    except ValueError:
        return None


def measure_crops(frames: Sequence[tuple[Box, Box]]) -> CropsForetold:
    """Sum up how often predicted crops would pass.

    Parameters
    ----------
    frames : sequence of (box, box)
        The person's and the predicted one.

    Returns
    -------
    CropsForetold
    """
    if not frames:
        return CropsForetold()
    own, predicted = (np.array(boxes) for boxes in zip(*frames, strict=True))
    whole = nearly_same(own, np.tile(FULL_FRAME, (len(own), 1)))
    return CropsForetold(share(nearly_same(own, predicted).tolist()), float(whole.mean()))


def describe_crops(crops: CropsForetold) -> list[str]:
    """Say in words how good predicted crops are.

    Parameters
    ----------
    crops : CropsForetold
        The figures.

    Returns
    -------
    list of str
        One sentence, or none without crops.
    """
    seen = crops.agreement
    if seen.value is None or crops.whole is None:
        return []
    return [
        f"Crops nearly as yours on {round(seen.value * seen.n)} of {seen.n} "
        f"({seen.low:.0%} to {seen.high:.0%}); keeping all whole {round(crops.whole * seen.n)}."
    ]
