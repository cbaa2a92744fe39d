"""Measure the quality of what one looks at in people: faces, eyes and hands, and a face's look.

Sharpness and noise are those of the whole picture, `prefml.imaging.detail`, so that a part can be
held against the rest.
"""

from __future__ import annotations

import cv2
import numpy as np

from prefml._typing import Floats, Pixels
from prefml.imaging.detail import focus_energy, noise_deviation
from prefml.imaging.joints import CHIN, EYES, FOREHEAD, LIDS, MOUTH, NOSE_TIP
from prefml.imaging.landmarks import Landmarks
from prefml.imaging.people import People
from prefml.imaging.picture import Picture, laplacian, second_differences, shrink
from prefml.imaging.warp import warp

__all__ = ["LOOK", "NAMES", "SHAPE", "measure_looks"]

QUALITY = ("sharpness", "exposure", "contrast", "noise")
# Distances in a face, in lengths from forehead to chin: between the outer and the inner corners of
# the eyes, from between them to the tip of the nose, the mouth, the jaw, from there to the chin.
_DISTANCES = ((33, 263), (133, 362), (168, NOSE_TIP), MOUTH, (172, 397), (NOSE_TIP, CHIN))
SHAPE = tuple(f"face_shape_{i}" for i in range(len(_DISTANCES)))
LOOK = tuple(f"face_look_{i:02d}" for i in range(15))
NAMES = (
    *(f"face_{name}" for name in QUALITY), *SHAPE, *LOOK, "eyes_sharpness", "eyes_open",
    "eyes_unlike", "group_sharpness", "group_eyes_open", *(f"hands_{name}" for name in QUALITY),
)  # fmt: skip

# Faces of at least this share of the largest one's area are of the group.
_PROMINENT = 0.25
_PRESENT = 0.5
_REGION_SIDE = 192
_EYE_SIZE = (32, 16)
# Side of the square a face is brought to, and where its eyes and mouth come to lie in it.
_LOOK_SIDE = 32
_LOOK_PLACES = np.array([[0.3, 0.35], [0.7, 0.35], [0.5, 0.75]]) * _LOOK_SIDE
_LOOK_WAVES = 4
_HAND_MARGIN = 0.15


def measure_looks(picture: Picture, people: People) -> dict[str, float]:
    """Measure the largest face, the worst prominent one, and the worst hand.

    Parameters
    ----------
    picture : Picture
        A decoded picture.
    people : People
        Who was found in it.

    Returns
    -------
    dict of str to float
        Some of `NAMES`: what could be measured.
    """
    return _look_at_faces(picture, people) | _look_at_hands(picture, people)


def _look_at_faces(picture: Picture, people: People) -> dict[str, float]:
    boxes = np.clip(people.faces.boxes, 0.0, 1.0)
    if not len(boxes):
        return {}
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    near = boxes[area >= _PROMINENT * area[0]][: len(people.face_points)]
    quality = [_quality(_region(picture, box)) for box in near]
    values = {f"face_{name}": value for name, value in zip(QUALITY, quality[0], strict=True)}
    values["group_sharpness"] = min(one[0] for one in quality)
    size = np.array([picture.width, picture.height], float)
    sure = [face for face in people.face_points if face.presence >= _PRESENT]
    if not sure or people.face_points[0].presence < _PRESENT:
        return values
    values["group_eyes_open"] = min(_openness(face, size) for face in sure[: len(near)])
    return values | _look_at_landmarks(picture, sure[0], size)


def _look_at_landmarks(picture: Picture, face: Landmarks, size: Floats) -> dict[str, float]:
    points = face.points[:, :2] * size
    height = max(float(np.linalg.norm(points[FOREHEAD] - points[CHIN])), 1e-6)
    values = {
        name: float(np.linalg.norm(points[one] - points[other])) / height
        for name, (one, other) in zip(SHAPE, _DISTANCES, strict=True)
    }
    values |= dict(zip(LOOK, _look(picture, points), strict=True))
    values["eyes_open"] = _openness(face, size)
    left, right = (_eye(picture, points[list(eye)]) for eye in EYES)
    values["eyes_sharpness"] = (_quality(left)[0] + _quality(right)[0]) / 2.0
    # Of planes without contrast the correlation is not known.
    with np.errstate(invalid="ignore", divide="ignore"):
        alike = np.corrcoef(left.ravel(), right[:, ::-1].ravel())[0, 1]
    values["eyes_unlike"] = 1.0 - float(alike)
    return values


