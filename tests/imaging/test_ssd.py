from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
import sklearn.datasets
from hypothesis import given
from hypothesis import strategies as st

from prefml.imaging import ssd
from prefml.imaging.picture import Picture

PORTRAIT = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
WITHOUT_PEOPLE = Path(sklearn.datasets.__file__).parent / "images"
DETECTORS = {
    "short": ssd.FACE_SHORT_RANGE,
    "full": ssd.FACE_FULL_RANGE,
    "body": ssd.BODY,
    "palm": ssd.PALM,
}


def read(path):
    return np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])


@pytest.fixture(scope="module")
def portrait():
    return read(PORTRAIT)


def in_a_scene(portrait, height, left, top):
    """Return a wide scene without people with a portrait of some height in it, and its place."""
    scene = cv2.resize(read(WITHOUT_PEOPLE / "china.jpg"), (1280, 854))
    width = round(portrait.shape[1] * height / portrait.shape[0])
    small = cv2.resize(portrait, (width, height), interpolation=cv2.INTER_AREA)
    scene[top : top + height, left : left + width] = small
    place = np.array([left, top, left + width, top + height]) / [1280, 854, 1280, 854]
    return Picture(scene), place


def within(box, place):
    """Convert fractions of a part of a picture to fractions of the picture."""
    low, high = np.array(place[:2]), np.array(place[2:])
    return (low + np.reshape(box, (-1, 2)) * (high - low)).ravel()


# What `mediapipe.solutions.face_detection` 0.10.21 returns for the same file.
@pytest.mark.parametrize(
    ("range_", "box", "score"),
    [
        ("short", [0.335, 0.245, 0.715, 0.569], 0.935),
        ("full", [0.324, 0.214, 0.715, 0.548], 0.874),
    ],
)
def test_a_face_is_where_mediapipe_finds_it(portrait, range_, box, score):
    found = ssd.detect(Picture(portrait), DETECTORS[range_])
    assert found.confidence == pytest.approx([score], abs=0.002)
    np.testing.assert_allclose(found.boxes[0], box, atol=0.002)


