import json

import pytest

from prefml import status as module
from prefml.status import Status
from prefml.status.measures import Drift, Share

NONE = Share(None, 0)


@pytest.fixture
def told(prefml, tmp_path, monkeypatch):
    """Return a function that prints a made-up status."""

    def run(*words, **entries):
        usual = {
            "reviewed": 12, "rejected": Share(0.0, 12), "agreement": Share(0.75, 12, 0.4, 0.9),
            "agreement_kept": Share(0.75, 12, 0.4, 0.9), "over_time": (), "crop_acceptance": NONE,
            "calibration": None, "drift": Drift(False, NONE, NONE, None), "keystrokes_saved": 34,
            "consistency": NONE,
        }  # fmt: skip
        made = Status(**usual | entries)
        monkeypatch.setattr(module, "status_of", lambda workspace: made)
        return prefml("--workspace", tmp_path, "status", *words)

    return run


def test_before_any_review_the_next_commands_are_named(told):
    said = told(reviewed=0).out
    assert said.startswith(
        "Nothing was reviewed yet; run: put your logs (.csv) into data/training/"
    )
    assert "then prefml suggest --workspace" in said
    assert "then prefml review --workspace" in said


def test_every_measure_has_its_line(told):
    lines = told(calibration=0.0456).out.splitlines()
    pairs = {line[:19].strip(): line[19:] for line in lines}
    assert pairs["reviewed"] == "12 sets and single pictures"
    assert pairs["choice as proposed"] == "75.0% of 12 (40.0% to 90.0%)"
    assert pairs["calibration error"] == "0.046"
    assert pairs["keystrokes saved"] == "34"
    assert pairs["over time"] == "no sets yet"
    assert pairs["drift"] == "none seen"


def test_a_calibration_that_is_not_known_is_said_to_be_so(told):
    assert "calibration error  not known yet" in told().out


def test_agreement_over_time_is_told_block_by_block(told):
    blocks = tuple(Share(value, 50) for value in (0.5, 0.75, 1.0))
    assert "over time          50% 75% 100%" in told(over_time=blocks).out


def test_falling_agreement_names_both_figures_and_what_to_run(told):
    found = told(drift=Drift(True, Share(0.5, 100), Share(0.9, 300), 0.001)).out
    assert "ALARM: from 90.0% to 50.0%; run: prefml train" in found


@pytest.mark.parametrize(
    ("reviewed", "line"),
    [
        (300, "99 % of 300        met: choices and crops"),
        (20, "99 % of 300        not yet: 20 of 300 sets reviewed, 20 of 300 crops reviewed"),
    ],
)
def test_the_bar_for_batches_is_met_or_told_with_what_is_missing(told, reviewed, line):
    all_agree = Share(1.0, reviewed)
    assert line in told(agreement=all_agree, crop_acceptance=all_agree).out


def test_the_object_is_strict_json(told):
    ran = told("--json")
    found = json.loads(ran.out, parse_constant=pytest.fail)
    assert found["reviewed"] == 12
    assert found["agreement"]["share"] == 0.75


def test_a_batch_is_what_may_be_approved_together(told):
    said = told().out
    assert "batches            0 undecided within the error budget, to approve together (B)" in said


def test_what_is_missing_until_tags_train_flags_is_told(told):
    tags = {"hand_length": (12, 3), "wrist": (25, 4)}
    said = told(tags=tags)
    assert "flags from tags    hand length 12 tagged, needs 8 tagged pictures more" in said.out
    assert "                   wrist 25 tagged, enough for prefml train" in said.out
    found = told("--json", tags=tags).json["tags"]
    assert found["hand_length"] == {
        "tagged": 12, "projects": 3, "missing": "needs 8 tagged pictures more",
    }  # fmt: skip
    assert found["wrist"]["missing"] == ""


def test_before_any_tag_nothing_is_said_of_them(told):
    assert "tags" not in told(tags={"wrist": (0, 0)}).out
