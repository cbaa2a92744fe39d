import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.exceptions import LogError
from prefml.review.groups import parse_group
from prefml.review.outcome import Verdict, bulk_change, decision_change, read_tags
from prefml.review.requests import TAGS, Decide, Shown

from .drawn_workspace import BOX, OTHER_BOX, suggestion

IMAGES = ["images/p/a.png", "images/p/b.png"]
GROUP = parse_group(suggestion("g", IMAGES, 1))


def change(group=GROUP, **asked):
    return decision_change(group, Verdict.from_request(group, Decide(group.group_id, **asked)))


def test_an_approval_takes_what_is_suggested():
    found = change(action="approved")
    assert (found.state, found.final_choice) == ("approved", IMAGES[1])
    assert found.crop_coords == tuple(BOX)
    assert found.crop_source == "suggested"


@pytest.mark.parametrize("action", ["approved", "overridden"])
def test_the_state_follows_from_what_was_kept_not_from_what_it_was_called(action):
    same = change(action=action, final_choice=1, crop_coords=BOX)
    other = change(action=action, final_choice=0, crop_coords=BOX)
    assert (same.state, other.state) == ("approved", "overridden")


@pytest.mark.parametrize(
    ("asked", "source"),
    [
        ({"final_choice": 1, "crop_coords": None}, "whole"),
        ({"final_choice": 1, "crop_coords": [0, 0, 1, 1]}, "whole"),
        ({"final_choice": 1, "crop_coords": OTHER_BOX}, "alternative"),
        ({"final_choice": 1, "crop_coords": [0.2, 0.2, 0.8, 0.8]}, "edited"),
        ({"final_choice": 0, "crop_coords": BOX}, "carried"),
        ({"final_choice": 1, "crop_by_hand": True}, "by_hand"),
    ],
)
def test_where_a_crop_came_from_is_recorded(asked, source):
    found = change(action="overridden", **asked)
    assert found.crop_source == source
    assert found.state == "overridden"


def test_a_frame_that_nobody_judged_is_no_label():
    assert change(action="overridden", final_choice=0).crop_source == "carried"
    row = suggestion("g", IMAGES, 1, step2_crop={"needs_crop": None, "reason": "no crop model yet"})
    group = parse_group(row)
    silent = change(group, action="approved")
    assert (silent.state, silent.crop_source) == ("approved", None)
    kept = change(group, action="approved", crop_coords=None)
    assert (kept.state, kept.crop_source) == ("approved", "whole")


def test_approving_a_picture_that_needs_no_crop_keeps_it_whole():
    row = suggestion("g", IMAGES, 1, step2_crop={"needs_crop": False, "crop_coords": None})
    found = change(parse_group(row), action="approved")
    assert (found.state, found.crop_source) == ("approved", "whole")


def test_a_rejection_keeps_nothing():
    found = change(action="rejected")
    assert (found.final_choice, found.crop_coords, found.crop_source) == (None, None, None)


def test_an_approval_without_a_suggestion_is_refused():
    group = parse_group({"group_id": "g", "images": IMAGES})
    with pytest.raises(LogError, match="final_choice"):
        change(group, action="approved")


@pytest.mark.parametrize("choice", [2, -1, "c.png", "images/p/c.png", True])
def test_an_image_of_another_group_is_refused(choice):
    with pytest.raises(LogError, match="final_choice"):
        change(action="overridden", final_choice=choice)


@pytest.mark.parametrize("box", [[0, 0, 2, 2], [0.5, 0, 0.5, 1], [0.9, 0, 0.1, 1]])
def test_an_impossible_box_is_refused(box):
    with pytest.raises(LogError, match="crop_coords"):
        change(action="overridden", final_choice=0, crop_coords=box)


def test_what_was_suggested_is_kept_with_the_decision():
    found = change(action="rejected")
    assert found.suggestion["model"] == "ranker-1"
    assert found.suggested_index == 1


@given(st.dictionaries(st.sampled_from(["0", "1", "a.png"]), st.lists(st.sampled_from(TAGS))))
def test_tags_come_back_in_one_order_without_repeats(value):
    for names in read_tags(GROUP, value).values():
        assert names == [tag for tag in TAGS if tag in names]


@pytest.mark.parametrize("key", ["7", "c.png", "", "9" * 5000])
def test_tags_of_an_image_of_another_group_are_refused(key):
    with pytest.raises(LogError, match="no image"):
        read_tags(GROUP, {key: ["long_hand"]})


def test_only_what_was_sent_about_the_page_is_recorded():
    shown = Shown(position=2, suggested_position=None, seconds=1.5)
    assert change(action="rejected", shown=shown).shown == {
        "position": 2, "suggested_position": None, "seconds": 1.5,
    }  # fmt: skip


def test_approving_a_batch_is_approving_as_suggested_and_says_that_it_was_one():
    found = bulk_change(GROUP)
    assert (found.state, found.final_index, found.crop_source) == ("approved", 1, "suggested")
    assert found.shown == {"bulk": True}


def test_the_version_that_was_on_the_screen_is_kept_and_none_is_made_up():
    for action in ("approved", "rejected", "skipped"):
        found = change(action=action, suggestion_version=GROUP.version)
        assert found.suggestion_version == GROUP.version
        assert change(action=action).suggestion_version is None
    assert bulk_change(GROUP, GROUP.version).suggestion_version == GROUP.version
    assert bulk_change(GROUP).suggestion_version is None
