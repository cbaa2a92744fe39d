import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.cropping.geometry import contains, from_params
from prefml.cropping.policy import (
    HANDS_NOT_DETECTED,
    Detections,
    Hand,
    Policy,
    apply_policy,
    read_policy,
)
from prefml.cropping.proposal import Option, Proposal
from prefml.exceptions import ConfigError

WHOLE = (0.0, 0.0, 1.0, 1.0)
NONE = Policy(keep_head=False, keep_body=False, avoid_cutting=False, min_pixels=0)
SIZE = (1000.0, 1500.0)


def proposed(box, *alternatives):
    options = tuple(Option(other, 0.5) for other in alternatives)
    return Proposal(tuple(map(float, box)), 0.8, 0.1, options, ())


def ruled(box, detections, policy, size=SIZE):
    return apply_policy(proposed(box), detections, size, policy)


def test_the_head_is_kept_by_moving_the_box():
    detections = Detections(face=(0.4, 0.05, 0.6, 0.2), hands=())
    result = ruled((0.2, 0.3, 0.8, 0.9), detections, Policy(keep_body=False))
    assert contains(result.box, detections.head)
    assert result.box[2] - result.box[0] == pytest.approx(0.6)
    assert result.reasons == ("moved to keep the head",)


def test_hair_and_chin_belong_to_the_head():
    head = Detections(face=(0.4, 0.2, 0.6, 0.4)).head
    assert head[1] < 0.2 - 0.05
    assert head[3] > 0.4 + 0.01


def test_a_third_of_the_body_is_kept_in_a_full_body_picture():
    detections = Detections(face=(0.47, 0.08, 0.53, 0.14), hands=())
    result = ruled((0.45, 0.05, 0.6, 0.2), detections, Policy())
    assert result.box[3] >= detections.upper_body[3] - 1e-9
    assert "enlarged to keep a third of the body" in result.reasons


def test_a_portrait_shows_no_full_body():
    assert Detections(face=(0.3, 0.2, 0.7, 0.6)).upper_body is None


def test_no_edge_goes_through_a_hand():
    hand = (0.75, 0.6, 0.85, 0.7)
    result = ruled((0.2, 0.2, 0.8, 0.8), Detections(hands=[Hand(hand)]), Policy())
    assert contains(result.box, hand)
    assert result.reasons == ("moved so as not to cut through a hand",)


def test_a_hand_outside_is_left_outside():
    result = ruled((0.1, 0.1, 0.5, 0.5), Detections(hands=[Hand((0.7, 0.7, 0.8, 0.8))]), Policy())
    assert result.box == (0.1, 0.1, 0.5, 0.5)
    assert result.reasons == ()


def test_a_flagged_hand_is_left_out_when_the_rule_is_on():
    hand = Hand((0.7, 0.7, 0.78, 0.78), flagged=True)
    policy = Policy(drop_flagged_hands=True)
    result = ruled((0.2, 0.2, 0.8, 0.8), Detections(hands=[hand]), policy)
    overlap = np.minimum(result.box[2:], hand.box[2:]) - np.maximum(result.box[:2], hand.box[:2])
    assert overlap.min() <= 1e-9
    assert result.reasons == ("moved to leave out a hand that looks wrong",)


def test_a_flagged_hand_stays_when_the_head_would_have_to_go():
    detections = Detections(
        face=(0.2, 0.2, 0.8, 0.8), hands=[Hand((0.45, 0.45, 0.5, 0.5), flagged=True)]
    )
    result = ruled((0.1, 0.1, 0.9, 0.9), detections, Policy(drop_flagged_hands=True))
    assert "a hand that looks wrong could not be left out" in result.reasons


def test_small_crops_are_enlarged_to_the_least_pixels():
    result = ruled((0.4, 0.4, 0.5, 0.5), Detections(hands=()), Policy(min_pixels=500))
    assert (result.box[2] - result.box[0]) * 1000 == pytest.approx(500)
    assert result.reasons == ("enlarged to the least size",)


def test_not_having_looked_at_hands_is_said():
    assert HANDS_NOT_DETECTED in ruled((0.1, 0.1, 0.5, 0.5), Detections(), Policy()).reasons
    assert (
        HANDS_NOT_DETECTED
        not in ruled((0.1, 0.1, 0.5, 0.5), Detections(hands=()), Policy()).reasons
    )
    assert HANDS_NOT_DETECTED not in ruled((0.1, 0.1, 0.5, 0.5), Detections(), NONE).reasons


