from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prefml.evaluation.crops import LEAST_CROPS, CropRuns, crop_habits, crop_metrics
from prefml.evaluation.metrics_file import plain

KEYS = {"iou", "iou_ci", "bde", "edges_within_5pct", "keep_balanced_accuracy", "fit_seconds"}


@pytest.fixture
def metrics(crop_runs):
    return plain(crop_metrics(crop_runs))


def test_every_model_has_the_promised_measures(metrics):
    for measures in metrics["models"].values():
        assert measures.keys() >= KEYS


def test_the_full_frame_overlaps_by_the_area_of_the_crops(metrics, crop_table):
    widths = crop_table.boxes[:, 2] - crop_table.boxes[:, 0]

    assert metrics["models"]["full_frame"]["iou"] == pytest.approx(np.mean(widths**2), abs=1e-6)


def test_pictures_kept_whole_are_counted(metrics):
    assert metrics["kept_whole"] == pytest.approx(5 / 40)


def test_always_keeping_is_half_right(metrics):
    assert metrics["models"]["full_frame"]["keep_balanced_accuracy"] == 0.5


@pytest.mark.parametrize("part", ["by_project", "by_size", "by_stage"])
def test_breakdowns_hold_every_crop_once(metrics, part):
    assert sum(row["rows"] for row in metrics[part].values()) == 40


def test_few_sizes_are_named(metrics):
    assert set(metrics["by_size"]) == {"400 x 300", "300 x 400"}


def test_many_sizes_are_grouped_by_megapixels(crop_runs):
    size = np.column_stack([np.arange(40) * 50 + 100, np.full(40, 1000)]).astype(float)
    done = CropRuns(replace(crop_runs.table, size=size), crop_runs.folds, crop_runs.runs)

    labels = crop_metrics(done)["by_size"]

    assert all("megapixels" in label for label in labels)
    assert sum(row["rows"] for row in labels.values()) == 40


def test_pictures_without_a_stage_are_named_so(metrics):
    assert set(metrics["by_stage"]) == {"no stage", "stage 2"}


def test_how_a_person_crops_is_said_with_its_shares():
    cut = np.tile([0.1, 0.0, 0.6, 0.8], (30, 1))
    boxes = np.vstack([cut, np.tile([0.0, 0.0, 1.0, 1.0], (10, 1))])
    first, second, third = crop_habits(boxes, np.arange(40))
    assert first.startswith("You keep 25% (")
    assert first.endswith(") of 40 pictures whole.")
    assert "keep 40 to 40 % of the picture" in second
    assert third.startswith("100% (100% to 100%) of them begin at the top edge, 0% (")


def test_of_few_crops_nothing_is_said():
    boxes = np.tile([0.1, 0.1, 0.6, 0.6], (LEAST_CROPS, 1))
    boxes[0] = (0, 0, 1, 1)
    assert len(crop_habits(boxes, np.arange(LEAST_CROPS))) == 1
    assert crop_habits(boxes[1:], np.arange(LEAST_CROPS - 1)) == []
