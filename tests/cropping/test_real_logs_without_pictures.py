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


def bands_hold(table, project, named):
    """Fit three quarters of the crops and look which edges of the others lie in their bands."""
    held_out = np.random.default_rng(0).random(len(table)) < 0.25
    rest = ~held_out
    groups = None if project is None else project[rest]
    model = CropRegressor().fit(table.X[rest], table.boxes[rest], groups=groups)
    bands = model.predict_bands(table.X[held_out], project[held_out] if named else None)
    edges = table.boxes[held_out]
    return held_out, (bands[..., 0] <= edges) & (edges <= bands[..., 1])


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("projects_known", [True, False])
def test_bands_of_real_crops_cover_what_they_promise(table, projects_known):
    project = table.project if projects_known else None
    _, inside = bands_hold(table, project, named=projects_known)
    assert 0.77 <= inside.mean() <= 0.83


@pytest.mark.shared
@pytest.mark.slow
def test_bands_of_a_project_that_is_not_named_cover_the_mean_of_all_projects(table):
    held_out, inside = bands_hold(table, table.project, named=False)
    by_project = pd.Series(inside.mean(axis=1)).groupby(table.project[held_out]).mean()
    assert 0.77 <= by_project.mean() <= 0.83
