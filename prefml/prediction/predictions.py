"""Hold what predictions are made from, and the predictions: plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from prefml._typing import Floats, Floats32
from prefml.boxes import Box, keeps_whole
from prefml.cropping.proposal import is_unsure
from prefml.imaging.hands import DetectedHand


@dataclass(frozen=True)
class PictureRows:
    """Inputs of a prediction; row i of each part is the same picture.

    Attributes
    ----------
    names : tuple of str
        File names.
    size : ndarray of shape (n, 2)
        Width and height in pixels.
    stage : ndarray of shape (n,)
        Stages, NaN where the name has none.
    embeddings : ndarray of shape (n, dim), float32
        The encoder's vectors.
    cues : DataFrame of shape (n, n_cues)
        The cues.
    hands : sequence of length n, or None
        The hands in each picture; None where they were not looked at.
    project : str or None
        Their project, where it is known.
    settings : DataFrame of shape (n, n_settings) or None
        The generator's settings; None where no model asks for them.
    """

    names: tuple[str, ...]
    size: Floats
    stage: Floats
    embeddings: Floats32
    cues: pd.DataFrame
    hands: Sequence[Sequence[DetectedHand] | None] | None = None
    project: str | None = None
    settings: pd.DataFrame | None = None

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.names)


@dataclass(frozen=True)
class Reason:
    """Reason for the winner, or against it.

    Attributes
    ----------
    reason : str
        The reason in words.
    contribution : float
        What it adds to the winner's lead in score.
    """

    reason: str
    contribution: float


@dataclass(frozen=True)
class Ranking:
    """Order of the pictures of a set, with scores and probabilities.

    Attributes
    ----------
    order : tuple of int
        Row numbers, best first.
    scores : ndarray of shape (n,)
        Comparable inside the set only.
    probabilities : ndarray of shape (n,)
        That the person would choose this one; they add up to 1.
    why : tuple of Reason
        What made the winner beat the runner-up; the contributions add up to the difference of
        their scores.
    """

    order: tuple[int, ...]
    scores: Floats
    probabilities: Floats
    why: tuple[Reason, ...]


@dataclass(frozen=True)
class CropProposal:
    """Proposal for one kept picture: a crop, or keeping it whole.

    Attributes
    ----------
    keep_probability : float
        That the person would keep it whole.
    box : tuple of float
        x1, y1, x2, y2 in fractions; the full frame when keeping it whole is proposed.
    probability : float
        That the person would do nearly the same.
    alternatives : tuple of (box, probability)
        Other crops, likelier first.
    reasons : tuple of str
        What the person's rules changed, in words.
    certainty : str
        How sure it is, in words.
    """

    keep_probability: float
    box: Box
    probability: float
    alternatives: tuple[tuple[Box, float], ...]
    reasons: tuple[str, ...]
    certainty: str

    @property
    def keeps_whole(self) -> bool:
        """Tell whether keeping the picture whole is proposed."""
        return keeps_whole(self.box)

    @property
    def unsure(self) -> bool:
        """Tell whether its certainty in words is that it is unsure."""
        return is_unsure(self.probability)
