from __future__ import annotations

import csv

import numpy as np
import pytest

from prefml.decisions import read_decisions
from prefml.workspace import Workspace

pytestmark = pytest.mark.shared

CONSTANT = np.array([0.112, 0.0, 0.882, 0.764])


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "data" / "real_logs"


@pytest.fixture(scope="module")
def decisions(folder):
    return read_decisions(Workspace.open(folder))


@pytest.fixture(scope="module")
def crop_log(decisions):
    return decisions.crops[decisions.crops["source"] == "select_crop_log.csv"]


def iou(boxes, box):
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(box[2:] - box[:2])
    return shared / (areas - shared)


def test_no_row_vanishes_from_any_file(decisions, folder):
    for file in decisions.files:
        assert file.rows == file.accepted + sum(file.quarantined.values())
        if file.path.endswith(".csv"):
            with (folder / file.path).open(newline="", encoding="utf-8-sig") as log:
                assert file.rows == len([fields for fields in csv.reader(log) if fields]) - 1
    assert len(decisions.quarantine) == sum(sum(f.quarantined.values()) for f in decisions.files)


def test_all_rows_of_the_crop_log_are_accounted_for(decisions):
    log = next(file for file in decisions.files if file.path == "select_crop_log.csv")
    assert (log.rows, log.accepted, log.quarantined) == (6401, 6306, {"repeat_crop": 95})


def test_the_earlier_log_with_mixed_rows_adds_nothing_but_placeholders_and_repeats(decisions):
    log = next(f for f in decisions.files if f.path == "select_crop_log_mixed_schemas.csv")
    assert log.quarantined == {"repeat_crop": 1067, "placeholder": 906, "unknown_size": 132}


def test_the_same_sets_in_two_logs_count_once(decisions):
    log = next(file for file in decisions.files if file.path == "mojo1_selection_log.csv")
    assert log.quarantined == {"repeat_set": 23}


def test_the_constant_box_has_the_known_overlap(crop_log):
    known = crop_log[crop_log["project"] != "unknown"]
    boxes = known[["x1", "y1", "x2", "y2"]].to_numpy()
    assert 0.68 < iou(boxes, CONSTANT).mean() < 0.70


def test_real_crops_keep_the_aspect_ratio_to_a_pixel(crop_log):
    width = (crop_log["x2"] - crop_log["x1"]) * crop_log["width"]
    height = (crop_log["y2"] - crop_log["y1"]) * crop_log["height"]
    off = (width * crop_log["height"] / crop_log["width"] - height).abs()
    assert (off < 2).all()


def test_rows_later_on_the_last_day_still_belong_to_the_project(crop_log):
    day = crop_log[crop_log["timestamp"].dt.date.astype(str) == "2025-10-11"]
    assert len(day) > 1000
    assert set(day["project"]) == {"mojo1"}


def test_no_project_is_left_open(decisions):
    assert "unknown" not in set(decisions.items["project"]) | set(decisions.crops["project"])


def test_the_project_that_ends_before_it_starts_is_reported(decisions):
    assert [p for p in decisions.problems if p.startswith("agent-1001.project.json")]


def test_only_the_persons_own_decisions_count_in_decision_files(decisions):
    made = decisions.items[decisions.items["source"].str.endswith(".decision")]
    assert made["set_id"].nunique() == 11
    assert decisions.crops["source"].str.endswith(".decision").sum() == 51
    assert decisions.rejections["set_id"].nunique() == 1


def test_every_set_has_one_winner_in_one_project(decisions):
    sets = decisions.items.groupby("set_id")
    assert (sets["chosen"].sum() == 1).all()
    assert (sets["project"].nunique() == 1).all()
    assert (sets.size() >= 2).all()


def test_the_other_real_workspace_is_read_whole(shared):
    found = read_decisions(Workspace.open(shared / "data" / "live_challenge"))
    assert found.items["set_id"].nunique() == 884
    assert found.items["project"].nunique() == 8
    assert found.quarantine.empty