def test_a_picture_to_be_kept_whole_stays_whole():
    detections = Detections(
        face=(0.4, 0.1, 0.6, 0.3), hands=[Hand((0.7, 0.7, 0.8, 0.8), flagged=True)]
    )
    assert ruled(WHOLE, detections, Policy(drop_flagged_hands=True)).box == WHOLE


def test_alternatives_that_the_rules_make_alike_are_dropped():
    detections = Detections(face=(0.05, 0.05, 0.95, 0.95), hands=())
    proposal = proposed((0.1, 0.1, 0.6, 0.6), (0.4, 0.4, 0.9, 0.9))
    assert apply_policy(proposal, detections, SIZE, Policy()).alternatives == ()


@pytest.mark.parametrize("rule", ["keep_head", "keep_body", "avoid_cutting", "min_pixels"])
def test_each_rule_can_be_switched_off(rule):
    box = (0.3, 0.12, 0.55, 0.37)
    detections = Detections(face=(0.47, 0.09, 0.53, 0.15), hands=[Hand((0.5, 0.3, 0.6, 0.35))])
    only = {"keep_head": False, "keep_body": False, "avoid_cutting": False, "min_pixels": 0}
    on = Policy(**only | {rule: 900 if rule == "min_pixels" else True})
    assert ruled(box, detections, on).box != box
    assert ruled(box, detections, Policy(**only)).box == box


unit = st.floats(0.0, 1.0)


@st.composite
def parts(draw):
    x, y = sorted([draw(unit), draw(unit)]), sorted([draw(unit), draw(unit)])
    return (x[0], y[0], max(x[1], min(x[0] + 0.02, 1.0)), max(y[1], min(y[0] + 0.02, 1.0)))


@given(st.tuples(st.floats(0.1, 0.95), unit, unit), parts(), st.lists(parts(), max_size=3))
def test_ruled_boxes_lie_inside_with_the_pictures_aspect(params, face, hands):
    box = from_params(np.array([params]))[0]
    detections = Detections(
        face if face[0] < face[2] and face[1] < face[3] else None, [Hand(h) for h in hands]
    )
    result = np.array(ruled(box, detections, Policy(min_pixels=200)).box)
    assert (result >= 0).all()
    assert (result <= 1).all()
    assert result[2] - result[0] == pytest.approx(result[3] - result[1], abs=1e-9)
    assert (result[2] - result[0]) * 1000 >= 200 - 1e-6
    if detections.head is not None:
        assert contains(result, detections.head, slack=1e-6)


def test_rules_are_read_from_the_configuration():
    policy = read_policy({"keep_head": False, "min_pixels": 800})
    assert policy == Policy(keep_head=False, min_pixels=800)
    assert read_policy({}) == Policy()


@pytest.mark.parametrize(
    "entries", [{"keep_hat": True}, {"keep_head": 1}, {"min_pixels": -5}, {"min_pixels": True}]
)
def test_a_rule_that_cannot_be_understood_is_named(entries):
    with pytest.raises(ConfigError, match=next(iter(entries))):
        read_policy(entries)


def test_a_face_is_read_from_the_columns_when_it_is_sure():
    row = dict(
        zip([f"cue__face_{c}" for c in ("x1", "y1", "x2", "y2")], (0.1, 0.2, 0.3, 0.4), strict=True)
    )
    assert Detections.from_columns(row | {"cue__face_confidence": 0.9}).face == (0.1, 0.2, 0.3, 0.4)
    assert Detections.from_columns(row | {"cue__face_confidence": 0.2}).face is None
    assert Detections.from_columns(row | {"cue__face_confidence": np.nan}).face is None
    assert Detections.from_columns({}).face is None


def test_a_hand_that_looks_wrong_and_lies_outside_changes_nothing():
    hands = [Hand((0.9, 0.9, 0.98, 0.98), flagged=True), Hand((0.3, 0.3, 0.4, 0.4))]
    result = ruled((0.2, 0.2, 0.8, 0.8), Detections(hands=hands), Policy(drop_flagged_hands=True))
    assert result.box == (0.2, 0.2, 0.8, 0.8)
    assert result.reasons == ()


def test_a_chain_of_hands_each_cut_by_making_room_for_the_last_is_not_followed_for_ever():
    chain = [(0.1 + 0.15 * i, 0.45, 0.26 + 0.15 * i, 0.5) for i in range(6)]
    hands = [Hand(box) for box in chain]
    result = ruled((0.0, 0.4, 0.2, 0.6), Detections(hands=hands), Policy())
    assert all(contains(result.box, box) for box in chain[:3])
    assert not contains(result.box, chain[-1])
    assert result.reasons == ("moved so as not to cut through a hand",)
