"""Measure the people of a picture: where they are, and the quality of what one looks at."""

from __future__ import annotations

import cv2
import numpy as np

from prefml._typing import Floats32
from prefml.imaging import faces, people_looks
from prefml.imaging.anatomy import POINTS, Person, main_person
from prefml.imaging.anomalies import ANOMALIES, measure_anomalies
from prefml.imaging.hands import DetectedHand, detect_hands
from prefml.imaging.joints import CHIN, EYES, MOUTH, NOSE_TIP
from prefml.imaging.maps import GRID, grid_names
from prefml.imaging.people import People, detect_people
from prefml.imaging.people_looks import measure_looks
from prefml.imaging.picture import Picture

__all__ = ["LIST_NAMES", "NAMES", "measure", "measure_lists", "prepare"]

VERSION = faces.VERSION + 1
_CORNERS = ("x1", "y1", "x2", "y2")
# Named unlike the boxes of what a crop goes by.
_EDGES = ("left", "top", "right", "bottom")
# Of a face: corners of the eyes and of the mouth, tip of the nose, chin.
_FACE_POINTS = [*EYES[0], *EYES[1][::-1], *MOUTH, NOSE_TIP, CHIN]
_LIST_GRID = 16

NAMES = (
    *faces.NAMES,
    *people_looks.NAMES,
    "body_count", "body_visibility", "hand_count", "left_hand_anomaly", "right_hand_anomaly",
    "person_share",
    *(f"{name}_{corner}" for name in ("faces", "head", "body", "left_hand", "right_hand")
      for corner in _CORNERS),
    *(f"point_{name}_{axis}" for name in POINTS for axis in ("x", "y")),
    *grid_names("person"),
    *(f"{name}_anomaly" for name in ANOMALIES),
    *(f"{name}_anomaly_{edge}" for name in ANOMALIES for edge in _EDGES),
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
        The cues of `faces.face_cues`. Of the largest face: `face_sharpness` and `face_noise` as
        `detail` measures them, `face_exposure` and `face_contrast`, mean and standard deviation of
        its luma, `face_shape_N`, distances over its height, and `face_look_NN`, the lowest
        frequencies of its luma once it is upright; `eyes_sharpness`; `eyes_open`, height over
        width of the eye that is less open; `eyes_unlike`, 1 minus the correlation of one eye with
        the mirrored other. The least sharpness and openness of the prominent faces, `group_*`, and
        the quality of the hand that is least sharp, `hands_*`. Numbers of bodies and hands,
        `body_visibility` of limbs, `person_share` of the picture. Boxes of all `faces`, of the
        main person's `head` and `body`, and of the hands that lie furthest left and right, with
        their anomaly; the main person's `point_NAME`; the `person_grid` of where people are; and
        the worst anomaly of each kind, `KIND_anomaly`, with its box, see
        `prefml.imaging.anomalies`.
        NaN where nobody was found.
    """
    people = detect_people(picture)
    values = dict.fromkeys(NAMES, float("nan")) | faces.face_cues(people.faces)
    values |= {"body_count": float(len(people.bodies)), "hand_count": float(len(people.hands))}
    values["person_share"] = 0.0
    if people.mask is None:
        return values
    values |= measure_looks(picture, people) | _places(picture, people)
    values |= _anomalies(picture, people, values["eyes_unlike"])
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
    hands = detect_hands(picture)
    rows = {
        "face_list": np.column_stack([found.boxes, found.confidence]),
        "face_points": [face.points[_FACE_POINTS, :2] for face in people.face_points],
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
    person = main_person(people, picture.width / picture.height)
    hands = _outer_hands(detect_hands(picture), person)
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


def _anomalies(picture: Picture, people: People, eyes_unlike: float) -> dict[str, float]:
    """Return the worst anomaly of each kind, and where it is."""
    values = {}
    aspect = picture.width / picture.height
    for name, anomaly in measure_anomalies(people, aspect, eyes_unlike).items():
        values[f"{name}_anomaly"] = anomaly.score
        edges = zip(_EDGES, anomaly.box, strict=True)
        values |= {f"{name}_anomaly_{edge}": float(place) for edge, place in edges}
    return values


def _outer_hands(found: list[DetectedHand], person: Person) -> dict[str, DetectedHand]:
    """Return the hands that lie furthest left and right; a single one by its side of the head."""
    hands = sorted(found, key=lambda hand: hand.box.x1 + hand.box.x2)
    if len(hands) == 1:
        lies_left = hands[0].box.x1 + hands[0].box.x2 < person.head[0] + person.head[2]
        return {"left" if lies_left else "right": hands[0]}
    return {"left": hands[0], "right": hands[-1]} if hands else {}
