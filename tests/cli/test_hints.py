from __future__ import annotations

import json

import pytest

from prefml.cli._hints import first_step, with_options
from prefml.workspace import Workspace


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("run: prefml train", "run: prefml train --workspace 'a b'"),
        ("prefml embed, then prefml train", "prefml embed --workspace 'a b', then "
                                            "prefml train --workspace 'a b'"),
        ("prefml embed --encoder x; y", "prefml embed --encoder x --workspace 'a b'; y"),
        ("prefml apply --undo", "prefml apply --undo --workspace 'a b'"),
        ("prefml sample", "prefml sample"),
        ("prefml trains well", "prefml trains well"),
        ("prefml --workspace x embed", "prefml --workspace x embed"),
    ],
)  # fmt: skip
def test_commands_repeat_the_folders_of_this_call(text, shown):
    assert with_options(text, {"workspace": "a b", "debug": True}) == shown


def test_without_options_a_text_stays_as_it_is():
    assert with_options("run: prefml train", {}) == "run: prefml train"


def test_both_folders_are_repeated():
    options = {"artifacts": "out", "workspace": "ws"}
    assert with_options("prefml doctor", options) == (
        "prefml doctor --workspace ws --artifacts out"
    )


@pytest.fixture
def place(tmp_path):
    return Workspace.open(tmp_path)


def log_choices(root, number):
    (root / "data" / "training").mkdir(parents=True, exist_ok=True)
    rows = [f"s,{n},images/p/{n}.png,\"['images/p/x{n}.png']\"," for n in range(number)]
    text = "\n".join(["session_id,set_id,chosen_path,neg_paths,timestamp", *rows])
    (root / "data" / "training" / "log.csv").write_text(text)


def put_picture(root, name="images/p/1.png"):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(b"")


def put_sets(root, number=10):
    for stage in ("stage1_generated", "stage2_upscaled"):
        for minute in range(number):
            put_picture(root, f"new/p/20250101_12{minute:02}00_{stage}.png")


def test_a_sentence_and_a_command_that_needs_nothing_stay(place):
    for hint in ("correct the file", "prefml doctor", "prefml models"):
        assert first_step(place, hint) == hint


@pytest.mark.parametrize("command", ["ingest", "train", "suggest", "review"])
def test_without_logs_the_first_step_is_to_bring_some(place, command):
    step = first_step(place, f"prefml {command}")
    assert step.startswith("put your logs (.csv) into data/training/")


@pytest.mark.parametrize("command", ["ingest", "train", "suggest", "review"])
def test_without_logs_and_with_pictures_the_first_step_is_to_answer(place, command):
    put_sets(place.root)
    step = first_step(place, f"prefml {command}")
    assert step.startswith("prefml start, then ")
    assert step.endswith(f"prefml {command}")


@pytest.mark.parametrize("command", ["ingest", "train", "suggest", "review"])
@pytest.mark.parametrize("sets", [0, 9])
def test_with_too_few_sets_to_ask_about_none_is_asked(place, command, sets):
    put_picture(place.root)
    put_sets(place.root, sets)
    step = first_step(place, f"prefml {command}")
    assert step.startswith("put your logs (.csv) into data/training/")
    assert "put ten pictures or more into new/PROJECT/, each in two variants or more, then" in step


def test_a_workspace_with_anything_in_it_is_not_the_place_of_a_new_one(place):
    (place.root / "prefml.toml").write_text("")
    assert "PICTURES" not in first_step(place, "prefml train")


def test_without_either_a_folder_of_pictures_will_do(place):
    assert "answer on a page: prefml start PICTURES" in first_step(place, "prefml train")


def test_with_too_few_answers_the_first_step_is_to_answer_more(place):
    log_choices(place.root, 3)
    put_picture(place.root)
    place.sandbox.mkdir()
    (place.sandbox / "first_day.json").write_text('{"source": null, "seed": "s"}')
    assert first_step(place, "prefml train") == "prefml start, then prefml train"


def test_without_pictures_the_first_step_is_to_bring_some(place):
    log_choices(place.root, 20)
    for hint in ("prefml embed", "prefml train"):
        assert first_step(place, hint).startswith("put pictures into images/PROJECT/")


def test_with_both_the_first_step_is_to_embed(place):
    log_choices(place.root, 20)
    put_picture(place.root)
    assert first_step(place, "prefml embed") == "prefml embed"
    assert first_step(place, "prefml train") == "prefml embed, then prefml train"
    assert first_step(place, "prefml review") == (
        "prefml embed, then prefml train, then prefml suggest, then prefml review"
    )


def test_too_few_choices_are_counted(place):
    log_choices(place.root, 3)
    put_picture(place.root)
    assert first_step(place, "prefml train").startswith("log 10 choices (3 so far)")


def test_a_missing_crop_model_asks_for_crops_only(place):
    log_choices(place.root, 20)
    put_picture(place.root)
    step = first_step(place, "prefml train", "no model artifacts/crop.joblib")
    assert step == "log 10 crops (0 so far) in data/training/ or in a review, then prefml train"


def test_new_pictures_come_before_suggesting_and_suggesting_before_the_review(place):
    place.artifacts.mkdir()
    (place.artifacts / "ranker.joblib").write_bytes(b"")
    assert first_step(place, "prefml review") == (
        "put new pictures into new/PROJECT/, then prefml suggest, then prefml review"
    )
    (place.root / "new").mkdir()
    assert first_step(place, "prefml review") == "prefml suggest, then prefml review"
    place.sandbox.mkdir()
    (place.sandbox / "automation_decisions.jsonl").write_text("")
    assert first_step(place, "prefml review") == "prefml review"


def test_what_is_damaged_says_so_itself(place, monkeypatch):
    from prefml.exceptions import LogError

    def fail(workspace):
        raise LogError("broken")

    monkeypatch.setattr("prefml.decisions.log_files.find_logs", fail)
    assert first_step(place, "prefml ingest") == "prefml ingest"


def test_reviewed_decisions_are_logs_too(place):
    place.sandbox.mkdir()
    (place.sandbox / "approved_decisions.jsonl").write_text(json.dumps({}))
    assert first_step(place, "prefml ingest") == "prefml ingest"


def test_a_command_that_is_at_work_already_is_named_as_it_is():
    said = "another prefml embed is at work in data; run: prefml embed"
    assert with_options(said, {"workspace": "ws"}) == f"{said} --workspace ws"
