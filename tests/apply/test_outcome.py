import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.apply import preview
from prefml.apply.outcome import CROP, SELECTED, STAGING, Outcome, outcome_of
from prefml.boxes import Box

from .reports import reasons

IMAGES = ["new/p/a.png", "new/p/b.png"]
BOX = (0.2, 0.2, 0.7, 0.7)
SUGGESTION = {
    "step1_selection": {"chosen": IMAGES[1]},
    "step2_crop": {"needs_crop": True, "crop_coords": list(BOX)},
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def outcome(action="approved", suggestion=SUGGESTION, images=IMAGES, **decision):
    return outcome_of({"action": action, **decision}, suggestion, images)


@given(
    decision=st.dictionaries(
        st.sampled_from(["action", "final_choice", "crop_coords", "crop_by_hand"]), json_values
    ),
    suggestion=st.dictionaries(st.sampled_from(["step1_selection", "step2_crop"]), json_values),
)
def test_any_line_is_carried_out_or_left_out_with_a_reason(decision, suggestion):
    found = outcome_of({"action": "approved", **decision}, suggestion, IMAGES)
    assert isinstance(found, str | Outcome)
    if isinstance(found, Outcome):
        assert found.index in (None, 0, 1)
        assert found.box is None or 0 <= found.box.x1 < found.box.x2 <= 1


def test_a_silent_approval_is_of_what_was_suggested():
    assert outcome() == Outcome(1, Box(*BOX))


def test_the_suggested_crop_does_not_go_along_to_another_picture():
    assert outcome("overridden", final_choice=0) == Outcome(0, None)


def test_a_single_picture_needs_no_choice():
    assert outcome(images=IMAGES[:1], crop_coords=None) == Outcome(0, None)


@pytest.mark.parametrize("row", [{"action": "manual_crop"}, {"crop_by_hand": True}])
def test_a_crop_by_hand_is_asked_for_in_two_ways(row):
    assert outcome(final_choice="a.png", **row) == Outcome(0, manual=True)


@pytest.mark.parametrize("action", ["skipped", "pending"])
def test_what_is_undecided_keeps_nothing(action):
    assert outcome(action) == Outcome(undecided=True)


@pytest.mark.parametrize("action", ["rejected", "reject"])
def test_a_rejection_stages_every_picture(action):
    found = outcome(action)
    assert [found.destination(i) for i in range(2)] == [(STAGING, "loser")] * 2


def test_the_kept_picture_goes_where_it_was_asked_for():
    assert outcome().destination(1) == (SELECTED, "winner")
    assert outcome().destination(0) == (STAGING, "loser")
    assert outcome(crop_by_hand=True).destination(1) == (CROP, "manual crop")


def test_an_approval_silent_on_the_crop_takes_the_suggested_one(tree):
    image = tree.picture("new/alpha/a.png")
    box = [0.2, 0.2, 0.7, 0.7]
    tree.set("g", [image], step2_crop={"needs_crop": True, "crop_coords": box})
    tree.decide("g", "approved")
    assert [s.box for s in preview(tree.write()).plan.steps if s.kind == "crop"] == [tuple(box)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"action": "perhaps"}, "action 'perhaps'"),
        ({"final_choice": "z.png"}, "final_choice 'z.png'"),
        ({"final_choice": 7}, "final_choice 7"),
        ({"crop_coords": [0.5, 0, 0.2, 1]}, "is empty"),
        ({"crop_coords": [0, 0, 1e300, 1]}, "does not lie in the image"),
        ({"crop_coords": {"x": 1}}, "not four numbers"),
        ({"crop_coords": [0, 0, 1]}, "not four numbers"),
        ({"crop_coords": "all"}, "not four numbers"),
    ],
)
def test_a_decision_that_makes_no_sense_is_left_out_with_its_reason(tree, row, reason):
    images = [tree.picture(f"new/alpha/{name}.png") for name in "ab"]
    tree.set("g", images)
    tree.decide("g", "approved", images[0])
    tree.decisions[0] |= row
    assert reason in reasons(preview(tree.write()))["g"]
