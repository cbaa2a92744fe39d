"""Find the people of a picture: faces, bodies, hands, and where people are at all.

Faces and bodies are looked for in every picture; landmarks, hands and the mask only where one of
them was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from prefml._typing import Floats, Floats32
from prefml.imaging import ssd
from prefml.imaging.faces import Faces, find_faces
from prefml.imaging.joints import WRISTS
from prefml.imaging.landmarks import (
    Landmarks,
    Region,
    body_landmarks,
    face_landmarks,
    hand_landmarks,
    hands_in,
)
from prefml.imaging.picture import Picture
from prefml.imaging.segmentation import person_mask

__all__ = ["People", "detect_people"]

# So many of each kind are looked at closely, the largest first.
_MOST_FACES, _MOST_BODIES, _MOST_HANDS = 4, 2, 4
# Of bodies that score less, hardly one in three is a person's.
_SURE_BODY = 0.6
# Least probability that a landmark network gives to what it was shown.
_PRESENT = 0.5
_VISIBLE = 0.5
# The square of a hand in lengths from the wrist to the roots of its fingers, and its middle.
_HAND_SIDE, _HAND_MIDDLE = 4.6, 1.2

_FOUND: WeakKeyDictionary[Picture, People] = WeakKeyDictionary()


@dataclass(frozen=True)
class People:
    """People of one picture.

    Attributes
    ----------
    faces : Faces
        All faces, largest first.
    face_points : list of Landmarks
        Of the four largest faces, in the same order.
    bodies : list of Landmarks
        Of the two surest bodies, the surest first.
    hands : list of Landmarks
        Of at most four hands.
    mask : ndarray of shape (256, 256), or None
        Share of person, stretched over the picture; None where nobody was found.
    """

    faces: Faces
    face_points: list[Landmarks]
    bodies: list[Landmarks]
    hands: list[Landmarks]
    mask: Floats32 | None

    @property
    def found(self) -> bool:
        """Tell whether anyone was found."""
        return self.mask is not None


def detect_people(picture: Picture) -> People:
    """Find the people of a picture, once for each picture.

    Parameters
    ----------
    picture : Picture
        A decoded picture.

    Returns
    -------
    People
    """
    if picture not in _FOUND:
        _FOUND[picture] = _detect(picture)
    return _FOUND[picture]


def _detect(picture: Picture) -> People:
    faces, bodies = find_faces(picture), ssd.detect(picture, ssd.BODY)
    bodies = bodies.take(bodies.confidence >= _SURE_BODY)
    if not len(faces.confidence) and not len(bodies.confidence):
        return People(faces, [], [], [], None)
    surest = bodies.take(np.arange(min(len(bodies.confidence), _MOST_BODIES)))
    placed = [one for one in body_landmarks(picture, surest) if one.presence >= _PRESENT]
    if not len(faces.confidence) and not placed:
        return People(faces, [], [], [], None)
    largest = ssd.Detections(
        faces.boxes[:_MOST_FACES], faces.keypoints[:_MOST_FACES], faces.confidence[:_MOST_FACES]
    )
    return People(
        faces, face_landmarks(picture, largest), placed, _hands(picture, placed),
        person_mask(picture),
    )  # fmt: skip


def _hands(picture: Picture, bodies: list[Landmarks]) -> list[Landmarks]:
    """Find hands by their palms, and where bodies have wrists."""
    palms = ssd.detect(picture, ssd.PALM)
    palms = palms.take(np.arange(min(len(palms.confidence), _MOST_HANDS)))
    found = [one for one in hand_landmarks(picture, palms) if one.presence >= _PRESENT]
    size = np.array([picture.width, picture.height], float)
    middles = np.array([hand.points[:, :2].mean(axis=0) * size for hand in found]).reshape(-1, 2)
    regions = [
        region
        for body in bodies
        for region in _wrist_regions(body, size)
        if (np.linalg.norm(middles - region.centre, axis=1) >= region.side / 2).all()
    ]
    spare = regions[: max(0, _MOST_HANDS - len(found))]
    return found + [one for one in hands_in(picture, spare) if one.presence >= _PRESENT]


def _wrist_regions(body: Landmarks, size: Floats) -> list[Region]:
    """Return a square around each hand whose wrist is seen, fingers upwards."""
    regions = []
    for wrist, little, index in WRISTS:
        place = body.points[wrist, :2]
        if body.visibility[wrist] < _VISIBLE or (place < 0.0).any() or (place > 1.0).any():
            continue
        start = place * size
        along = (body.points[little, :2] + body.points[index, :2]) / 2 * size - start
        length = float(np.linalg.norm(along))
        if length >= 1.0:
            angle = float(np.arctan2(along[0], -along[1]))
            regions.append(Region(start + along * _HAND_MIDDLE, length * _HAND_SIDE, angle))
    return regions
