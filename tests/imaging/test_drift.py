import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.imaging.drift import SeenPeople, list_drift, measure_drift

# Places of 33 points of a standing body, in fractions of a square picture.
HEAD = [(0.5 + 0.01 * (i - 5), 0.15 + 0.005 * (i % 3)) for i in range(11)]
LIMBS = {
    11: (0.4, 0.3), 12: (0.6, 0.3), 13: (0.33, 0.42), 14: (0.67, 0.42), 15: (0.3, 0.55),
    16: (0.7, 0.55), 23: (0.44, 0.6), 24: (0.56, 0.6), 25: (0.44, 0.75), 26: (0.56, 0.75),
    27: (0.44, 0.92), 28: (0.56, 0.92),
}  # fmt: skip
RIGHT_HAND = 1


def body(**moved):
    places = [*HEAD, *((LIMBS.get(i, (0.5, 0.5))) for i in range(11, 33))]
    for name, place in moved.items():
        places[int(name[1:])] = place
    return np.array([[*place, 1.0] for place in places])


def hand(wrist, size=0.06):
    """Return a hand that hangs from a wrist: five fingers of four points."""
    spread = np.linspace(-0.4, 0.4, 5)
    fingers = [
        (wrist[0] + across * size * (0.5 + 0.5 * at), wrist[1] + size * (0.5 + 0.5 * at))
        for across in spread
        for at in range(1, 5)
    ]
    return np.array([wrist, *fingers])


def person(hands=None, aspect=1.0, **moved):
    both = [hand(LIMBS[15]), hand(LIMBS[16])] if hands is None else hands
    return SeenPeople.from_lists([body(**moved)], both, aspect)


def flagged(before, after):
    return {name for name, drift in measure_drift(before, after).items() if drift.score > 1}


def test_what_did_not_change_scores_nothing():
    scores = [drift.score for _, drift in list_drift(person(), person())]
    assert len(scores) == 4 + 2 * 2
    assert max(scores) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("times", [0.6, 1.6])
def test_a_hand_of_another_size_is_found_where_it_is(times):
    other = person([hand(LIMBS[15]), hand(LIMBS[16], 0.06 * times)])
    found = measure_drift(person(), other)["hand_length"]
    assert found.score > 1
    assert found.box[0] > 0.5


def test_a_hand_beside_its_wrist_is_found():
    x, y = LIMBS[16]
    assert "wrist" in flagged(person(), person([hand(LIMBS[15]), hand((x + 0.08, y))]))


@pytest.mark.parametrize("joint", [13, 16, 25, 28])
def test_a_joint_elsewhere_is_found(joint):
    x, y = LIMBS[joint]
    assert flagged(person(), person(**{f"p{joint}": (x + 0.08, y)})) == {"limb"}


@given(shift=st.tuples(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01)), times=st.floats(0.99, 1.01))
def test_a_picture_that_was_cut_a_little_scores_nothing(shift, times):
    one = person()
    places = np.array([*one.bodies[0, :, :2], *one.hands.reshape(-1, 2)]) * times + shift
    moved = np.column_stack([places[:33], np.ones(33)])
    other = SeenPeople.from_lists(moved, places[33:], 1.0)
    assert max(drift.score for _, drift in list_drift(one, other)) < 1e-6


@given(aspect=st.floats(0.4, 2.5))
def test_scores_do_not_depend_on_the_shape_of_the_picture(aspect):
    """The same scene on a wider canvas has other fractions and the same scores."""

    def on_canvas(seen):
        bodies, hands = seen.bodies.copy(), seen.hands.copy()
        bodies[..., 0] /= aspect
        hands[..., 0] /= aspect
        return SeenPeople(bodies, hands, aspect)

    pair = person(), person([hand(LIMBS[15], 0.09), hand(LIMBS[16])], p14=(0.7, 0.4))
    there = measure_drift(*map(on_canvas, pair))
    for name, drift in measure_drift(*pair).items():
        assert there[name].score == pytest.approx(drift.score)


def test_another_pose_is_not_compared():
    assert list_drift(person(), person(p11=(0.3, 0.42), p23=(0.3, 0.7))) == []


def test_the_same_pose_elsewhere_is_not_compared():
    places = {f"p{i}": (x + 0.15, y) for i, (x, y) in enumerate([*HEAD, *LIMBS.values()][:11])}
    places |= {f"p{i}": (x + 0.15, y) for i, (x, y) in LIMBS.items()}
    assert list_drift(person(), person(**places)) == []


def test_what_is_not_seen_is_not_scored():
    one, other = person(), person(p27=(0.2, 0.9))
    other.bodies[0, 27, 2] = 0.4
    assert flagged(one, other) == set()
    assert sum(name == "limb" for name, _ in list_drift(one, other)) == 3


def test_a_hand_that_only_one_variant_has_is_not_scored():
    assert set(measure_drift(person(), person([]))) == {"limb"}
    far = person([hand((0.9, 0.1))])
    assert set(measure_drift(person([hand(LIMBS[15])]), far)) == {"limb"}


@pytest.mark.parametrize("which", [0, 1])
def test_without_a_body_there_is_nothing_to_compare(which):
    pair = [person(), person()]
    pair[which] = SeenPeople.from_lists([], [hand(LIMBS[15])], 1.0)
    assert measure_drift(*pair) == {}


def test_with_too_few_points_in_common_there_is_nothing_to_compare():
    hidden = person()
    hidden.bodies[0, :20, 2] = 0.0
    assert list_drift(person(), hidden) == []


def test_a_box_stays_in_the_picture():
    low = person([hand((0.3, 0.98), 0.06)])
    box = measure_drift(low, person([hand((0.3, 0.98), 0.1)]))["hand_length"].box
    assert box.min() >= 0
    assert box.max() <= 1
