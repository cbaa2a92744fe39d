import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from prefml.boxes import is_whole, to_pixels
from prefml.cropping import CropRegressor
from prefml.cropping.baselines import ConstantBox
from prefml.cropping.metrics import iou, keep_balanced_accuracy

finite = st.floats(allow_nan=False, allow_infinity=False)
patient = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def test_crops_that_follow_an_object_are_learned(fitted, unseen):
    constant = ConstantBox().fit(unseen.X, unseen.boxes).predict(unseen.X)
    learned = iou(fitted.predict(unseen.X), unseen.boxes).mean()
    assert learned > iou(constant, unseen.boxes).mean() + 0.2
    assert fitted.shrink_ > 0


def test_keeping_whole_is_told_from_cropping(fitted, unseen):
    proposed = is_whole(fitted.predict(unseen.X))
    assert keep_balanced_accuracy(is_whole(unseen.boxes), proposed) > 0.8


def test_keep_probability_is_calibrated(fitted, unseen):
    probability, kept = fitted.keep_probability(unseen.X), is_whole(unseen.boxes)
    assert probability.mean() == pytest.approx(kept.mean(), abs=0.05)
    assert kept[probability > 0.9].mean() > 0.8
    assert kept[probability < 0.1].mean() < 0.1


def test_bands_hold_the_edges_four_times_out_of_five(fitted, unseen):
    bands = fitted.predict_bands(unseen.X)
    inside = (bands[..., 0] <= unseen.boxes) & (unseen.boxes <= bands[..., 1])
    assert 0.74 < inside.mean() < 0.88


def test_without_signal_the_constant_box_is_proposed_exactly(fitted_on_noise, noise):
    constant = ConstantBox().fit(noise.X, noise.boxes).predict(noise.X)
    np.testing.assert_array_equal(fitted_on_noise.predict(noise.X), constant)
    assert fitted_on_noise.shrink_ == 0.0
    assert fitted_on_noise.keep_threshold_ == np.inf


def test_without_signal_every_picture_is_as_likely_to_be_kept(fitted_on_noise, noise):
    probability = fitted_on_noise.keep_probability(noise.X)
    assert np.ptp(probability) == 0.0
    assert probability[0] == pytest.approx(is_whole(noise.boxes).mean(), abs=0.02)


def test_without_signal_the_bands_are_the_same_for_all_and_still_hold(fitted_on_noise, more_noise):
    fresh = more_noise
    bands = fitted_on_noise.predict_bands(fresh.X)
    inside = (bands[..., 0] <= fresh.boxes) & (fresh.boxes <= bands[..., 1])
    assert np.ptp(bands, axis=0).max() == 0.0
    assert 0.74 < inside.mean() < 0.86


def test_a_few_crops_give_the_constant_box(crops):
    model = CropRegressor().fit(crops.X[:20], crops.boxes[:20])
    assert model.shrink_ == 0.0
    np.testing.assert_array_equal(model.predict(crops.X[:1])[0], model.constant_)


def test_one_crop_is_enough_to_fit(crops):
    model = CropRegressor().fit(crops.X[:1], crops.boxes[:1])
    np.testing.assert_allclose(model.predict(crops.X[:1]), crops.boxes[:1], atol=0.01)


@given(arrays(float, (3, 6), elements=finite))
@patient
def test_any_finite_input_gives_a_box_of_the_pictures_aspect(fitted, X):
    boxes = fitted.predict(pd.DataFrame(X, columns=fitted.feature_names_in_))
    sides = boxes[:, 2:] - boxes[:, :2]
    assert (boxes >= 0).all()
    assert (boxes <= 1).all()
    np.testing.assert_allclose(sides[:, 0], sides[:, 1], atol=1e-12)
    assert (sides >= fitted.min_side - 1e-12).all()


@given(
    arrays(float, (1, 6), elements=finite), st.integers(1, 5000), st.integers(1, 5000),
    st.integers(0, 2000),
)  # fmt: skip
@patient
def test_any_box_in_pixels_keeps_the_aspect_and_the_least_size(fitted, X, width, height, least):
    model = clone(fitted).set_params(min_pixels=least)
    model.__dict__ |= {name: value for name, value in vars(fitted).items() if name.endswith("_")}
    box = model.predict(pd.DataFrame(X, columns=fitted.feature_names_in_), size=[[width, height]])[
        0
    ]
    left, top, right, bottom = to_pixels(box, (width, height))
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert abs((bottom - top) - (right - left) * height / width) <= 1
    assert min(right - left, bottom - top) >= min(least, width, height)


