import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from prefml.cropping.similar import SimilarityModel


def drawn(slope, intercept, n=4000, seed=0):
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0, 1, n)
    return scores, rng.random(n) < expit(slope * scores + intercept)


@pytest.mark.parametrize(("slope", "intercept"), [(8.0, -5.0), (3.0, 0.0)])
def test_platt_scaling_finds_the_curve_that_was_drawn_from(slope, intercept):
    model = SimilarityModel().fit(*drawn(slope, intercept))
    points = np.linspace(0, 1, 11)
    np.testing.assert_allclose(model.predict(points), expit(slope * points + intercept), atol=0.05)


def test_probabilities_are_as_often_right_as_they_say():
    model = SimilarityModel().fit(*drawn(6.0, -3.0))
    scores, similar = drawn(6.0, -3.0, seed=1)
    probability = model.predict(scores)
    for part in np.array_split(np.argsort(probability), 4):
        assert similar[part].mean() == pytest.approx(probability[part].mean(), abs=0.06)


@given(st.integers(0, 1000), st.floats(-10, 10))
def test_a_higher_score_is_never_less_likely_similar(seed, slope):
    model = SimilarityModel().fit(*drawn(slope, -slope / 2, n=60, seed=seed))
    assert (np.diff(model.predict(np.linspace(0, 1, 20))) >= 0).all()


@pytest.mark.parametrize(
    ("scores", "similar"),
    [
        (np.linspace(0, 1, 8), np.ones(8, bool)),
        (np.linspace(0, 1, 8), np.zeros(8, bool)),
        (np.full(8, 0.4), np.arange(8) < 2),
        (np.linspace(0, 1, 8), np.arange(8) < 2),
    ],
    ids=["always", "never", "equal scores", "falling"],
)
def test_where_scores_do_not_help_the_base_rate_is_predicted(scores, similar):
    model = SimilarityModel().fit(scores, similar)
    rate = (similar.sum() + 1) / 10
    np.testing.assert_allclose(model.predict(np.array([0.0, 0.5, 1.0])), rate)
    assert model.intercept_ == pytest.approx(logit(rate))
