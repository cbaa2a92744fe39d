import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prefml.ranking.calibration import WinCalibrator, softmax_in_sets
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
    assert 0.85 < probability[0] < 1


def simulate_projects(n_projects, spread, rng, n_sets=150, size=3):
    """Draw scores and winners of projects whose inverse temperatures differ."""
    parts = []
    for factor in np.maximum(rng.normal(2.0, spread, n_projects), 0.05):
        scores = rng.normal(size=(n_sets, size))
        winner = (factor * scores + rng.gumbel(size=scores.shape)).argmax(1)
        parts.append((scores, winner[:, None] == np.arange(size)))
    scores, y = (np.concatenate(part).ravel() for part in zip(*parts, strict=True))
    groups = np.repeat(np.arange(n_projects), n_sets * size)
    return scores, y.astype(int), index_sets(np.arange(len(y)) // size), groups


def test_a_new_project_is_better_calibrated_than_by_one_temperature_for_all():
    rng, gaps = np.random.default_rng(0), []
    for _ in range(10):
        scores, y, sets, groups = simulate_projects(6, 1.0, rng)
        calibrator = WinCalibrator().fit(scores, y, sets, groups=groups)
        pooled = WinCalibrator().fit(scores, y, sets)
        scores, y, sets, _ = simulate_projects(30, 1.0, rng)
        gaps.append([ece(y, c.predict(scores, sets), sets.codes) for c in (calibrator, pooled)])
    ours, theirs = np.mean(gaps, axis=0)
    assert ours < 0.85 * theirs


def test_projects_alike_leave_little_spread_and_different_ones_much():
    rng = np.random.default_rng(0)
    spreads = []
    for spread in (0.0, 1.0):
        scores, y, sets, groups = simulate_projects(8, spread, rng)
        spreads.append(WinCalibrator().fit(scores, y, sets, groups=groups).spread_)
    assert spreads[0] < 0.2 < spreads[1]


def test_spread_makes_probabilities_less_sure_and_keeps_their_order():
    scores, y, sets = simulate(300, 2.0)
    calibrator = WinCalibrator().fit(scores, y, sets)
    calibrator.spread_ = 0.0
    sure = calibrator.predict(scores, sets)
    calibrator.spread_ = 0.6
    wary = calibrator.predict(scores, sets)
    assert sets.reduce(np.maximum, wary).mean() < sets.reduce(np.maximum, sure).mean() - 0.02
    pairs = np.argsort(sure.reshape(-1, 3)), np.argsort(wary.reshape(-1, 3))
    assert np.array_equal(*pairs)


def test_repeated_sets_of_a_few_clusters_count_as_few():
    scores, y, sets = simulate(20, 1.5)
    many = np.tile(scores, 60), np.tile(y, 60), index_sets(np.arange(60 * len(y)) // 3)
    cluster = np.tile(sets.codes, 60)
    alone = WinCalibrator().fit(scores, y, sets)
    honest = WinCalibrator().fit(*many, cluster_id=cluster)
    naive = WinCalibrator().fit(*many)
    assert naive.isotonic_ is not None
    assert honest.isotonic_ is None
    assert honest.spread_ == pytest.approx(alone.spread_, rel=0.3)
    assert naive.spread_ < honest.spread_ / 4


@given(st.integers(2, 5))
def test_a_whole_weight_is_as_good_as_that_many_copies(times):
    scores, y, sets = simulate(80, 1.0)
    weight = np.where(sets.codes < 40, float(times), 1.0)
    weighed = WinCalibrator().fit(scores, y, sets, weight=weight)
    rows = np.concatenate([np.arange(len(y)), *[np.arange(120)] * (times - 1)])
    copy = np.concatenate([sets.codes, *[sets.codes[:120] + 1000 * i for i in range(1, times)]])
    copied = WinCalibrator().fit(scores[rows], y[rows], index_sets(copy))
    assert weighed.factor_ == pytest.approx(copied.factor_, rel=1e-3)


def test_weights_undo_that_hard_sets_are_drawn_more_often():
    rng = np.random.default_rng(0)
    scores, y, sets = simulate(6000, 1.0)
    hit = sets.reduce(np.maximum, np.where(y == 1, scores, -np.inf)) == sets.reduce(
        np.maximum, scores
    )
    drawn = rng.random(len(sets)) < np.where(hit, 0.2, 0.8)
    rows = np.flatnonzero(drawn[sets.codes])
    part = index_sets(sets.codes[rows])
    weight = np.where(hit[sets.codes[rows]], 1 / 0.2, 1 / 0.8)
    naive = WinCalibrator().fit(scores[rows], y[rows], part)
    weighed = WinCalibrator().fit(scores[rows], y[rows], part, weight=weight)
    assert weighed.factor_ == pytest.approx(1.0, abs=0.1)
    assert naive.factor_ < 0.5


def test_scores_that_lose_give_nearly_equal_chances():
    scores, y, sets = simulate(500, 2.0)
    calibrator = WinCalibrator().fit(-scores, y, sets)
    assert calibrator.spread_ == 0
    assert calibrator.predict(-scores, sets).max() < 0.34
