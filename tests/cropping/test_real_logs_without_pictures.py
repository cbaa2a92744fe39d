"""On real logs without pictures no crop model may do worse than the constant box."""

import numpy as np
import pandas as pd
import pytest

from prefml.cropping import CropRegressor
from prefml.cropping.baselines import ConstantBox
from prefml.cropping.metrics import iou
from prefml.decisions import read_decisions
from prefml.features.tables import crop_table
from prefml.workspace import Workspace


@pytest.fixture(scope="module")
def table(shared):
    return crop_table(read_decisions(Workspace.open(shared / "data" / "real_logs")).crops)


def labels_of(table, kind):
    days = pd.Series(table.timestamp).dt.date.astype(str)
    return {
        "random": lambda: np.random.default_rng(0).integers(0, 3, len(table)),
        "project": lambda: pd.factorize(table.project)[0],
        "date": lambda: pd.factorize(days)[0] // 2,
    }[kind]()


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["random", "project", "date"])
def test_without_pictures_the_constant_box_is_never_left_for_something_worse(table, kind):
    labels = labels_of(table, kind)
    ours, constant = np.zeros((2, len(table)))
    for label in np.unique(labels):
        train, test = labels != label, labels == label
        X, boxes, unseen = table.X[train], table.boxes[train], table.X[test]
        model = CropRegressor().fit(X, boxes, groups=table.project[train])
        fixed = ConstantBox().fit(X, boxes)
        ours[test] = iou(model.predict(unseen), table.boxes[test])
        constant[test] = iou(fixed.predict(unseen), table.boxes[test])
    assert ours.mean() >= constant.mean() - 0.002
    assert constant.mean() == pytest.approx(0.69, abs=0.01)


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("projects_known", [True, False])
def test_bands_of_real_crops_cover_what_they_promise(table, projects_known):
    held_out = np.random.default_rng(0).random(len(table)) < 0.25
    rest = ~held_out
    groups = table.project[rest] if projects_known else None
    model = CropRegressor().fit(table.X[rest], table.boxes[rest], groups=groups)
    bands, edges = model.predict_bands(table.X[held_out]), table.boxes[held_out]
    inside = (bands[..., 0] <= edges) & (edges <= bands[..., 1])
    assert 0.77 <= inside.mean() <= 0.83
