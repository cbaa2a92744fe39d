from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest

from prefml.imaging import people_cues
from prefml.imaging.picture import Picture

PORTRAIT = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"


@pytest.fixture(scope="module")
def pixels():
    return np.ascontiguousarray(cv2.imread(str(PORTRAIT))[..., ::-1])


@pytest.fixture(scope="module")
def cues(pixels):
    return people_cues.measure(Picture(pixels))


def blank(width=96, height=64):
    return Picture(np.full((height, width, 3), 90, np.uint8))


def test_where_nobody_is_counts_are_zero_and_places_unknown():
    cues = people_cues.measure(blank())
    counts = ("face_count", "body_count", "hand_count", "person_share", "face_share")
    assert [cues[name] for name in counts] == [0.0] * 5
    rest = [cues[name] for name in cues if name not in (*counts, "face_confidence")]
    assert np.isnan(rest).all()
    assert not any(people_cues.measure_lists(blank()).values())


def test_head_eyes_mouth_and_chin_lie_below_each_other(cues):
    heights = [cues[f"point_{name}_y"] for name in ("eyes", "mouth", "chin", "shoulders", "hips")]
    assert heights == sorted(heights)
    assert cues["head_y1"] < cues["point_eyes_y"] < cues["head_y2"]


def test_the_lists_hold_rows_of_everything_found(pixels):
    lists = people_cues.measure_lists(Picture(pixels))
    assert tuple(lists) == people_cues.LIST_NAMES
    assert len(lists["face_list"]) == 5
    assert len(lists["face_points"]) == 2 * 8
    assert len(lists["body_points"]) == 3 * 33
    assert len(lists["person_map"]) == 16 * 16


def test_a_blurred_face_is_less_sharp_and_what_is_beside_it_does_not_matter(pixels, cues):
    x1, y1, x2, y2 = (cues[f"face_{corner}"] for corner in ("x1", "y1", "x2", "y2"))
    height, width = pixels.shape[:2]
    face = (slice(int(y1 * height), int(y2 * height)), slice(int(x1 * width), int(x2 * width)))
    blurred = cv2.GaussianBlur(pixels, (0, 0), 3)
    only = pixels.copy()
    only[face] = blurred[face]
    beside = blurred.copy()
    beside[face] = pixels[face]
    inside, outside = (people_cues.measure(Picture(one)) for one in (only, beside))
    for name in ("face_sharpness", "eyes_sharpness"):
        assert inside[name] < cues[name] - 0.3
        assert abs(outside[name] - cues[name]) < 0.15


def test_one_eye_painted_over_is_unlike_the_other(pixels, cues):
    changed = pixels.copy()
    height, width = pixels.shape[:2]
    # The corner of the eye on the left, as the original places it.
    x, y = int(0.43 * width), int(0.322 * height)
    changed[y - 12 : y + 12, x - 25 : x + 25] = pixels[y + 40 : y + 64, x - 25 : x + 25]
    assert people_cues.measure(Picture(changed))["eyes_unlike"] > cues["eyes_unlike"] + 0.1


def test_mirroring_keeps_what_a_face_looks_like(pixels, cues):
    mirrored = people_cues.measure(Picture(np.ascontiguousarray(pixels[:, ::-1])))
    for name in ("face_sharpness", "face_exposure", "eyes_open", "face_shape_0"):
        assert mirrored[name] == pytest.approx(cues[name], abs=0.1)
    assert mirrored["point_eyes_x"] == pytest.approx(1 - cues["point_eyes_x"], abs=0.01)
