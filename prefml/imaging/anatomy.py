"""Places of a person's parts in a picture, from the landmarks of face, body and hands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from prefml._typing import Floats
from prefml.imaging.joints import CHIN, EARS, EYES, MOUTH
from prefml.imaging.landmarks import Landmarks
from prefml.imaging.people import People

__all__ = ["POINTS", "Person", "main_person"]

# Landmarks of a body whose mean is a point: MediaPipe's numbers.
_OF_BODY = {
    "eyes": (2, 5),
    "mouth": (9, 10),
    "shoulders": (11, 12),
    "hips": (23, 24),
    "knees": (25, 26),
    "ankles": (27, 28),
    "left_hand": (15, 19),
    "right_hand": (16, 20),
}
# Points halfway between two others.
_BETWEEN = {"waist": ("shoulders", "hips"), "thighs": ("hips", "knees")}
# Landmarks of a face whose mean is a point.
_OF_FACE = {"eyes": EYES[0] + EYES[1], "mouth": MOUTH, "chin": (CHIN,)}
POINTS = (
    "eyes", "mouth", "chin", "shoulders", "waist", "hips", "thighs", "knees", "ankles",
    "left_hand", "right_hand",
)  # fmt: skip

_VISIBLE = 0.5
# A face box is about so many times as high as the line from the eyes to the mouth.
_FACE_HEIGHT = 2.6
# Points may lie this far beyond the picture; what is further is guessed.
_BEYOND = 1.0


@dataclass(frozen=True)
class Person:
    """The main person of a picture: of the largest face, else of the surest body.

    Attributes
    ----------
    head : ndarray of shape (4,)
        Box of the face in fractions; NaN where there is nobody.
    body : ndarray of shape (4,)
        Box of all that is seen of head and body; NaN where no body was found.
    points : ndarray of shape (11, 2)
        x and y of `POINTS`, in fractions, also beyond the picture; NaN where not known.
    visibility : float
        Mean visibility of the limbs, from 0 to 1; NaN where no body was found.
    """

    head: Floats
    body: Floats
    points: Floats
    visibility: float


def main_person(people: People, aspect: float) -> Person:
    """Place the parts of the main person.

    Parameters
    ----------
    people : People
        Everything found in a picture.
    aspect : float
        Width over height of the picture.

    Returns
    -------
    Person
    """
    body = _body_of_largest_face(people)
    named = {} if body is None else _means(body.points, _OF_BODY)
    if people.face_points and people.face_points[0].presence > _VISIBLE:
        named |= _means(people.face_points[0].points, _OF_FACE)
    elif len(people.faces.boxes):
        eyes = people.faces.keypoints[0]
        named |= {"eyes": eyes[:2].mean(axis=0), "mouth": eyes[3]}
    for name, (one, other) in _BETWEEN.items():
        if one in named and other in named:
            named[name] = (named[one] + named[other]) / 2.0
    unknown = np.full(2, np.nan)
    points = np.array([named.get(name, unknown) for name in POINTS])
    points = np.clip(points, -_BEYOND, 1.0 + _BEYOND)
    head = _head(people, named, aspect)
    if body is None:
        return Person(head, np.full(4, np.nan), points, float("nan"))
    seen = body.points[body.visibility >= _VISIBLE, :2]
    corners = np.vstack([head.reshape(2, 2), seen])
    extent = np.concatenate([np.nanmin(corners, axis=0), np.nanmax(corners, axis=0)])
    visibility = float(body.visibility[11:].mean())
    return Person(head, np.clip(extent, 0.0, 1.0), points, visibility)


def _body_of_largest_face(people: People) -> Landmarks | None:
    """Return the body whose nose lies in the largest face; without a face, the surest body."""
    if not len(people.faces.boxes):
        return people.bodies[0] if people.bodies else None
    x1, y1, x2, y2 = people.faces.boxes[0]
    for body in people.bodies:
        x, y = body.points[0, :2]
        if x1 <= x <= x2 and y1 <= y <= y2:
            return body
    return None


def _means(points: Floats, numbers: Mapping[str, tuple[int, ...]]) -> dict[str, Floats]:
    return {name: points[list(some), :2].mean(axis=0) for name, some in numbers.items()}


def _head(people: People, named: dict[str, Floats], aspect: float) -> Floats:
    """Return the box of the largest face, or about where it would be on the surest body."""
    if len(people.faces.boxes):
        return np.asarray(np.clip(people.faces.boxes[0], 0.0, 1.0))
    if "eyes" not in named:
        return np.full(4, np.nan)
    middle = (named["eyes"] + named["mouth"]) / 2.0
    ears = np.ptp(people.bodies[0].points[list(EARS), 0])
    down = abs(named["mouth"][1] - named["eyes"][1]) * _FACE_HEIGHT
    height = max(float(down), float(ears) * aspect, 1e-3)
    half = np.array([height / aspect, height]) / 2.0
    return np.asarray(np.clip(np.concatenate([middle - half, middle + half]), 0.0, 1.0))
