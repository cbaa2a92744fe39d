from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.imaging import landmarks, ssd
from prefml.imaging.decode import decode
from prefml.imaging.landmarks import Region
from prefml.imaging.picture import Picture

PORTRAIT = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"

# Wrist and tips of the fingers of a hand, of `mediapipe.solutions.hands` in its lighter form.
HAND = [
    [0.7958, 0.9415, 0.0000],
    [0.7305, 0.9981, 0.0219],
    [0.7547, 1.0207, 0.0371],
    [0.7692, 1.0115, 0.0434],
    [0.7804, 1.0016, 0.0430],
    [0.7892, 0.9904, 0.0422],
]


@pytest.fixture(scope="module")
def portrait():
    return Picture(np.ascontiguousarray(cv2.imread(str(PORTRAIT))[..., ::-1]))


@pytest.fixture(scope="module")
def face(portrait):
    (found,) = landmarks.face_landmarks(portrait, ssd.detect(portrait, ssd.FACE_SHORT_RANGE))
    return found


@pytest.fixture(scope="module")
def body(portrait):
    (found,) = landmarks.body_landmarks(portrait, ssd.detect(portrait, ssd.BODY))
    return found


# What `mediapipe.solutions.face_mesh` 0.10.21 returns for the same file: corners of the eyes, of
# the mouth, the tip of the nose, the chin and the forehead.
@pytest.mark.parametrize(
    ("number", "point"),
    [
        (33, [0.3938, 0.3237, 0.0243]),
        (133, [0.4687, 0.3220, 0.0111]),
        (362, [0.5634, 0.3175, 0.0117]),
        (263, [0.6374, 0.3121, 0.0258]),
        (61, [0.4537, 0.4621, 0.0083]),
        (291, [0.5950, 0.4565, 0.0095]),
        (1, [0.5236, 0.4094, -0.0883]),
        (152, [0.5305, 0.5551, 0.0161]),
        (10, [0.5117, 0.2199, -0.0228]),
    ],
)
def test_a_landmark_of_a_face_is_where_mediapipe_places_it(face, number, point):
    assert face.points.shape == (468, 3)
    assert face.presence > 0.99
    np.testing.assert_allclose(face.points[number], point, atol=1e-3)


# `mediapipe.solutions.pose`: nose, ears, shoulders and, below the picture, hips.
@pytest.mark.parametrize(
    ("number", "point", "visibility"),
    [
        (0, [0.5270, 0.3754], 0.9999),
        (7, [0.6629, 0.3514], 0.9998),
        (8, [0.3809, 0.3618], 0.9998),
        (11, [0.8898, 0.7142], 0.9992),
        (12, [0.1868, 0.7048], 0.9992),
        (23, [0.7605, 1.4625], 0.0072),
        (24, [0.3036, 1.4624], 0.0068),
    ],
)
def test_a_landmark_of_a_body_is_where_mediapipe_places_it(body, number, point, visibility):
    assert body.points.shape == body.metres.shape == (33, 3)
    assert body.presence > 0.99
    np.testing.assert_allclose(body.points[number, :2], point, atol=1e-3)
    assert body.visibility[number] == pytest.approx(visibility, abs=1e-3)


def test_a_body_in_metres_is_as_wide_and_upright_as_a_person(body):
    left, right = body.metres[11], body.metres[12]
    assert 0.2 < np.linalg.norm(left - right) < 0.6
    # The nose is above the shoulders, which are above the hips; down is positive.
    assert body.metres[0, 1] < left[1] < body.metres[23, 1]


@pytest.mark.shared
def test_a_hand_is_where_mediapipe_places_it(shared):
    found = sorted(shared.glob("data/live_challenge/images/live02/402.jpg"))
    if not found:
        pytest.skip("the photograph is not here")
    picture = decode(found[0])
    hands = landmarks.hand_landmarks(picture, ssd.detect(picture, ssd.PALM))
    (hand,) = [one for one in hands if one.presence > 0.5]
    np.testing.assert_allclose(hand.points[[0, 4, 8, 12, 16, 20]], HAND, atol=1e-3)
    assert hand.right == pytest.approx(0.009, abs=2e-3)
    assert 0.05 < np.linalg.norm(hand.metres[12] - hand.metres[0]) < 0.25


