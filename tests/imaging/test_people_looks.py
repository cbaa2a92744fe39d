from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefml.imaging import detail, people_looks
from prefml.imaging.faces import Faces
from prefml.imaging.landmarks import Landmarks
from prefml.imaging.people import People, detect_people
from prefml.imaging.people_looks import LOOK, SHAPE, measure_looks
from prefml.imaging.picture import Picture

PORTRAIT = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"


@pytest.fixture(scope="module")
def pixels():
    return np.ascontiguousarray(cv2.imread(str(PORTRAIT))[..., ::-1])


@pytest.fixture(scope="module")
def people(pixels):
    return detect_people(Picture(pixels))


@pytest.fixture(scope="module")
def looks(pixels, people):
    return measure_looks(Picture(pixels), people)


def a_hand_at(x, y, side=0.2):
    points = np.zeros((21, 3))
    points[:, 0] = x + np.linspace(0, side, 21)
    points[:, 1] = y + np.linspace(0, side, 21)
    return Landmarks(points, 0.9, np.ones(21), points, 0.5)


def with_hands(*hands):
    nobody = Faces(np.zeros((0, 4)), np.zeros(0))
    return People(nobody, [], [], list(hands), np.ones((256, 256), np.float32))


def test_a_face_has_all_of_its_cues_and_no_hand_none(looks):
    rest = {name for name in people_looks.NAMES if not name.startswith("hands_")}
    assert set(looks) == rest
    assert np.isfinite(list(looks.values())).all()


def test_who_has_no_face_and_no_hand_has_no_looks():
    assert measure_looks(Picture(np.full((64, 64, 3), 9, np.uint8)), with_hands()) == {}


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), st.floats(0.0, 25.0))
def test_sharpness_and_noise_of_a_part_are_those_of_the_whole_picture(seed, noise):
    rng = np.random.default_rng(seed)
    level = np.clip(120 + noise * rng.standard_normal((150, 150)), 0, 255).astype(np.uint8)
    picture = Picture(np.repeat(level[..., None], 3, axis=2))
    found = measure_looks(picture, with_hands(a_hand_at(0.0, 0.0, 1.0)))
    assert found["hands_sharpness"] == pytest.approx(detail.measure(picture)["sharpness"], abs=0.01)
    assert found["hands_noise"] == pytest.approx(detail.measure(picture)["noise"], rel=0.15)


def test_of_two_hands_the_blurred_one_counts():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (200, 400, 3), dtype=np.uint8)
    pixels[:, 200:] = cv2.GaussianBlur(pixels, (0, 0), 3)[:, 200:]
    sharp, soft = a_hand_at(0.1, 0.3), a_hand_at(0.7, 0.3)
    both = measure_looks(Picture(pixels), with_hands(sharp, soft))
    assert both == measure_looks(Picture(pixels), with_hands(soft, sharp))
    assert both == measure_looks(Picture(pixels), with_hands(soft))


def drift(looks, other, names):
    return float(np.linalg.norm([looks[name] - other[name] for name in names]))


def test_a_face_looks_the_same_in_other_light_and_size_and_unlike_another(pixels, looks):
    height, width = pixels.shape[:2]
    darker = np.asarray(pixels * 0.7, np.uint8)
    smaller = cv2.resize(pixels, (width * 2 // 3, height * 2 // 3), interpolation=cv2.INTER_AREA)
    squeezed = cv2.resize(pixels, (width, height * 3 // 4), interpolation=cv2.INTER_AREA)
    near = [measure_looks(Picture(one), detect_people(Picture(one))) for one in (darker, smaller)]
    other = measure_looks(Picture(squeezed), detect_people(Picture(squeezed)))
    for names in (LOOK, SHAPE):
        assert max(drift(looks, one, names) for one in near) < drift(looks, other, names)


def test_a_face_painted_over_looks_unlike_what_it_was(pixels, people, looks):
    changed = pixels.copy()
    x1, y1, x2, y2 = people.faces.boxes[0] * np.tile([pixels.shape[1], pixels.shape[0]], 2)
    half = slice(int((y1 + y2) / 2), int(y2)), slice(int(x1), int(x2))
    changed[half] = cv2.GaussianBlur(pixels, (0, 0), 20)[half]
    other = measure_looks(Picture(changed), people)
    assert drift(looks, other, LOOK) > 0.1
