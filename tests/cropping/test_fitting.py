from dataclasses import replace

import numpy as np
import pytest

from prefml.boxes import FULL_FRAME, is_whole
from prefml.cropping import fitting
from prefml.cropping.bands import EdgeBands
from prefml.cropping.baselines import optimal_box
from prefml.cropping.fitting import CropTrainingSet, fit_crop_model
from prefml.cropping.held_out import gain_lower_bound
from prefml.cropping.inputs import FeatureReader
from prefml.cropping.metrics import iou
from prefml.cropping.scorer import WindowScorer, WindowScores


def training_set(made, groups=True, n=None, folds=4):
    X = made.X.to_numpy()[:n]
    reader = FeatureReader.fit(X, list(made.X), 4)
    project = made.project[:n] if groups else None
    return CropTrainingSet.of(reader.read(X), made.boxes[:n], np.ones(len(X)), project, folds)


def make_scorer():
    return WindowScorer(30, 0.15, 15, 0)


def make_bands():
    return EdgeBands(0.8, 0)


class Recorder(WindowScorer):
    """Remember which pictures were fitted on and which were scored, by their first feature."""

    def __init__(self, log):
        super().__init__(5, 0.15, 15, 0)
        self.log = log

    def fit(self, features, boxes, weight):
        self.fitted_on = {tuple(row) for row in features.boxes[:, 0].tolist()}
        return super().fit(features, boxes, weight)

    def score_candidates(self, features):
        self.log.append((self.fitted_on, {tuple(row) for row in features.boxes[:, 0].tolist()}))
        return super().score_candidates(features)


def test_every_picture_is_scored_once_in_a_split_by_a_scorer_fitted_without_it(crops):
    given, log = training_set(crops), []
    fit_crop_model(given, lambda: Recorder(log), make_bands)
    assert len(given.splits) == 2
    everything = {tuple(row) for row in given.features.boxes[:, 0].tolist()}
    assert all(not fitted & scored for fitted, scored in log)
    assert all(fitted | scored == everything for fitted, scored in log)
    scored = [row for _, rows in log for row in rows]
    assert len(scored) == 2 * len(everything)


def naive_scores(given, folds):
    """Return out-of-fold predictions, with a scorer fitted from scratch for each fold."""
    parts = {}
    for fold in set(folds.tolist()):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        fitted = make_scorer().fit(given.features[train], given.boxes[train], given.weight[train])
        found = fitted.predict(given.features[test])
        for place, row in enumerate(test):
            parts[row] = (found.boxes[place], found.best_iou[place], found.full_iou[place], False)
    return WindowScores(
        *map(np.array, zip(*(parts[row] for row in range(len(folds))), strict=True))
    )


@pytest.fixture(scope="module")
def fitted_model(crops):
    given = training_set(crops)
    return fit_crop_model(given, make_scorer, make_bands), given


def test_held_out_iou_is_that_of_fits_without_each_fold(fitted_model):
    model, given = fitted_model
    scores = naive_scores(given, given.splits[0])
    assert model.inner_iou["scored"] == pytest.approx(iou(scores.boxes, given.boxes).mean())
    assert model.inner_iou["constant"] == pytest.approx(iou(model.constant, given.boxes).mean())
    chosen = iou(model.boxes(scores), given.boxes).mean()
    assert model.inner_iou["chosen"] == pytest.approx(chosen)


def test_shrinkage_and_threshold_are_the_best_of_a_plain_search(fitted_model):
    model, given = fitted_model
    scores = naive_scores(given, given.splits[0])

    def bound(share):
        moved = model.constant + share * (scores.boxes - model.constant)
        gain = iou(moved, given.boxes) - iou(model.constant, given.boxes)
        return gain_lower_bound(gain, given.clusters)

    bounds = {0.0: 0.0} | {share: bound(share) for share in (0.25, 0.5, 0.75, 1.0)}
    assert model.shrink == max(bounds, key=bounds.get) > 0
    crops, probability = model.crops(scores), model.keep.predict(scores)
    gains = {}
    for threshold in np.unique(np.quantile(probability, np.linspace(0.01, 0.99, 99))):
        chosen = np.where((probability >= threshold)[:, None], FULL_FRAME, crops)
        gain = iou(chosen, given.boxes) - iou(crops, given.boxes)
        if gain_lower_bound(gain, given.clusters) > 0:
            gains[threshold] = gain.mean()
    assert model.threshold == max(gains, key=gains.get)


def test_what_is_proposed_is_a_crop_or_the_full_frame_by_the_threshold(fitted_model):
    model, given = fitted_model
    scores = model.scorer.predict(given.features)
    boxes, kept = model.boxes(scores), model.keep.predict(scores) >= model.threshold
    assert kept.any()
    assert not kept.all()
    np.testing.assert_array_equal(is_whole(boxes), kept | is_whole(model.crops(scores)))
    np.testing.assert_array_equal(boxes[~kept], model.crops(scores)[~kept])


def test_pictures_that_say_nothing_leave_the_constant_box(noise):
    given = training_set(noise)
    model = fit_crop_model(given, make_scorer, make_bands)
    assert (model.shrink, model.threshold) == (0.0, np.inf)
    assert not model.scorer.uses_features
    np.testing.assert_array_equal(model.constant, optimal_box(given.boxes, given.weight))
    scores = model.scorer.predict(given.features[:3])
    np.testing.assert_array_equal(model.boxes(scores), np.tile(model.constant, (3, 1)))


def test_few_crops_are_too_few_to_fit_trees(crops):
    log = []
    model = fit_crop_model(training_set(crops, n=39), lambda: make_scorer_logged(log), make_bands)
    assert log == []
    assert model.shrink == 0.0
    fit_crop_model(training_set(crops, n=40), lambda: make_scorer_logged(log), make_bands)
    assert log


def make_scorer_logged(log):
    class Logged(WindowScorer):
        def fit(self, features, boxes, weight):
            log.append(len(boxes))
            return super().fit(features, boxes, weight)

    return Logged(5, 0.15, 15, 0)


def test_without_projects_there_is_one_way_to_hold_rows_out(crops):
    with_projects, without = training_set(crops), training_set(crops, groups=False)
    assert (len(with_projects.splits), len(without.splits)) == (2, 1)
    for fold in np.unique(with_projects.splits[0]):
        inside = set(crops.project[with_projects.splits[0] == fold])
        assert not inside & set(crops.project[with_projects.splits[0] != fold])
    for split in with_projects.splits:
        for cluster in np.unique(with_projects.clusters):
            assert len(set(split[with_projects.clusters == cluster])) == 1


@pytest.mark.parametrize("everywhere", [True, False])
def test_a_threshold_must_gain_in_more_than_one_cluster(crops, everywhere):
    given = training_set(crops, groups=False)
    kept = np.arange(240) % 8 == 0 if everywhere else given.clusters == given.clusters[0]
    boxes = np.where(kept[:, None], FULL_FRAME, np.array([0.1, 0.1, 0.7, 0.7]))
    proposed = np.tile([0.1, 0.1, 0.7, 0.7], (240, 1))
    probability = np.where(kept, 0.9, 0.1)
    threshold = fitting._select_threshold(probability, proposed, replace(given, boxes=boxes))
    assert threshold == (0.9 if everywhere else np.inf)
