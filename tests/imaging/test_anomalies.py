import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefml.imaging.anomalies import ANOMALIES, hand_anomalies, measure_anomalies
from prefml.imaging.faces import Faces
from prefml.imaging.landmarks import Landmarks
from prefml.imaging.people import People

ASPECT = 0.8
FACE = 0.12


def body_of(upper=0.2, fore=0.17, visible=1.0):
    """Return a body, arms hanging, in heights of the picture."""
    points = np.zeros((33, 3))
    points[[11, 12]], points[[23, 24]] = [[0.55, 0.3, 0], [0.35, 0.3, 0]], [0.45, 0.62, 0]
    for shoulder, elbow, wrist in ((11, 13, 15), (12, 14, 16)):
        points[elbow] = points[shoulder] + [0, upper, 0]
        points[wrist] = points[elbow] + [0, fore, 0]
    points /= [ASPECT, 1.0, ASPECT]
    return Landmarks(points, 1.0, np.full(33, visible), np.zeros((33, 3)))


def hand_of(body, length=0.11, turned=0.0, presence=0.97, wrist=15):
    """Return a hand that goes on from a wrist, or is turned from the forearm."""
    flat = np.zeros((21, 3))
    for finger, first in enumerate((1, 5, 9, 13, 17)):
        across = (finger - 2) * 0.01
        flat[first : first + 4, 0] = across
        flat[first : first + 4, 1] = np.linspace(0.5, 1.0, 4) * length
    cosine, sine = np.cos(turned), np.sin(turned)
    flat[:, :2] = flat[:, :2] @ np.array([[cosine, sine], [-sine, cosine]])
    points = flat / [ASPECT, 1.0, ASPECT] + body.points[wrist]
    return Landmarks(points, presence, np.ones(21), points, 0.5)


def people_of(body, *hands, face=True):
    box = np.array([[0.5, 0.1, 0.5 + FACE / ASPECT, 0.1 + FACE]]) if face else np.zeros((0, 4))
    faces = Faces(box, np.ones(len(box)))
    bodies = [] if body is None else [body]
    return People(faces, [], bodies, list(hands), np.ones((256, 256), np.float32))


def scores(people):
    return {name: one.score for name, one in measure_anomalies(people, ASPECT).items()}


def test_usual_people_have_no_anomaly():
    body = body_of()
    found = scores(people_of(body, hand_of(body), hand_of(body, wrist=16)))
    assert set(found) == set(ANOMALIES)
    assert max(found.values()) < 0.6


def test_nobody_has_no_anomaly():
    nobody = People(Faces(np.zeros((0, 4)), np.zeros(0)), [], [], [], None)
    assert measure_anomalies(nobody, 1.0) == {}


@pytest.mark.parametrize("wrist", [15, 16])
def test_a_hand_far_too_large_is_anomalous_and_its_box_holds_it(wrist):
    body = body_of()
    large = hand_of(body, 0.22, wrist=wrist)
    found = measure_anomalies(people_of(body, hand_of(body), large), ASPECT)
    assert found["hand_length"].score > 1
    x1, y1, x2, y2 = found["hand_length"].box
    x, y = large.points[:, 0], large.points[:, 1]
    assert x1 <= x.min()
    assert x.max() <= x2
    assert y1 <= y.min()
    assert y.max() <= y2


@given(st.floats(0.05, 0.3), st.floats(1.05, 1.5))
def test_the_larger_the_hand_the_more_anomalous(length, times):
    body = body_of()
    small, large = (
        scores(people_of(body, hand_of(body, one)))["hand_length"]
        for one in (length, length * times)
    )
    assert large > small


@given(st.floats(0.0, 3.0))
def test_how_far_a_hand_is_turned_from_its_arm_counts_and_not_which_way(angle):
    body = body_of()
    one, other = (
        scores(people_of(body, hand_of(body, turned=turn)))["wrist"] for turn in (angle, -angle)
    )
    assert one == pytest.approx(other, abs=1e-6)
    assert (one > 1) == (angle > 1.039)


@pytest.mark.parametrize(("upper", "fore"), [(0.2, 0.3), (0.32, 0.17)])
def test_half_an_arm_far_too_long_is_anomalous(upper, fore):
    assert scores(people_of(body_of(upper, fore)))["limb"] > 1


def test_an_arm_that_is_not_seen_is_not_measured():
    assert "limb" not in scores(people_of(body_of(0.2, 0.4, visible=0.2)))


def test_without_a_face_or_a_body_size_is_not_measured_and_misfit_is():
    alone = hand_of(body_of(), presence=0.55)
    found = hand_anomalies(alone, people_of(None, alone, face=False), ASPECT)
    assert set(found) == {"suspicion"}
    assert found["suspicion"].score > 1


def test_a_hand_belongs_to_no_arm_that_is_far_away():
    body = body_of()
    away = hand_of(body)
    moved = Landmarks(
        away.points + np.array([0.3, 0.0, 0.0]), 0.9, away.visibility, away.metres, 0.5
    )
    assert "wrist" not in hand_anomalies(moved, people_of(body, moved), ASPECT)


def test_unlike_eyes_are_suspicious_where_the_face_is():
    found = measure_anomalies(people_of(body_of()), ASPECT, eyes_unlike=1.5)["suspicion"]
    assert found.score > 1
    np.testing.assert_allclose(found.box, [0.5, 0.1, 0.5 + FACE / ASPECT, 0.1 + FACE])


def test_the_worst_of_several_hands_counts():
    body = body_of()
    sound, odd = hand_of(body), hand_of(body, turned=2.0, wrist=16)
    both = scores(people_of(body, sound, odd))
    assert both == scores(people_of(body, odd, sound))
    assert both["wrist"] == scores(people_of(body, odd))["wrist"]


@settings(max_examples=50)
@given(st.integers(0, 2**16), st.floats(0.3, 3.0))
def test_any_points_give_finite_scores_and_boxes_in_the_picture(seed, aspect):
    rng = np.random.default_rng(seed)
    body = Landmarks(rng.normal(0.5, 1, (33, 3)), 1.0, rng.uniform(size=33), np.zeros((33, 3)))
    hand = Landmarks(rng.normal(0.5, 1, (21, 3)), 0.7, np.ones(21), np.zeros((21, 3)), 0.5)
    flat = Landmarks(np.full((21, 3), 0.4), 0.7, np.ones(21), np.zeros((21, 3)), 0.5)
    for one in measure_anomalies(people_of(body, hand, flat), aspect).values():
        assert np.isfinite(one.score)
        assert ((one.box >= 0) & (one.box <= 1)).all()
