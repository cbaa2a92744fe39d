import numpy as np
import pandas as pd
import pytest

from prefml.cropping.baselines import (
    ConstantBox,
    FullFrame,
    SaliencyBox,
    SizeStageBoost,
    optimal_box,
)
from prefml.cropping.geometry import from_params
from prefml.cropping.metrics import iou


@pytest.fixture(scope="module")
def boxes():
    rng = np.random.default_rng(0)
    params = np.column_stack(
        [rng.beta(6, 3, 300), rng.beta(2, 2, 300), np.maximum(rng.normal(0, 0.3, 300), 0)]
    )
    return from_params(params)


def test_no_box_of_a_fine_grid_beats_the_optimal_one(boxes):
    side, u, v = np.meshgrid(np.linspace(0.3, 1, 29), *[np.linspace(0, 1, 21)] * 2, indexing="ij")
    grid = from_params(np.column_stack([side.ravel(), u.ravel(), v.ravel()]))
    best = max(iou(box, boxes).mean() for box in grid)
    assert iou(optimal_box(boxes), boxes).mean() >= best - 1e-6


def test_the_optimal_box_beats_median_and_mean(boxes):
    best = iou(optimal_box(boxes), boxes).mean()
    assert best > iou(np.median(boxes, axis=0), boxes).mean()
    assert best > iou(boxes.mean(axis=0), boxes).mean()


def test_weights_move_the_optimal_box():
    boxes = np.array([[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0]])
    np.testing.assert_allclose(optimal_box(boxes, np.array([1.0, 3.0])), boxes[1], atol=1e-3)


def test_constant_box_does_not_look_at_the_picture(boxes):
    predicted = ConstantBox().fit(np.zeros((300, 1)), boxes).predict(np.ones((3, 1)))
    np.testing.assert_array_equal(predicted, np.tile(optimal_box(boxes), (3, 1)))


def test_full_frame_keeps_everything(boxes):
    predicted = FullFrame().fit(np.zeros((300, 1)), boxes).predict(np.zeros((2, 1)))
    assert predicted.tolist() == [[0, 0, 1, 1]] * 2


def test_saliency_box_is_centred_where_the_picture_draws_the_eye():
    boxes = np.tile([0.3, 0.3, 0.7, 0.7], (10, 1))
    X = pd.DataFrame({"cue__saliency_x": [0.4, 0.0, np.nan], "cue__saliency_y": [0.6, 1.0, 0.5]})
    predicted = SaliencyBox().fit(np.zeros((10, 2)), boxes).predict(X)
    expected = [[0.2, 0.4, 0.6, 0.8], [0, 0.6, 0.4, 1], [0.3, 0.3, 0.7, 0.7]]
    np.testing.assert_allclose(predicted, expected, atol=1e-3)


def test_size_and_stage_are_memorised():
    X = pd.DataFrame({"width": [100.0, 200.0] * 60, "stage": [1.0, 2.0] * 60, "other": range(120)})
    boxes = np.tile([[0, 0, 0.5, 0.5], [0.2, 0.2, 1, 1]], (60, 1))
    predicted = SizeStageBoost(n_estimators=100).fit(X, boxes).predict(X)
    assert iou(predicted, boxes).min() > 0.95


def test_without_a_column_for_what_is_salient_the_box_stays_where_it_is(boxes):
    model = SaliencyBox().fit(np.zeros((len(boxes), 2)), boxes)
    predicted = model.predict(pd.DataFrame({"width": [100.0, 200.0]}))
    np.testing.assert_allclose(predicted, [optimal_box(boxes)] * 2)


def test_an_array_without_names_is_all_size_and_stage():
    X = np.column_stack([[100.0, 200.0] * 60, [1.0, 2.0] * 60])
    boxes = np.tile([[0, 0, 0.5, 0.5], [0.2, 0.2, 1, 1]], (60, 1))
    predicted = SizeStageBoost(n_estimators=100).fit(X, boxes).predict(X)
    assert iou(predicted, boxes).min() > 0.95