def test_a_palm_that_is_none_has_low_presence(portrait):
    chest = ssd.Detections(
        np.array([[0.4, 0.75, 0.6, 0.95]]),
        np.linspace([0.5, 0.95], [0.5, 0.75], 7)[None],
        np.array([0.9]),
    )
    (hand,) = landmarks.hand_landmarks(portrait, chest)
    assert hand.presence < 0.5
    assert hand.points.shape == hand.metres.shape == (21, 3)


@pytest.mark.parametrize("kind", ["face", "body", "hand"])
def test_where_nothing_was_detected_nothing_is_placed(portrait, kind):
    place = getattr(landmarks, f"{kind}_landmarks")
    nothing = ssd.Detections(np.zeros((0, 4)), np.zeros((0, 7, 2)), np.zeros(0))
    assert place(portrait, nothing) == []


def test_landmarks_turn_with_the_picture(portrait, face):
    turned = Picture(np.ascontiguousarray(np.rot90(portrait.pixels)))
    # The same detection in the turned picture: x becomes down, counted from the other side.
    found = ssd.detect(portrait, ssd.FACE_SHORT_RANGE)
    x1, y1, x2, y2 = found.boxes[0]
    points = np.stack([found.keypoints[..., 1], 1 - found.keypoints[..., 0]], axis=-1)
    moved = ssd.Detections(np.array([[y1, 1 - x2, y2, 1 - x1]]), points, found.confidence)
    (other,) = landmarks.face_landmarks(turned, moved)
    expected = np.column_stack([face.points[:, 1], 1 - face.points[:, 0]])
    np.testing.assert_allclose(other.points[:, :2], expected, atol=0.01)


regions = st.builds(
    Region,
    st.tuples(st.floats(-50, 300), st.floats(-50, 300)).map(np.array),
    st.floats(1, 200),
    st.floats(-np.pi, np.pi),
)


@given(regions)
def test_the_middle_of_a_region_is_its_centre_and_its_sides_keep_their_length(region):
    corners = np.array([[0.5, 0.5, 0], [0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0.5]])
    placed = region.place(corners)
    np.testing.assert_allclose(placed[0, :2], region.centre, atol=1e-9)
    sides = np.linalg.norm(np.diff(placed[1:, :2], axis=0), axis=1)
    np.testing.assert_allclose(sides, region.side)
    assert placed[4, 2] == pytest.approx(region.side / 2)


@given(regions)
def test_a_cut_shows_what_lies_where_its_points_are_placed(region):
    across, down = np.meshgrid(np.arange(250.0), np.arange(250.0))
    pixels = np.stack([across, down, np.zeros_like(down)], axis=-1).astype(np.uint8)
    cut = region.cut(pixels, 16).astype(float)
    rows, columns = np.mgrid[:16, :16].reshape(2, -1)
    fractions = np.column_stack([columns / 16, rows / 16, np.zeros(256)])
    expected = np.clip(region.place(fractions)[:, :2], 0, 249)
    np.testing.assert_allclose(cut[rows, columns, :2], expected, atol=1.1)


def test_a_point_moves_to_the_middle_of_the_heat_around_it():
    heat = np.full((2, 64, 64), -20.0)
    heat[0, 21, 30] = heat[0, 21, 32] = 5.0
    heat[1, 21, 30] = -1.0
    points = np.array([[0.5, 0.35, 0.1], [0.5, 0.35, 0.1]])
    refined = landmarks.refine(points, heat)
    np.testing.assert_allclose(refined[0], [31 / 64, 21 / 64, 0.1], atol=1e-6)
    # Where the heat is low, and beyond the region, the first guess stands.
    np.testing.assert_array_equal(refined[1], points[1])
    outside = np.array([[1.2, 0.5, 0.0], [-0.4, 0.5, 0.0]])
    np.testing.assert_array_equal(landmarks.refine(outside, heat), outside)
