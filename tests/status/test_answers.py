import pytest

from prefml.status.answers import read_answers

IMAGES = ["new/p/a.png", "new/p/b.png"]
BOX = [0.1, 0.0, 0.6, 0.5]


def suggestion(**more):
    return {
        "images": IMAGES,
        "step1_selection": {"chosen": IMAGES[1], "confidence": 0.8},
        "step2_crop": {"needs_crop": True, "crop_coords": BOX},
    } | more


def answer(suggested=None, **row):
    line = {"action": "approved", "final_choice": IMAGES[1], "crop_coords": BOX} | row
    (found,) = read_answers({"g": line}, {"g": suggested or suggestion()})
    return found


def test_an_approval_agrees_in_choice_and_crop():
    found = answer()
    assert (found.agreed, found.crop_accepted, found.final) == (True, True, "b.png")


def test_another_choice_disagrees_and_says_nothing_about_the_crop():
    found = answer(action="overridden", final_choice="a.png")
    assert (found.agreed, found.crop_accepted) == (False, None)


@pytest.mark.parametrize(
    ("row", "accepted"),
    [
        ({"crop_coords": [0.1, 0.0, 0.60001, 0.5]}, True),
        ({"crop_coords": [0.1, 0.0, 0.7, 0.6]}, False),
        ({"crop_coords": None}, False),
        ({"crop_coords": None, "crop_by_hand": True}, False),
    ],
)
def test_an_edited_crop_was_not_accepted(row, accepted):
    assert answer(action="overridden", **row).crop_accepted is accepted


def test_keeping_whole_as_suggested_is_an_accepted_crop():
    whole = suggestion(step2_crop={"needs_crop": False, "crop_coords": None})
    assert answer(whole, crop_coords=None).crop_accepted is True


def test_a_crop_that_was_not_suggested_is_not_put_to_the_test():
    assert answer(suggestion(step2_crop={"needs_crop": None})).crop_accepted is None


@pytest.mark.parametrize(("chance", "agreed"), [(None, False), (0.4, False), (0.7, True)])
def test_a_rejection_agrees_if_it_was_expected(chance, agreed):
    found = answer(suggestion(none_probability=chance), action="rejected", final_choice=None)
    assert found.agreed is agreed


def test_what_the_person_saw_counts_not_what_was_suggested_since():
    row = {"action": "approved", "images": IMAGES, "final_choice": IMAGES[0], "crop_coords": None}
    shown = suggestion(step1_selection={"chosen": IMAGES[0], "confidence": 0.6})
    (found,) = read_answers({"g": row | {"suggestion": shown}}, {"g": suggestion()})
    assert (found.agreed, found.confidence) == (True, 0.6)


def test_bulk_approvals_and_second_questions_are_no_judgement():
    assert not answer(shown={"bulk": True}).judged
    assert answer(shown={"bulk": True}).crop_accepted is None
    assert not answer(suggestion(reask_of="old")).judged


@pytest.mark.parametrize("row", [{"action": "skipped"}, {"action": "perhaps"}])
def test_what_is_no_decision_is_left_out(row):
    line = {"final_choice": IMAGES[0]} | row
    assert read_answers({"g": line}, {"g": suggestion()}) == []


def test_answers_come_in_the_order_of_time():
    lines = {
        name: {"action": "approved", "timestamp": when}
        for name, when in [("c", "2025-03-01T00:00:00Z"), ("a", None), ("b", "2025-02-01")]
    }
    found = read_answers(lines, dict.fromkeys(lines, suggestion()))
    assert [one.when.month for one in found] == [1, 2, 3]


def test_near_duplicates_are_no_answers_to_a_suggestion():
    shown = suggestion(near_duplicates={})
    line = {"action": "approved", "final_choice": IMAGES[1]}
    assert read_answers({"g": line}, {"g": shown}) == []
    assert read_answers({"g": {**line, "images": IMAGES, "suggestion": shown}}, {}) == []
