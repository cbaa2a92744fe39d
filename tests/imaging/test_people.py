import gc
import weakref
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest

from prefml.imaging import people
from prefml.imaging.landmarks import Landmarks
from prefml.imaging.people import detect_people
from prefml.imaging.picture import Picture

PORTRAIT = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"


@pytest.fixture(scope="module")
def portrait():
    return Picture(np.ascontiguousarray(cv2.imread(str(PORTRAIT))[..., ::-1]))


def blank(width=96, height=64):
    return Picture(np.full((height, width, 3), 90, np.uint8))


@pytest.mark.parametrize("size", [(1, 1), (512, 1), (1, 512), (300, 200)])
def test_nobody_is_found_where_nothing_is(size):
    found = detect_people(blank(*size))
    assert not found.found
    assert not len(found.faces.boxes)
    assert found.face_points == found.bodies == found.hands == []


def test_a_portrait_has_a_face_a_body_and_a_mask(portrait):
    found = detect_people(portrait)
    assert len(found.faces.boxes) == len(found.face_points) == len(found.bodies) == 1
    assert 0.2 < found.mask.mean() < 0.8
    x1, y1, x2, y2 = found.faces.boxes[0]
    nose = found.bodies[0].points[0]
    assert x1 < nose[0] < x2
    assert y1 < nose[1] < y2


def test_a_small_face_is_found_beside_nothing(portrait):
    small = cv2.resize(portrait.pixels, None, fx=0.45, fy=0.45, interpolation=cv2.INTER_AREA)
    wide = np.full((600, 900, 3), 120, np.uint8)
    wide[200 : 200 + len(small), 500 : 500 + small.shape[1]] = small
    face = detect_people(Picture(wide)).faces.boxes[0]
    assert (face[3] - face[1]) * 600 / 900 < 1 / 7
    assert 500 / 900 < face[0] < face[2] < (500 + small.shape[1]) / 900


def test_a_picture_is_looked_at_once(portrait, monkeypatch):
    detect_people(portrait)
    monkeypatch.setattr(people, "_detect", lambda picture: pytest.fail("looked again"))
    detect_people(portrait)


def test_what_was_found_does_not_keep_a_picture_in_memory():
    shown = blank()
    detect_people(shown)
    there = weakref.ref(shown)
    del shown
    gc.collect()
    assert there() is None


def test_a_wrist_that_is_seen_gives_a_square_with_its_fingers_upwards():
    points = np.zeros((33, 3))
    points[15, :2], points[17, :2], points[19, :2] = (0.5, 0.5), (0.6, 0.49), (0.6, 0.51)
    visibility = np.zeros(33)
    visibility[15] = 1.0
    body = Landmarks(points, 1.0, visibility, np.zeros((33, 3)))
    (region,) = people._wrist_regions(body, np.array([200.0, 100.0]))
    assert region.centre[0] > 100
    np.testing.assert_allclose(region.angle, np.pi / 2)