def test_keypoints_of_a_face_are_in_it_in_their_order(portrait):
    found = ssd.detect(Picture(portrait), ssd.FACE_FULL_RANGE)
    right_eye, left_eye, nose, mouth, right_ear, left_ear = found.keypoints[0]
    assert right_ear[0] < right_eye[0] < nose[0] < left_eye[0] < left_ear[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < mouth[1]
    x1, y1, x2, y2 = found.boxes[0]
    assert x1 < min(right_eye[0], mouth[0])
    assert y1 < right_eye[1] < mouth[1] < y2
    assert left_eye[0] < x2


def test_a_small_face_is_found_at_full_range_only(portrait):
    picture, place = in_a_scene(portrait, 300, 700, 200)
    assert not len(ssd.detect(picture, ssd.FACE_SHORT_RANGE).boxes)
    found = ssd.detect(picture, ssd.FACE_FULL_RANGE)
    (alone,) = ssd.detect(Picture(portrait), ssd.FACE_FULL_RANGE).boxes
    np.testing.assert_allclose(found.boxes, [within(alone, place)], atol=0.02)


def test_the_shoulders_of_a_body_lie_below_its_face(portrait):
    found = ssd.detect(Picture(portrait), ssd.BODY)
    assert len(found.boxes) == 1
    hips, _, shoulders, _ = found.keypoints[0]
    # MediaPipe's pose has the shoulders at (0.54, 0.71) and the hips at (0.53, 1.46).
    np.testing.assert_allclose(shoulders, [0.54, 0.71], atol=0.05)
    np.testing.assert_allclose(hips, [0.53, 1.46], atol=0.1)


@pytest.mark.parametrize("kind", ["full", "body"])
def test_a_mirrored_picture_has_the_mirrored_box(portrait, kind):
    found = ssd.detect(Picture(portrait), DETECTORS[kind]).boxes[0]
    mirrored = Picture(np.ascontiguousarray(portrait[:, ::-1]))
    x1, y1, x2, y2 = ssd.detect(mirrored, DETECTORS[kind]).boxes[0]
    np.testing.assert_allclose([1 - x2, y1, 1 - x1, y2], found, atol=0.05)


@pytest.mark.parametrize("name", ["china.jpg", "flower.jpg"])
def test_nobody_is_found_where_nobody_is(name):
    picture = Picture(read(WITHOUT_PEOPLE / name))
    for detector in (ssd.FACE_FULL_RANGE, ssd.BODY):
        assert not len(ssd.detect(picture, detector).boxes)


@pytest.mark.parametrize("kind", DETECTORS)
@pytest.mark.parametrize("size", [(1, 1), (512, 1), (1, 512), (300, 200), (2, 40_000)])
def test_an_even_picture_of_any_shape_has_nothing(kind, size):
    found = ssd.detect(Picture(np.full((*size, 3), 90, np.uint8)), DETECTORS[kind])
    assert found.boxes.shape == (0, 4)
    assert len(found.keypoints) == len(found.confidence) == 0
    assert found.keypoints.shape[2] == 2


def test_a_picture_smaller_than_the_network_is_enlarged(portrait):
    small = cv2.resize(portrait, (64, 75), interpolation=cv2.INTER_AREA)
    found = ssd.detect(Picture(small), ssd.FACE_FULL_RANGE)
    alone = ssd.detect(Picture(portrait), ssd.FACE_FULL_RANGE)
    np.testing.assert_allclose(found.boxes, alone.boxes, atol=0.05)


@st.composite
def detections(draw, most=8):
    count = draw(st.integers(0, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    low = rng.uniform(0, 0.8, (count, 2))
    boxes = np.hstack([low, low + rng.uniform(0, 0.4, (count, 2))])
    return ssd.Detections(boxes, rng.uniform(0, 1, (count, 6, 2)), rng.uniform(0.5, 1, count))


def rows(found):
    return np.column_stack([found.boxes, found.keypoints.reshape(len(found.boxes), 12)])


@given(detections(), st.randoms(use_true_random=False))
def test_averages_do_not_hang_on_the_order(found, random):
    order = list(range(len(found.boxes)))
    random.shuffle(order)
    one = ssd.average_overlapping(found)
    other = ssd.average_overlapping(found.take(np.array(order, np.intp)))
    np.testing.assert_allclose(rows(one), rows(other))
    assert one.confidence.tolist() == other.confidence.tolist()
    assert one.confidence.tolist() == sorted(one.confidence, reverse=True)


@given(detections())
def test_doubled_detections_are_those_of_one(found):
    doubled = found.take(np.repeat(np.arange(len(found.boxes)), 2))
    one, two = ssd.average_overlapping(found), ssd.average_overlapping(doubled)
    np.testing.assert_allclose(rows(one), rows(two))


def test_detections_that_overlap_are_averaged_by_score():
    boxes = np.array([[0.0, 0.0, 0.4, 0.4], [0.1, 0.0, 0.5, 0.4], [0.6, 0.6, 0.9, 0.9]])
    points = np.array([[[0.2, 0.2]], [[0.3, 0.2]], [[0.7, 0.7]]])
    found = ssd.average_overlapping(ssd.Detections(boxes, points, np.array([0.9, 0.6, 0.7])))
    assert found.confidence.tolist() == [0.9, 0.7]
    np.testing.assert_allclose(found.boxes, [[0.04, 0, 0.44, 0.4], boxes[2]])
    np.testing.assert_allclose(found.keypoints[:, 0], [[0.24, 0.2], [0.7, 0.7]])


@given(detections(), detections())
def test_what_one_detector_found_is_kept_and_what_it_missed_is_added(found, others):
    both = ssd.add_missed(found, others)
    kept = {tuple(row) for row in rows(found)}
    assert kept <= {tuple(row) for row in rows(both)}
    assert {tuple(row) for row in rows(both)} <= kept | {tuple(row) for row in rows(others)}
    assert both.confidence.tolist() == sorted(both.confidence, reverse=True)


def test_a_face_that_both_ranges_see_is_one(portrait):
    pair = [ssd.detect(Picture(portrait), DETECTORS[name]) for name in ("full", "short")]
    assert [len(one.boxes) for one in pair] == [1, 1]
    both = ssd.add_missed(*pair)
    np.testing.assert_array_equal(both.boxes, pair[0].boxes)


@pytest.mark.parametrize("kind", DETECTORS)
def test_there_is_an_anchor_for_each_box_of_the_network(kind):
    detector = DETECTORS[kind]
    side = detector.network.side
    found = detector.network.run(np.zeros((side, side, 3), np.uint8))
    anchors = sum(rows * rows * count for rows, count in detector.grids)
    assert found["regressors"].shape[1] == anchors == found["classificators"].shape[1]
