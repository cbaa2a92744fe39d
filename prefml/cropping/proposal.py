"""Propose for one picture: keep it whole or a box, two alternatives, calibrated probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from prefml._typing import Floats, Labels
from prefml.boxes import FULL_FRAME, Box, keeps_whole, to_box
from prefml.cropping.fitting import CropModel
from prefml.cropping.geometry import from_params, with_aspect, with_least_side
from prefml.cropping.inputs import PictureFeatures
from prefml.cropping.metrics import SIMILAR, iou
from prefml.cropping.scorer import blend_windows

__all__ = [
    "ALTERNATIVES",
    "DIFFERENT",
    "Option",
    "Proposal",
    "in_aspect",
    "is_unsure",
    "propose_one",
]


ALTERNATIVES = 2
# Boxes that overlap more than this look like the same crop.
DIFFERENT = 0.85
# In a hundred such proposals.
_SURE, _FAIRLY_SURE = 90, 65
_MAX_ALTERNATIVE_IOU = 0.80
_BLEND_IOU = 0.75


def is_unsure(probability: float) -> bool:
    """Tell whether a proposal of this probability is called unsure.

    Parameters
    ----------
    probability : float
        That the person would do nearly the same.

    Returns
    -------
    bool
    """
    return round(100 * probability) < _FAIRLY_SURE


@dataclass(frozen=True)
class Option:
    """A box and the probability that it is similar to the person's own.

    Attributes
    ----------
    box : tuple of float
        x1, y1, x2, y2 in fractions.
    probability : float
        That its IoU with the person's box is above 0.7.
    """

    box: Box
    probability: float


@dataclass(frozen=True)
class Proposal:
    """Proposal for one picture.

    Attributes
    ----------
    box : tuple of float
        x1, y1, x2, y2 in fractions; the full frame where keeping it whole is proposed.
    probability : float
        That the person would do nearly the same: keep it whole, or make a similar crop.
    keep_probability : float
        That the person keeps the picture whole.
    alternatives : tuple of Option
        Two other crops, the likelier first; they overlap the proposed box and each other by
        less than 0.85. Fewer where the least side leaves no room for them.
    bands : tuple of tuple of float
        Lower and upper bound of each edge, x1, y1, x2, y2.
    reasons : tuple of str
        What the person's rules changed, in words.
    """

    box: Box
    probability: float
    keep_probability: float
    alternatives: tuple[Option, ...]
    bands: tuple[tuple[float, float], ...]
    reasons: tuple[str, ...] = field(default=())

    @property
    def keeps_whole(self) -> bool:
        """Tell whether keeping the picture whole is proposed."""
        return keeps_whole(self.box)

    @property
    def certainty(self) -> str:
        """Probability in words that a person can check."""
        share = round(100 * self.probability)
        degree = "sure" if share >= _SURE else "fairly sure" if share >= _FAIRLY_SURE else "unsure"
        what = "are kept whole" if self.keeps_whole else f"overlap yours by more than {SIMILAR}"
        return f"{degree}: about {share} of 100 such proposals {what}"

    def with_box(self, box: Box, *reasons: str) -> Proposal:
        """Return a proposal with another box, and further reasons.

        Parameters
        ----------
        box : Box
            In fractions.
        *reasons : str
            Sentences for a person.

        Returns
        -------
        Proposal
        """
        return replace(self, box=box, reasons=(*self.reasons, *reasons))


def propose_one(
    model: CropModel, features: PictureFeatures, least: float, project: Labels | None = None
) -> Proposal:
    """Propose for one picture.

    Parameters
    ----------
    model : CropModel
        Fitted.
    features : PictureFeatures
        One picture.
    least : float
        Least side of a box in fractions.
    project : ndarray of shape (1,), optional
        Its project; none that is known by default.

    Returns
    -------
    Proposal
    """
    scores = model.scorer.score_candidates(features)
    windows = model.scorer.candidates(features)
    found = model.scorer.predict_from_scores(scores, windows)
    keep = float(model.keep.predict(found)[0])
    crop = with_least_side(model.crops(found), least)[0]
    whole = np.array(FULL_FRAME)
    first = whole if keep >= model.threshold else crop
    # The crop lies between the constant box, the last window but one, and the best windows.
    share = model.shares(found)[0]
    crop_iou = share * found.best_iou[0] + (1.0 - share) * scores[0, -2]
    there = np.isfinite(scores[0, :-1])
    crops = windows[0, :-1][there], scores[0, :-1][there]
    others = list(_alternatives(*crops, (first, crop), least))
    expected = np.array([crop_iou, *(score for _, score in others)])
    probability = model.similar.predict(expected)
    alternatives = [
        Option(to_box(box), float(p)) for (box, _), p in zip(others, probability[1:], strict=True)
    ]
    if first is whole:
        alternatives = [Option(to_box(crop), float(probability[0])), *alternatives]
    alternatives = sorted(alternatives, key=lambda option: -option.probability)[:ALTERNATIVES]
    return Proposal(
        box=to_box(first),
        probability=keep if first is whole else float(probability[0]),
        keep_probability=keep,
        alternatives=tuple(alternatives),
        bands=tuple((float(low), float(high)) for low, high in model.band(found, project)[0]),
    )


def in_aspect(proposal: Proposal, size: tuple[float, float], aspect: float) -> Proposal:
    """Return a proposal with crops of another aspect.

    Parameters
    ----------
    proposal : Proposal
        In the picture's own aspect.
    size : tuple of float
        Width and height of the picture in pixels.
    aspect : float
        Width over height of the crops in pixels.

    Returns
    -------
    Proposal
        A picture to be kept whole loses as little as possible, around its best crop.
    """
    box = np.array(proposal.box)
    middle = None
    if proposal.keeps_whole and proposal.alternatives:
        crop = np.array(proposal.alternatives[0].box)
        middle = (crop[:2] + crop[2:]) / 2.0
    options = tuple(
        replace(option, box=to_box(with_aspect(option.box, size, aspect)))
        for option in proposal.alternatives
    )
    first = to_box(with_aspect(box, size, aspect, middle))
    return replace(proposal, box=first, alternatives=options)


def _alternatives(
    crops: Floats, scores: Floats, given: tuple[Floats, Floats], least: float
) -> Iterator[tuple[Floats, float]]:
    """Yield crops that differ from the given and from each other, with scores, best first."""
    windows = np.vstack([crops, _FALLBACK_WINDOWS])
    # Spare windows come last, whatever the scores of the others are.
    ranking = np.concatenate([scores, np.full(len(_FALLBACK_WINDOWS), scores.min() - 1e-6)])
    chosen = list(given)
    apart = np.max([iou(box, windows) for box in chosen], axis=0)
    for _ in range(ALTERNATIVES):
        # Of the spare windows one always lies apart: a box can be like two of them at most.
        free = apart < _MAX_ALTERNATIVE_IOU
        best = int(np.where(free, ranking, -np.inf).argmax())
        near = free & (iou(windows[best], windows) > _BLEND_IOU)
        for candidate in (blend_windows(windows[near], ranking[near]), windows[best]):
            box = with_least_side(candidate[None], least)[0]
            if float(iou(box, np.array(chosen)).max()) < DIFFERENT:
                chosen.append(box)
                apart = np.maximum(apart, iou(box, windows))
                yield box, float(ranking[best])
                break


_FALLBACK_WINDOWS = from_params(
    np.array([[side, u, v] for side in (0.8, 0.6, 0.4) for u in (0.5, 0, 1) for v in (0.5, 0, 1)])
)
