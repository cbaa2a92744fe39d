import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from prefml.cropping.geometry import from_params
from prefml.cropping.keep import KeepClassifier
from prefml.cropping.scorer import WindowScores

CLUSTERS = np.repeat(np.arange(40), 10)


def drawn(seed=0, strength=20.0, n=400):
    """Return predictions of a scorer, and pictures kept the likelier the better the full frame."""
    rng = np.random.default_rng(seed)
    boxes = from_params(rng.uniform(0.3, 0.9, (n, 3)))
    scores = WindowScores(
        boxes, rng.uniform(0.5, 0.9, n), rng.uniform(0.3, 1.0, n), np.zeros(n, bool)
    )
    kept = rng.random(n) < expit(strength * (scores.full_iou - scores.best_iou))
    return scores, kept


def features(scores):
    side = scores.boxes[:, 2] - scores.boxes[:, 0]
    return np.column_stack([scores.full_iou - scores.best_iou, scores.full_iou, side])


def test_it_is_the_logistic_regression_of_standardised_features():
    scores, kept = drawn()
    model = KeepClassifier().fit(scores, kept, CLUSTERS)
    plain = make_pipeline(StandardScaler(), LogisticRegression()).fit(features(scores), kept)
    expected = plain.predict_proba(features(scores))[:, 1]
    np.testing.assert_allclose(model.predict(scores), expected, atol=1e-9)
    assert model.uses_features


def test_its_probabilities_are_calibrated_on_other_pictures():
    model = KeepClassifier().fit(*drawn(), CLUSTERS)
    scores, kept = drawn(seed=1)
    probability = model.predict(scores)
    assert probability.mean() == pytest.approx(kept.mean(), abs=0.06)
    likely = probability > 0.7
    assert kept[likely].mean() == pytest.approx(probability[likely].mean(), abs=0.1)


def test_without_signal_it_predicts_the_base_rate():
    scores, kept = drawn(strength=0.0)
    model = KeepClassifier().fit(scores, kept, CLUSTERS)
    assert not model.uses_features
    assert model.base_rate_ == pytest.approx((kept.sum() + 1) / 402)
    np.testing.assert_allclose(model.predict(scores), model.base_rate_)


def test_a_gain_in_one_cluster_alone_is_no_reason_to_leave_the_base_rate():
    scores, kept = drawn()
    model = KeepClassifier().fit(scores, kept, np.zeros(400, int))
    assert not model.uses_features


@pytest.mark.parametrize("always", [True, False])
def test_where_only_one_of_the_two_occurs_it_is_still_not_certain(always):
    scores, _ = drawn()
    model = KeepClassifier().fit(scores, np.full(400, always), CLUSTERS)
    assert set(model.predict(scores).round(12)) == {round(401 / 402 if always else 1 / 402, 12)}


def test_a_picture_has_the_same_probability_whatever_stands_beside_it():
    scores, kept = drawn()
    model = KeepClassifier().fit(scores, kept, CLUSTERS)
    alone = [model.predict(scores.take(np.arange(len(scores.boxes)) == i)) for i in range(10)]
    np.testing.assert_array_equal(np.concatenate(alone), model.predict(scores)[:10])
