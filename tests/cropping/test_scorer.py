import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prefml.boxes import FULL_FRAME
from prefml.cropping.baselines import optimal_box
from prefml.cropping.geometry import from_params
from prefml.cropping.inputs import FeatureReader
from prefml.cropping.metrics import iou
from prefml.cropping.scorer import WindowScorer, WindowScores, blend_windows
from prefml.cropping.windows import candidate_windows


def scorer(n_estimators=30, seed=0):
    return WindowScorer(n_estimators, 0.15, 15, seed)


@pytest.fixture(scope="module")
def pictures(crops):
    reader = FeatureReader.fit(crops.X.to_numpy(), list(crops.X), 4)
    return reader.read(crops.X.to_numpy()), crops.boxes, np.ones(len(crops.boxes))


@pytest.fixture(scope="module")
def fitted_scorer(pictures):
    return scorer().fit(*pictures)


def test_candidates_are_the_grid_of_real_crops_the_constant_box_and_the_full_frame(pictures):
    _, boxes, weight = pictures
    prior = scorer().fit_prior(boxes, weight)
    cropped = boxes[(boxes != FULL_FRAME).any(axis=1)]
    np.testing.assert_array_equal(prior.windows_[:-2], candidate_windows(cropped))
    np.testing.assert_array_equal(prior.windows_[-2], optimal_box(boxes, weight))
    np.testing.assert_array_equal(prior.windows_[-1], FULL_FRAME)


def test_the_prior_of_a_window_is_its_mean_iou_with_the_crops(pictures):
    _, boxes, _ = pictures
    weight = np.random.default_rng(0).uniform(0.5, 2, len(boxes))
    prior = scorer().fit_prior(boxes, weight)
    expected = [np.average(iou(window, boxes), weights=weight) for window in prior.windows_]
    assert prior.prior_ == pytest.approx(expected)


def test_no_candidate_has_a_higher_prior_than_the_constant_box(pictures):
    _, boxes, weight = pictures
    prior = scorer().fit_prior(boxes, weight)
    assert prior.prior_.argmax() == len(prior.prior_) - 2


def test_with_the_prior_alone_every_picture_has_the_same_scores(pictures):
    features, boxes, weight = pictures
    prior = scorer().fit_prior(boxes, weight)
    assert not prior.uses_features
    np.testing.assert_array_equal(
        prior.score_candidates(features), np.tile(prior.prior_, (len(boxes), 1))
    )


def test_trees_see_the_object_that_the_crops_follow(fitted_scorer, unseen, crops):
    reader = FeatureReader.fit(crops.X.to_numpy(), list(crops.X), 4)
    scores = fitted_scorer.score_candidates(reader.read(unseen.X.to_numpy()))
    truth = iou(fitted_scorer.windows_[None], unseen.boxes[:, None])
    assert fitted_scorer.uses_features
    assert np.square(scores - truth).mean() < 0.5 * np.square(fitted_scorer.prior_ - truth).mean()
    found = fitted_scorer.predict_from_scores(scores)
    assert (
        iou(found.boxes, unseen.boxes).mean() > iou(fitted_scorer.windows_[-2], unseen.boxes).mean()
    )


def test_scores_do_not_depend_on_the_pictures_beside_and_alike_ones_score_alike(
    fitted_scorer, pictures
):
    features, *_ = pictures
    together = fitted_scorer.score_candidates(features[np.array([3, 7, 3, 9])])
    np.testing.assert_array_equal(together[0], together[2])
    for place, row in enumerate((3, 7)):
        alone = fitted_scorer.score_candidates(features[row : row + 1])
        np.testing.assert_array_equal(alone[0], together[place])


def test_no_picture_has_no_scores(fitted_scorer, pictures):
    found = fitted_scorer.predict(pictures[0][:0])
    assert found.boxes.shape == (0, 4)
    assert found.best_iou.shape == found.full_iou.shape == (0,)


def test_the_seed_decides_which_windows_are_learned_from(pictures):
    one, again, other = (scorer(5, seed).fit(*pictures) for seed in (0, 0, 1))
    few = pictures[0][:5]
    np.testing.assert_array_equal(one.score_candidates(few), again.score_candidates(few))
    assert not np.array_equal(one.score_candidates(few), other.score_candidates(few))


def test_the_best_window_comes_first_and_the_others_from_the_better_half(fitted_scorer, pictures):
    scores = fitted_scorer.score_candidates(pictures[0][:20])
    windows, drawn = fitted_scorer.sample_windows(scores, 12)
    crops = scores[:, :-1]
    assert windows.shape == (20, 12, 4)
    np.testing.assert_array_equal(drawn[:, 0], crops.max(axis=1))
    assert (np.diff(drawn, axis=1) <= 0).all()
    assert (drawn >= np.median(crops, axis=1, keepdims=True)).all()
    assert not (windows == FULL_FRAME).all(axis=2).any()


def test_the_full_frame_is_scored_apart_from_the_crops(fitted_scorer):
    scores = np.zeros((1, len(fitted_scorer.windows_)))
    scores[0, -1], scores[0, 7] = 0.9, 0.6
    found = fitted_scorer.predict_from_scores(scores)
    assert (found.full_iou[0], found.best_iou[0]) == (0.9, 0.6)
    np.testing.assert_allclose(found.boxes[0], fitted_scorer.windows_[7], atol=1e-6)


@given(
    arrays(float, (6, 3), elements=st.floats(0.05, 1.0)),
    arrays(float, 6, elements=st.floats(0.0, 1.0)),
)
def test_a_blend_is_the_softmax_weighted_mean_of_windows(params, scores):
    windows = from_params(params)
    weight = np.exp(60 * scores) / np.exp(60 * scores).sum()
    blended = blend_windows(windows, scores)
    np.testing.assert_allclose(blended, weight @ windows, atol=1e-9)
    assert blended[2] - blended[0] == pytest.approx(blended[3] - blended[1])


def test_parts_are_put_one_after_the_other():
    one = WindowScores(
        np.zeros((2, 4)), np.array([0.1, 0.2]), np.array([0.3, 0.4]), np.array([True, False])
    )
    other = WindowScores(np.ones((1, 4)), np.array([0.5]), np.array([0.6]), np.array([True]))
    found = WindowScores.concatenate([one, other])
    assert found.boxes[:, 0].tolist() == [0, 0, 1]
    assert found.best_iou.tolist() == [0.1, 0.2, 0.5]
    assert found.full_iou.tolist() == [0.3, 0.4, 0.6]
    assert found.people.tolist() == [True, False, True]
