import pytest

from prefml.intervals import ShareSequence
from prefml.proposals.audits import Audit, audited_error, is_off, is_wrong, ranker_of, read_audit

IMAGES = ["new/p/a.png", "new/p/b.png"]
BOX = [0.1, 0.0, 0.6, 0.5]
DRAWN = {"probability": 0.1, "batch": "b1"}


def suggestion(ranker="r1", **more):
    return {
        "step1_selection": {"chosen": IMAGES[1]},
        "step2_crop": {"needs_crop": True, "crop_coords": BOX},
        "model": {"ranker": {"sha256": ranker}},
    } | more


def decision(**more):
    return {
        "action": "overridden", "images": IMAGES, "final_choice": IMAGES[1], "crop_coords": BOX,
        "crop_source": "edited", "audit": DRAWN, "suggestion": suggestion(),
    } | more  # fmt: skip


def test_a_drawn_set_tells_its_batch_and_how_likely_it_was_drawn():
    assert read_audit(decision()) == Audit(0.1, "b1")


@pytest.mark.parametrize(
    "more", [{"audit": None}, {"audit": {}}, {"audit": "b1"}, {"shown": {"bulk": True}}]
)
def test_what_was_not_drawn_or_was_approved_in_bulk_after_all_is_no_audit(more):
    assert read_audit(decision(**more)) is None


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({}, False),
        ({"final_choice": "a.png"}, True),
        ({"action": "rejected", "final_choice": None}, True),
        ({"crop_coords": [0.12, 0.0, 0.62, 0.5]}, False),
        ({"crop_coords": [0.5, 0.5, 1.0, 1.0]}, True),
        ({"crop_coords": None, "crop_source": "whole"}, True),
        ({"crop_coords": None, "crop_source": None}, False),
        ({"crop_coords": None, "crop_source": "by_hand", "crop_by_hand": True}, True),
        ({"crop_coords": "no box"}, False),
        ({"final_choice": "gone.png"}, None),
    ],
)
def test_a_suggestion_is_wrong_in_its_picture_its_set_or_its_crop(more, wrong):
    assert is_wrong(decision(**more), suggestion()) is wrong


def test_without_a_crop_model_the_frame_is_not_counted():
    silent = suggestion(step2_crop={"needs_crop": None, "crop_coords": None})
    assert is_wrong(decision(crop_coords=[0, 0, 0.2, 0.2]), silent) is False


def test_keeping_whole_as_suggested_is_right_and_cropping_is_not():
    whole = suggestion(step2_crop={"needs_crop": False, "crop_coords": None})
    assert is_wrong(decision(crop_coords=None, crop_source="whole"), whole) is False
    assert is_wrong(decision(crop_coords=[0, 0, 0.9, 0.9]), whole) is True


def test_audits_are_counted_for_each_ranker_and_nothing_else_is():
    lines = [
        decision(), decision(final_choice="a.png"), decision(audit=None),
        decision(suggestion=suggestion("r2")), decision(final_choice="gone.png"),
    ]  # fmt: skip
    assert (audited_error(lines, "r1").hits, audited_error(lines, "r1").n) == (1, 2)
    assert audited_error(lines, "r2").n == 1
    assert audited_error(lines).n == 3
    assert audited_error(lines, "r3") == ShareSequence(0, 0)


def test_the_order_of_the_lines_does_not_matter_their_times_do():
    lines = [
        decision(timestamp=f"2025-01-01T00:00:{n:02}Z", final_choice=IMAGES[n % 3 > 0])
        for n in range(40)
    ]
    assert audited_error(lines[::-1]) == audited_error(lines)


def test_batches_are_off_once_the_lower_bound_reaches_the_budget():
    assert not is_off(ShareSequence(0, 0), 0.0)
    assert not is_off(ShareSequence(5, 20, 0.06, 0.5), 0.1)
    assert is_off(ShareSequence(8, 20, 0.1, 0.7), 0.1)


@pytest.mark.parametrize("model", [None, "r1", {"ranker": "r1"}, {"ranker": {"sha256": None}}])
def test_a_suggestion_that_names_no_ranker_is_of_none(model):
    assert ranker_of({"model": model}) == ""
