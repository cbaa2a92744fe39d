from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prefml.evaluation.crops import CropRuns, crop_metrics
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