def _look_at_hands(picture: Picture, people: People) -> dict[str, float]:
    """Return the quality of the hand that is least sharp."""
    found = []
    for hand in people.hands:
        flat = hand.points[:, :2]
        low, high = flat.min(axis=0), flat.max(axis=0)
        margin = _HAND_MARGIN * (high - low)
        box = np.clip(np.concatenate([low - margin, high + margin]), 0.0, 1.0)
        found.append(_quality(_region(picture, box)))
    if not found:
        return {}
    return {f"hands_{name}": value for name, value in zip(QUALITY, min(found), strict=True)}


def _look(picture: Picture, points: Floats) -> list[float]:
    """Return the lowest frequencies of a face's luma, upright, its light and contrast taken out."""
    places = np.array([points[list(some)].mean(axis=0) for some in (*EYES, MOUTH)])
    matrix = _similarity(_LOOK_PLACES, places)
    square = warp(picture.pixels, matrix, _LOOK_SIDE, border=cv2.BORDER_REPLICATE)
    luma = cv2.cvtColor(square, cv2.COLOR_RGB2GRAY).astype(np.float32)
    level = (luma - luma.mean()) / max(float(luma.std()), 1.0)
    lowest = np.asarray(cv2.dct(level))[:_LOOK_WAVES, :_LOOK_WAVES].ravel()[1:] / _LOOK_SIDE
    return [float(value) for value in lowest]


def _similarity(source: Floats, target: Floats) -> Floats:
    """Return the turn, scale and shift that bring points nearest to others (least squares)."""
    middle, goal = source.mean(axis=0), target.mean(axis=0)
    (x, y), (u, v) = (source - middle).T, (target - goal).T
    spread = max(float((x**2 + y**2).sum()), 1e-12)
    cosine, sine = float((x * u + y * v).sum()) / spread, float((x * v - y * u).sum()) / spread
    turn = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([turn, goal - turn @ middle])


def _openness(face: Landmarks, size: Floats) -> float:
    """Return height over width of the eye that is less open."""
    points = face.points[:, :2] * size
    found = []
    for (outer, inner), (top, bottom, other_top, other_bottom) in zip(EYES, LIDS, strict=True):
        height = np.linalg.norm(points[top] - points[bottom])
        height += np.linalg.norm(points[other_top] - points[other_bottom])
        width = max(float(np.linalg.norm(points[outer] - points[inner])), 1e-6)
        found.append(float(height / 2.0 / width))
    return min(found)


def _region(picture: Picture, box: Floats) -> Pixels:
    """Return the luma inside a box, of full size or at most 192 pixels."""
    size = np.array([picture.width, picture.height])
    low = np.minimum((box[:2] * size).astype(int), size - 1)
    high = np.maximum(np.ceil(box[2:] * size).astype(int), low + 1)
    cut = np.ascontiguousarray(picture.pixels[low[1] : high[1], low[0] : high[0]])
    return np.asarray(cv2.cvtColor(shrink(cut, _REGION_SIDE), cv2.COLOR_RGB2GRAY), np.uint8)


def _eye(picture: Picture, corners: Floats) -> Pixels:
    """Return the luma around an eye, 32 pixels wide and 16 high."""
    size = np.array([picture.width, picture.height], float)
    middle, width = corners.mean(axis=0), float(np.linalg.norm(corners[0] - corners[1]))
    half = np.array([0.75, 0.375]) * max(width, 2.0)
    box = np.clip(np.concatenate([middle - half, middle + half]) / np.tile(size, 2), 0.0, 1.0)
    eye = cv2.resize(_region(picture, box), _EYE_SIZE, interpolation=cv2.INTER_AREA)
    return np.asarray(eye, np.uint8)


def _quality(luma: Pixels) -> tuple[float, float, float, float]:
    """Return sharpness, exposure, contrast and noise of a region."""
    sharpness, noise = focus_energy(laplacian(luma)), noise_deviation(second_differences(luma))
    return sharpness, float(luma.mean()) / 255.0, float(luma.std()) / 255.0, noise
