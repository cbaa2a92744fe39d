"""Measure the people of a picture: where they are, and the quality of what one looks at."""

from __future__ import annotations

import cv2
import numpy as np

from prefml._typing import Floats, Floats32, Pixels
from prefml.imaging import faces
from prefml.imaging.anatomy import POINTS, Person, main_person
from prefml.imaging.hands import DetectedHand, describe_hand
from prefml.imaging.landmarks import Landmarks
from prefml.imaging.maps import GRID, grid_names
from prefml.imaging.people import People, detect_people
from prefml.imaging.picture import Picture, shrink

__all__ = ["LIST_NAMES", "NAMES", "measure", "measure_lists", "prepare"]

VERSION = faces.VERSION
_CORNERS = ("x1", "y1", "x2", "y2")
_QUALITY = ("sharpness", "exposure", "contrast", "noise")
# Distances in a face, in lengths from forehead to chin; between MediaPipe's landmarks.
_SHAPE = ((33, 263), (133, 362), (168, 1), (61, 291), (172, 397), (1, 152))
_FOREHEAD, _CHIN = 10, 152
# Corners of each eye and two pairs of points on its lids.
_EYES = ((33, 133, 160, 144, 158, 153), (263, 362, 387, 373, 385, 380))
# Faces of at least this share of the largest one's area are of the group.
_PROMINENT = 0.25
_PRESENT = 0.5
_REGION_SIDE = 192
_EYE_SIZE = (32, 16)
_LIST_GRID = 16

NAMES = (
    *faces.NAMES,
    *(f"face_{name}" for name in _QUALITY),
    *(f"face_shape_{i}" for i in range(len(_SHAPE))),
    "eyes_sharpness", "eyes_open", "eyes_unlike", "group_sharpness", "group_eyes_open",
    "body_count", "body_visibility", "hand_count", "left_hand_anomaly", "right_hand_anomaly",
    "person_share",
    *(f"{name}_{corner}" for name in ("faces", "head", "body", "left_hand", "right_hand")
      for corner in _CORNERS),
    *(f"point_{name}_{axis}" for name in POINTS for axis in ("x", "y")),
    *grid_names("person"),
)  # fmt: skip
LIST_NAMES = ("face_list", "face_points", "body_points", "hand_list", "hand_points", "person_map")


def prepare(picture: Picture) -> None:
    """Find the people of a picture, for the functions that measure them.

    Parameters
    ----------
    picture : Picture
        A decoded picture.
    """
    detect_people(picture)


def measure(picture: Picture) -> dict[str, float]:
    """Measure the people of a picture.

    Parameters
    ----------
    picture : Picture
        A decoded picture.

    Returns
    -------
    dict of str to float
        The cues of `faces.face_cues`. Of the largest face: `face_sharpness`, mean magnitude of the
        Laplacian on a logarithmic scale, `face_exposure` and `face_contrast`, mean and standard
        deviation of its luma, `face_noise`, and `face_shape_N`, distances over its height;
        `eyes_sharpness`; `eyes_open`, height over width of the eye that is less open;
        `eyes_unlike`, 1 minus the correlation of one eye with the mirrored other. The least
        sharpness and openness of the prominent faces, `group_*`. Numbers of bodies and hands,
        `body_visibility` of limbs, `person_share` of the picture. Boxes of all `faces`, of the
        main person's `head` and `body`, and of the hands that lie furthest left and right, with
        their anomaly; the main person's `point_NAME`; and the `person_grid` of where people are.
        NaN where nobody was found.
    """
    people = detect_people(picture)
    values = dict.fromkeys(NAMES, float("nan")) | faces.face_cues(people.faces)
    values |= {"body_count": float(len(people.bodies)), "hand_count": float(len(people.hands))}
    values["person_share"] = 0.0
    if people.mask is None:
        return values
    values |= _looks(picture, people) | _places(picture, people)
    values["person_share"] = float(people.mask.mean())
    grid = _shrunk(people.mask, GRID)
    return values | dict(zip(grid_names("person"), map(float, grid.ravel()), strict=True))


def measure_lists(picture: Picture) -> dict[str, list[float]]:
    """List everything that was found of people, as rows one after the other.

    Parameters
    ----------
    picture : Picture
        A decoded picture.

    Returns
    -------
    dict of str to list of float
        `face_list`: box and confidence of each face; `face_points`: x and y of the corners of the
        eyes, of the mouth, the tip of the nose and the chin of the largest four; `body_points`: x,
        y and visibility of 33 points of each body; `hand_list`: box, confidence and anomaly;
        `hand_points`: x and y of 21 points; `person_map`: the share of person on a grid of 16 by
        16. Empty where nobody was found.
    """
    people = detect_people(picture)
    found = people.faces
    aspect = picture.width / picture.height
    hands = [describe_hand(hand, aspect) for hand in people.hands]
    few = [33, 133, 362, 263, 61, 291, 1, 152]
    rows = {
        "face_list": np.column_stack([found.boxes, found.confidence]),
        "face_points": [face.points[few, :2] for face in people.face_points],
        "body_points": [
            np.column_stack([body.points[:, :2], body.visibility]) for body in people.bodies
        ],
        "hand_list": [[*hand.box, hand.confidence, hand.anomaly] for hand in hands],
        "hand_points": [hand.points[:, :2] for hand in people.hands],
        "person_map": [] if people.mask is None else _shrunk(people.mask, _LIST_GRID),
    }
    return {name: np.ravel(np.asarray(rows[name], float)).tolist() for name in LIST_NAMES}