def test_each_row_is_predicted_by_itself(fitted, unseen):
    together = fitted.predict(unseen.X)
    alone = [fitted.predict(unseen.X.iloc[[i]])[0] for i in range(30)]
    np.testing.assert_array_equal(alone, together[:30])
    shuffled = np.random.default_rng(0).permutation(len(unseen.X))
    np.testing.assert_array_equal(fitted.predict(unseen.X.iloc[shuffled]), together[shuffled])


def test_fitting_twice_gives_the_same(crops, fitted, unseen):
    again = clone(fitted).fit(crops.X, crops.boxes, groups=crops.project)
    np.testing.assert_array_equal(again.predict(unseen.X), fitted.predict(unseen.X))


def test_a_pickled_model_predicts_the_same(fitted, unseen):
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.predict(unseen.X), fitted.predict(unseen.X))
    np.testing.assert_array_equal(copy.predict_bands(unseen.X), fitted.predict_bands(unseen.X))


def test_a_plain_array_will_do(crops):
    X = crops.X.to_numpy()
    boxes = CropRegressor(n_estimators=20).fit(X, crops.boxes).predict(X[:5])
    assert boxes.shape == (5, 4)


def test_a_missing_object_is_no_obstacle(fitted, unseen):
    blind = unseen.X.assign(**{name: np.nan for name in unseen.X if "thing" in name})
    assert np.isfinite(fitted.predict(blind)).all()


def test_rows_of_weight_zero_are_left_out(crops):
    half = np.arange(len(crops.boxes)) % 2 == 0
    settings = {"n_estimators": 20}
    weighted = CropRegressor(**settings).fit(
        crops.X, crops.boxes, groups=crops.project, sample_weight=half.astype(float)
    )
    fewer = CropRegressor(**settings).fit(
        crops.X[half], crops.boxes[half], groups=crops.project[half]
    )
    np.testing.assert_array_equal(weighted.predict(crops.X), fewer.predict(crops.X))


def test_score_is_the_mean_overlap(fitted, unseen):
    expected = iou(fitted.predict(unseen.X), unseen.boxes).mean()
    assert fitted.score(unseen.X, unseen.boxes) == pytest.approx(expected)


def test_metadata_is_routed_by_cross_validation(crops):
    model = make_pipeline(FunctionTransformer(), CropRegressor(n_estimators=5, inner_folds=2))
    with config_context(enable_metadata_routing=True):
        scores = cross_validate(
            model, crops.X, crops.boxes, cv=GroupKFold(2),
            params={"groups": crops.project, "size": crops.size},
        )["test_score"]  # fmt: skip
    assert len(scores) == 2


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"size": [[0, 1]]}, "size must have shape"),
        ({"size": [[np.nan, 1]] * 240}, "size must have shape"),
        ({"sample_weight": np.zeros(240)}, "at least one non-zero"),
        ({"groups": ["a"]}, "inconsistent numbers"),
    ],
)
def test_metadata_of_another_length_or_kind_is_refused(crops, extra, message):
    with pytest.raises(ValueError, match=message):
        CropRegressor().fit(crops.X, crops.boxes, **extra)


@pytest.mark.parametrize(
    "setting", [{"coverage": 1.0}, {"min_side": 0.0}, {"inner_folds": 1}, {"n_estimators": 0}]
)
def test_impossible_settings_are_named(crops, setting):
    with pytest.raises(ValueError, match=next(iter(setting))):
        CropRegressor(**setting).fit(crops.X, crops.boxes)


def test_few_trees_learn_crops_that_follow_an_object(crops, unseen):
    model = clone(CropRegressor()).set_params(n_estimators=40)
    model.fit(crops.X, crops.boxes, groups=crops.project)
    constant = CropRegressor().fit(crops.X[:20], crops.boxes[:20])
    assert model.score(unseen.X, unseen.boxes) > constant.score(unseen.X, unseen.boxes) + 0.2
    assert np.isfinite(model.keep_threshold_)


def test_bands_of_a_known_project_are_its_own(fitted, unseen):
    own = np.full(len(unseen.X), min(fitted.model_.bands.own_moves_), object)
    known = fitted.predict_bands(unseen.X, own)
    unknown = fitted.predict_bands(unseen.X, own + "?")
    np.testing.assert_array_equal(unknown, fitted.predict_bands(unseen.X))
    assert not np.array_equal(known, unknown)
    proposal = fitted.propose(unseen.X[:1], groups=own[:1])[0]
    np.testing.assert_allclose(proposal.bands, known[0])
