from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from prefml.decisions import frames
from prefml.decisions.quarantine import Refusal
from prefml.decisions.records import Choice, Crop, Rejection, Row

WHEN = datetime(2025, 7, 27, 22, 48, 40, 125, tzinfo=UTC)
UPSCALED = "x/20250727_224840_stage2_upscaled.png"


def row(line=2, **more):
    return Row("log.csv", line, ["a", "b,c"], project="mojo1", when=WHEN, **more)


def only(frame):
    (record,) = frame.to_dict("records")
    return record


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        (("p", "s", "g"), "p/s/g"),
        (("p/q", "s", ""), "p%2Fq/s/"),
        (("p%2Fq", "s", "100%"), "p%252Fq/s/100%25"),
    ],
)
def test_the_key_of_a_set_escapes_its_own_signs(parts, key):
    assert frames.set_key(*parts) == key


def test_a_choice_becomes_one_row_for_each_image():
    choice = Choice("s", "g", (UPSCALED, "b.png"), 1, corrected=True)
    first, second = frames.items_frame([row(), row(choice=choice)]).to_dict("records")
    assert first == {
        "project": "mojo1", "session_id": "s", "set_id": "mojo1/s/g",
        "filename": "20250727_224840_stage2_upscaled.png", "path": UPSCALED, "chosen": False,
        "stage": 2.0, "timestamp": WHEN, "source": "log.csv", "line": 2, "evidence": "judged",
        "inclusion": 1.0, "corrected": True, "exposed": False,
    }  # fmt: skip
    assert (second["filename"], second["chosen"]) == ("b.png", True)
    assert second["stage"] != second["stage"]


def test_a_set_without_an_id_is_named_for_its_place():
    choice = Choice("s", "", ("a.png", "b.png"), 0)
    keys = frames.items_frame([row(7, choice=choice)])["set_id"]
    assert keys.tolist() == ["mojo1/s/log.csv:7"] * 2


def test_a_rejection_becomes_one_row_for_each_image():
    rejection = Rejection("s", "g", (UPSCALED, "b.png"))
    frame = frames.rejections_frame([row(), row(rejection=rejection)])
    assert frame["filename"].tolist() == ["20250727_224840_stage2_upscaled.png", "b.png"]
    assert only(frame[:1]) == {
        "project": "mojo1", "session_id": "s", "set_id": "mojo1/s/g",
        "filename": "20250727_224840_stage2_upscaled.png", "path": UPSCALED,
        "stage": 2.0, "timestamp": WHEN, "source": "log.csv", "line": 2, "evidence": "judged",
        "inclusion": 1.0,
    }  # fmt: skip


def test_a_crop_becomes_one_row():
    crop = Crop("s", UPSCALED, (0.1, 0.2, 0.3, 0.4), (640, 480), corrected=True)
    assert only(frames.crops_frame([row(), row(crop=crop)])) == {
        "project": "mojo1", "filename": "20250727_224840_stage2_upscaled.png", "path": UPSCALED,
        "x1": 0.1, "y1": 0.2, "x2": 0.3, "y2": 0.4, "width": 640.0, "height": 480.0, "stage": 2.0,
        "timestamp": WHEN, "session_id": "s", "source": "log.csv", "line": 2, "evidence": "judged",
        "inclusion": 1.0, "corrected": True, "exposed": False,
    }  # fmt: skip


def test_a_crop_of_unknown_size_has_none():
    frame = frames.crops_frame([row(crop=Crop("s", "a.png", (0, 0, 1, 1), None))])
    assert frame[["width", "height"]].isna().all(axis=None)


def test_a_row_that_is_not_used_is_shown_with_its_first_reason_in_letters_any_file_can_hold():
    refusals = [Refusal("no_image", "\0"), Refusal("no_losers", "second")]
    used = row(crop=Crop("s", "a.png", (0, 0, 1, 1), None), refusals=refusals)
    assert only(frames.quarantine_frame([used, row(3, refusals=refusals)])) == {
        "file": "log.csv", "line": 3, "reason": "no_image", "detail": "\\x00", "row": 'a,"b,c"',
    }  # fmt: skip


def placed(project, *folders):
    crop = Crop("s", "a.png", (0, 0, 1, 1), None)
    return Row("log.csv", 2, [], project=project, crop=crop, unmatched=folders)


def test_folders_that_led_to_no_project_are_counted_most_unknown_rows_first():
    unused = Row("log.csv", 2, [], project="unknown", unmatched=("unused",))
    rows = [
        placed("unknown", "b", "c"), placed("unknown", "c"), placed("mojo1", "a", "b"),
        placed("mojo1", "d"), placed("mojo1", "d"), unused,
    ]  # fmt: skip
    assert frames.unmatched_frame(rows).to_dict("records") == [
        {"folder": "c", "rows": 2, "by_date": 0, "unknown": 2},
        {"folder": "b", "rows": 2, "by_date": 1, "unknown": 1},
        {"folder": "d", "rows": 2, "by_date": 2, "unknown": 0},
        {"folder": "a", "rows": 1, "by_date": 1, "unknown": 0},
    ]


# pandas has a kind of its own for text since version 3.
TEXT = str(pd.Series([], dtype="str").dtype)


@pytest.mark.parametrize(
    ("make", "columns"),
    [
        (frames.items_frame, {"chosen": "bool", "corrected": "bool", "stage": "float64"}),
        (frames.rejections_frame, {"line": "int64", "stage": "float64", "path": TEXT}),
        (frames.crops_frame, {"x1": "float64", "corrected": "bool", "filename": TEXT}),
        (frames.quarantine_frame, {"line": "int64", "detail": TEXT, "row": TEXT}),
        (frames.unmatched_frame, {"folder": TEXT, "rows": "int64", "by_date": "int64"}),
    ],
    ids=["items", "rejections", "crops", "quarantine", "unmatched"],
)
def test_frames_of_nothing_have_typed_columns(make, columns):
    frame = make([])
    assert frame.empty
    assert {name: str(frame[name].dtype) for name in columns} == columns