def _shrunk(mask: Floats32, side: int) -> Floats32:
    return np.asarray(cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def _places(picture: Picture, people: People) -> dict[str, float]:
    """Return the boxes and points of the main person."""
    aspect = picture.width / picture.height
    person = main_person(people, aspect)
    hands = _outer_hands(people, person, aspect)
    boxes = {"head": person.head, "body": person.body}
    boxes |= {f"{side}_hand": np.array(hand.box) for side, hand in hands.items()}
    if len(people.faces.boxes):
        corners = np.clip(people.faces.boxes, 0.0, 1.0)
        boxes["faces"] = np.concatenate([corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)])
    values = {
        f"{name}_{corner}": float(edge)
        for name, box in boxes.items()
        for corner, edge in zip(_CORNERS, box, strict=True)
    }
    for name, point in zip(POINTS, person.points, strict=True):
        values |= {f"point_{name}_x": float(point[0]), f"point_{name}_y": float(point[1])}
    values |= {f"{side}_hand_anomaly": hand.anomaly for side, hand in hands.items()}
    return values | {"body_visibility": person.visibility}


def _outer_hands(people: People, person: Person, aspect: float) -> dict[str, DetectedHand]:
    """Return the hands that lie furthest left and right; a single one by its side of the head."""
    hands = [describe_hand(hand, aspect) for hand in people.hands]
    hands.sort(key=lambda hand: hand.box.x1 + hand.box.x2)
    if len(hands) == 1:
        lies_left = hands[0].box.x1 + hands[0].box.x2 < person.head[0] + person.head[2]
        return {"left" if lies_left else "right": hands[0]}
    return {"left": hands[0], "right": hands[-1]} if hands else {}


def _looks(picture: Picture, people: People) -> dict[str, float]:
    """Return the quality of the largest face and of the worst prominent one."""
    boxes = np.clip(people.faces.boxes, 0.0, 1.0)
    if not len(boxes):
        return {}
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    near = boxes[area >= _PROMINENT * area[0]][: len(people.face_points)]
    quality = [_quality(_region(picture, box)) for box in near]
    values = {f"face_{name}": value for name, value in zip(_QUALITY, quality[0], strict=True)}
    values["group_sharpness"] = min(one[0] for one in quality)
    size = np.array([picture.width, picture.height], float)
    sure = [face for face in people.face_points if face.presence >= _PRESENT]
    if not sure or people.face_points[0].presence < _PRESENT:
        return values
    points = sure[0].points[:, :2] * size
    height = max(float(np.linalg.norm(points[_FOREHEAD] - points[_CHIN])), 1e-6)
    for i, (one, other) in enumerate(_SHAPE):
        values[f"face_shape_{i}"] = float(np.linalg.norm(points[one] - points[other])) / height
    values["eyes_open"] = _openness(sure[0], size)
    values["group_eyes_open"] = min(_openness(face, size) for face in sure[: len(near)])
    left, right = (_eye(picture, points[list(eye)]) for eye in _EYES)
    values["eyes_sharpness"] = (_quality(left)[0] + _quality(right)[0]) / 2.0
    # Of planes without contrast the correlation is not known.
    with np.errstate(invalid="ignore", divide="ignore"):
        alike = np.corrcoef(left.ravel(), right[:, ::-1].ravel())[0, 1]
    values["eyes_unlike"] = 1.0 - float(alike)
    return values


def _openness(face: Landmarks, size: Floats) -> float:
    """Return height over width of the eye that is less open."""
    points = face.points[:, :2] * size
    found = []
    for eye in _EYES:
        outer, inner, *lids = points[list(eye)]
        height = np.linalg.norm(lids[0] - lids[1]) + np.linalg.norm(lids[2] - lids[3])
        found.append(float(height / 2.0 / max(float(np.linalg.norm(outer - inner)), 1e-6)))
    return min(found)


def _region(picture: Picture, box: Floats) -> Pixels:
    """Return the luma inside a box, of full size or at most 192 pixels."""
    size = np.array([picture.width, picture.height])
    low = np.minimum((box[:2] * size).astype(int), size - 1)
    high = np.maximum(np.ceil(box[2:] * size).astype(int), low + 1)
    cut = np.ascontiguousarray(picture.pixels[low[1] : high[1], low[0] : high[0]])
    return np.asarray(cv2.cvtColor(shrink(cut, _REGION_SIDE), cv2.COLOR_RGB2GRAY), np.uint8)


def _eye(picture: Picture, points: Floats) -> Pixels:
    """Return the luma around an eye, 32 pixels wide and 16 high."""
    size = np.array([picture.width, picture.height], float)
    middle, width = points[:2].mean(axis=0), float(np.linalg.norm(points[0] - points[1]))
    half = np.array([0.75, 0.375]) * max(width, 2.0)
    box = np.clip(np.concatenate([middle - half, middle + half]) / np.tile(size, 2), 0.0, 1.0)
    eye = cv2.resize(_region(picture, box), _EYE_SIZE, interpolation=cv2.INTER_AREA)
    return np.asarray(eye, np.uint8)


def _quality(luma: Pixels) -> tuple[float, float, float, float]:
    """Return sharpness, exposure, contrast and noise of a region."""
    levels = luma.astype(np.float32)
    edges = np.abs(cv2.Laplacian(levels, cv2.CV_32F, borderType=cv2.BORDER_REPLICATE))
    second = np.array([1.0, -2.0, 1.0], np.float32)
    noise = np.abs(cv2.sepFilter2D(levels, cv2.CV_32F, second, second)).mean() / 6.0
    exposure, contrast = levels.mean() / 255.0, levels.std() / 255.0
    return float(np.log1p(edges.mean())), float(exposure), float(contrast), float(np.log1p(noise))
