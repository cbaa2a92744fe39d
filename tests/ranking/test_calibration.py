import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prefml.ranking.calibration import WinCalibrator, softmax_in_sets, temperature_correction
from prefml.ranking.metrics import ece
from prefml.sets import index_sets


def simulate(n_sets, factor, seed=0, size=3):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n_sets, size))
    chance = np.exp(factor * scores)
    chance /= chance.sum(1, keepdims=True)
    winner = (rng.random(n_sets)[:, None] > chance.cumsum(1)).sum(1)
    y = (np.arange(size) == winner[:, None]).astype(int)
    return scores.ravel(), y.ravel(), index_sets(np.repeat(np.arange(n_sets), size))


@pytest.mark.parametrize("factor", [0.2, 1.0, 5.0])
def test_the_temperature_is_found(factor):
    scores, y, sets = simulate(3000, factor)
    assert WinCalibrator().fit(scores, y, sets).factor_ == pytest.approx(factor, rel=0.15)


@pytest.mark.parametrize("isotonic_from", [10**9, 100])
def test_fresh_data_are_calibrated(isotonic_from):
    calibrator = WinCalibrator(isotonic_from).fit(*simulate(3000, 2.0))
    scores, y, sets = simulate(3000, 2.0, seed=1)
    assert ece(y, calibrator.predict(scores, sets), sets.codes) < 0.03


@given(arrays(float, 12, elements=st.floats(-50, 50)), st.sampled_from([10**9, 1]))
def test_probabilities_sum_to_one_and_keep_the_order(scores, isotonic_from):
    calibrator = WinCalibrator(isotonic_from).fit(*simulate(300, 1.0))
    sets = index_sets([0] * 2 + [1] * 3 + [2] + [3] * 6)
    probability = calibrator.predict(scores, sets)
    assert np.allclose(sets.reduce(np.add, probability), 1)
    assert (probability >= 0).all()
    for rows in sets.members():
        best = rows[np.argmax(scores[rows])]
        assert probability[best] == pytest.approx(probability[rows].max())


def test_softmax_of_huge_scores_is_finite():
    sets = index_sets([0, 0])
    assert softmax_in_sets(np.array([1e300, -1e300]), sets).tolist() == [1, 0]


def test_scores_that_say_nothing_give_equal_chances():
    _, y, sets = simulate(50, 1.0)
    calibrator = WinCalibrator().fit(np.zeros(150), y, sets)
    assert np.allclose(calibrator.predict(np.zeros(150), sets), 1 / 3)


def test_choices_that_are_always_right_leave_the_factor_finite():
    y = np.tile([1, 0], 40)
    sets = index_sets(np.repeat(np.arange(40), 2))
    probability = WinCalibrator().fit(y.astype(float), y, sets).predict(y.astype(float), sets)
    assert 0.9 < probability[0] < 1


def test_growth_fades_with_data_with_folds_and_with_skill():
    assert (
        temperature_correction(500, 5, 0.2)
        > temperature_correction(5000, 5, 0.2)
        > temperature_correction(500_000, 5, 0.2)
        > 1
    )
    assert temperature_correction(500, 5, 0.2) > temperature_correction(500, 10, 0.2)
    assert (
        temperature_correction(500, 5, 0.2)
        > temperature_correction(500, 5, 0.6)
        > temperature_correction(500, 5, 1.0)
        == 1
    )


def test_growth_is_bounded_where_chance_does_better():
    assert temperature_correction(500, 2, -3.0) == 1.25


def test_skill_is_none_without_knowledge_and_all_with_certainty():
    _, y, sets = simulate(300, 1.0)
    assert WinCalibrator().fit(np.zeros(900), y, sets).skill(np.zeros(900), y, sets) == (
        pytest.approx(0, abs=1e-9)
    )
    knowing = y.astype(float)
    assert WinCalibrator().fit(knowing, y, sets).skill(knowing, y, sets) > 0.99


def test_a_sharpened_calibrator_is_surer():
    scores, y, sets = simulate(300, 1.0)
    calibrator = WinCalibrator().fit(scores, y, sets)
    before = calibrator.predict(scores, sets).max()
    calibrator.sharpen(1.2)
    assert calibrator.predict(scores, sets).max() > before
