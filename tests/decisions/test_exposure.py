import pytest

from prefml.decisions.exposure import choice_exposed, crop_exposed

AUDIT = {"probability": 0.1, "batch": "b"}
CHOICE = {"step1_selection": {"chosen": "a.png"}}
CROP = {"step2_crop": {"needs_crop": True, "crop_coords": [0.1, 0.1, 0.9, 0.9]}}


@pytest.mark.parametrize(
    ("decision", "suggestion", "exposed"),
    [
        ({}, CHOICE, True),
        ({}, {}, False),
        ({}, {"step1_selection": {"chosen": None}}, False),
        ({"shown": {"hidden": True}}, CHOICE, False),
        ({"shown": {"hidden": True, "revealed": True}}, CHOICE, True),
        ({"shown": {"hidden": False}}, CHOICE, True),
        ({"shown": "?"}, CHOICE, True),
        ({"audit": AUDIT}, CHOICE, False),
        ({"audit": AUDIT, "shown": {"revealed": True}}, CHOICE, True),
    ],
)
def test_a_choice_is_exposed_unless_its_suggestion_was_hidden_until_it_was_made(
    decision, suggestion, exposed
):
    assert choice_exposed(decision, suggestion) is exposed


@pytest.mark.parametrize(
    ("shown", "suggestion", "exposed"),
    [
        ({}, CROP, True),
        ({"crop_visible": True}, CROP, True),
        ({"crop_visible": False}, CROP, False),
        ({}, {"step2_crop": {"needs_crop": False}}, True),
        ({}, {"step2_crop": {"needs_crop": None}}, False),
        ({}, {}, False),
        # The page draws the frame also where it hides the choice.
        ({"hidden": True}, CROP, True),
    ],
)
def test_a_crop_is_exposed_unless_nothing_was_drawn(shown, suggestion, exposed):
    assert crop_exposed({"shown": shown}, suggestion) is exposed


def test_a_crop_of_an_audit_was_drawn_without_sight_of_the_suggestion():
    assert not crop_exposed({"audit": AUDIT, "shown": {"crop_visible": True}}, CROP)
