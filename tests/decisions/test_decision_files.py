from __future__ import annotations

import json

import pytest

IMAGES = ["20250705_214520_stage1_generated.png", "20250705_214634_stage2_upscaled.png"]


@pytest.fixture
def decide(bench):
    bench.project("mojo3", "2025-10-21", "2025-10-29")

    def write(document, name="20250705_214520.decision", folder="decisions"):
        place = bench.root / folder
        place.mkdir(parents=True, exist_ok=True)
        text = document if isinstance(document, str) else json.dumps(document)
        (place / name).write_text(text)
        return bench.read()

    return write


def review(action="approve", image=IMAGES[0], index=0, **more):
    return {
        "group_id": "20250705_214520",
        "images": IMAGES,
        "ai_recommendation": {"selected_image": IMAGES[1], "crop_coords": [0, 0, 0.5, 0.5]},
        "user_decision": {
            "action": action,
            "selected_image": image,
            "selected_index": index,
            "timestamp": "2025-10-21T17:04:44.198868Z",
        },
        **more,
    }


def accepted(**more):
    return {
        "group_id": "g",
        "project_id": "mojo3",
        "needs_crop": True,
        "ai_crop_coords": [0.09, 0.0002, 0.9, 0.8],
        "ai_crop_accepted": True,
        **more,
    }


@pytest.mark.parametrize("action", ["approve", "manual_crop", "override"])
@pytest.mark.parametrize("folder", ["decisions", "data/decisions"])
def test_the_persons_choice_is_a_set_and_the_suggested_box_is_no_crop(decide, action, folder):
    decisions = decide(review(action), folder=folder)
    assert decisions.items["chosen"].tolist() == [True, False]
    assert decisions.items["project"].tolist() == ["mojo3"] * 2
    assert decisions.crops.empty


def test_group_and_time_of_a_choice_are_those_of_the_file(decide):
    items = decide(review()).items
    assert set(items["set_id"]) == {"mojo3/decisions/20250705_214520"}
    assert {when.isoformat() for when in items["timestamp"]} == {"2025-10-21T17:04:44.198868+00:00"}


def test_a_choice_against_the_suggestion_is_corrected(decide):
    assert decide(review()).items["corrected"].all()
    assert not decide(review(image=IMAGES[1], index=1)).items["corrected"].any()


def test_a_position_stands_in_for_a_missing_name(decide):
    assert decide(review(image=None, index=1)).items["chosen"].tolist() == [False, True]


def test_a_rejection_is_no_choice_but_is_kept(decide):
    decisions = decide(review("reject", None, None))
    assert decisions.items.empty
    assert decisions.rejections["filename"].tolist() == IMAGES
    assert decisions.rejections["timestamp"].notna().all()
    assert decisions.files[0].accepted == 1


def test_an_accepted_box_is_a_crop_of_the_picture_of_that_name(decide):
    crop = decide(accepted(), "20250724_222311_stage1.5_face_swapped.decision").crops.iloc[0]
    assert crop["filename"] == "20250724_222311_stage1.5_face_swapped.png"
    assert (crop["project"], crop["stage"], crop["session_id"]) == ("mojo3", 1.5, "decisions")
    assert [crop["x1"], crop["y2"]] == [0.09, 0.8]


def test_a_name_with_its_ending_keeps_it(decide):
    assert decide(accepted(), "a.jpg.decision").crops["filename"].tolist() == ["a.jpg"]


def test_an_accepted_box_takes_its_size_from_a_log(decide, bench):
    bench.crops_v2("2025-10-22T00:00:00Z,mojo3,a.png,0,0,9,9,640,480")
    decisions = decide(accepted(), "a.decision")
    assert decisions.crops["width"].tolist() == [640]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"group_id": "g", "project_id": "mojo3", "needs_crop": True}, "placeholder"),
        (accepted(ai_crop_accepted=False), "placeholder"),
        (review(user_decision=None), "placeholder"),
        ({"user_decision": None}, "placeholder"),
        ({"ai_recommendation": {}}, "placeholder"),
        (review("skip"), "placeholder"),
        (review(["approve"]), "placeholder"),
        (review(image="c.png"), "winner_not_in_set"),
        (review(image=None, index=9), "winner_not_in_set"),
        (review(image=None, index=True), "winner_not_in_set"),
        (review(image=None, index=None), "no_image"),
        (review(images=[IMAGES[0]]), "no_losers"),
        (review(images="a.png"), "unreadable_list"),
        (review(images=[IMAGES[0], f"mojo1/{IMAGES[1]}"], project_id="mojo3"), "mixed_projects"),
        (review(group_id=None), "wrong_fields"),
        (review(images=["a.png", 7]), "unreadable_list"),
        (accepted(ai_crop_coords=[0, 0, 1]), "impossible_box"),
        (accepted(ai_crop_coords=None), "impossible_box"),
        (accepted(ai_crop_coords=[0, 0, 2, 1]), "impossible_box"),
        ({"hello": 1}, "wrong_fields"),
        ([], "wrong_fields"),
        ("", "unreadable_row"),
        ("[" * 100_000, "unreadable_row"),
        ('{"group_id": "\\ud800"}', "unreadable_row"),
        ('{"group_id": "\\u0000"}', "unreadable_row"),
    ],
)
def test_what_is_no_decision_is_quarantined(decide, document, reason):
    decisions = decide(document)
    assert decisions.quarantine["reason"].tolist() == [reason]
    assert decisions.files[0].rows == 1
    assert decisions.quarantine["line"].tolist() == [1]


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        ([], "list instead of an object"),
        ({"b": 1, "a": 2}, "entries ['a', 'b']"),
        ({str(n): n for n in range(11)}, f"entries {[str(n) for n in (0, 1, 10, *range(2, 9))]}"),
        ({"needs_crop": True}, "no decision of the person, only a wish or a suggestion"),
        (review("skip"), "action 'skip' is no decision"),
        (review(group_id=None), "group_id is None"),
    ],
)
def test_a_quarantined_file_tells_what_was_found(decide, document, detail):
    assert decide(document).quarantine["detail"].tolist() == [detail]


def test_letters_written_as_escapes_are_read(decide):
    items = decide(review(images=["\u00e9.png", "b.png"], image="\u00e9.png")).items
    assert items["filename"].tolist() == ["é.png", "b.png"]
