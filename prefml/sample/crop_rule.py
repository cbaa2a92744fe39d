"""Decide crops as the simulated person: a rule that follows the subject, and a little noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefml.boxes import FULL_FRAME, Box

__all__ = ["CropDecision", "decide_crop", "ideal_box"]

# Room round the subject; above it a little more than below.
MARGIN = 1.34
HEADROOM = 0.02
# A subject that leaves less room than this is kept whole.
LARGEST_SIDE = 0.93
CENTRE_NOISE = 0.015
SIZE_NOISE = 0.035


@dataclass(frozen=True)
class CropDecision:
    """A crop decision.

    Attributes
    ----------
    ideal : Box
        Box of the rule, x1, y1, x2, y2 in fractions.
    pixels : tuple of int
        Box that the person logged, noise included, in pixels of the picture.
    """

    ideal: Box
    pixels: tuple[int, int, int, int]


def ideal_box(subject: Box) -> Box:
    """Return the box of the rule for a subject.

    Parameters
    ----------
    subject : tuple of float
        Where the subject lies, x1, y1, x2, y2 in fractions.

    Returns
    -------
    Box
        Of the picture's own aspect ratio (equal width and height in fractions), inside the
        picture; the whole picture if the subject fills it.
    """
    x1, y1, x2, y2 = subject
    side = MARGIN * max(x2 - x1, y2 - y1)
    return _box_around((x1 + x2) / 2, (y1 + y2) / 2 - HEADROOM, side)


def decide_crop(subject: Box, width: int, height: int, rng: np.random.Generator) -> CropDecision:
    """Decide the crop of one picture.

    Parameters
    ----------
    subject : tuple of float
        Where the subject lies, in fractions.
    width, height : int
        Size of the picture in pixels.
    rng : numpy.random.Generator
        Source of the person's noise.

    Returns
    -------
    CropDecision
    """
    ideal = ideal_box(subject)
    shift_x, shift_y = rng.normal(0, CENTRE_NOISE, 2)
    growth = float(np.exp(rng.normal(0, SIZE_NOISE)))
    if ideal == FULL_FRAME:
        return CropDecision(ideal, (0, 0, width, height))
    x, y = (ideal[0] + ideal[2]) / 2 + shift_x, (ideal[1] + ideal[3]) / 2 + shift_y
    side = min((ideal[2] - ideal[0]) * growth, LARGEST_SIDE)
    return CropDecision(ideal, _to_pixels(_box_around(float(x), float(y), side), width, height))


def _box_around(x: float, y: float, side: float) -> Box:
    if side > LARGEST_SIDE:
        return FULL_FRAME
    left, top = (min(max(centre - side / 2, 0.0), 1.0 - side) for centre in (x, y))
    return Box(left, top, left + side, top + side)


def _to_pixels(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    across, down = round((box[2] - box[0]) * width), round((box[3] - box[1]) * height)
    left = min(round(box[0] * width), width - across)
    top = min(round(box[1] * height), height - down)
    return left, top, left + across, top + down
