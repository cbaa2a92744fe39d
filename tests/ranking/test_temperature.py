import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.ranking.temperature import (
    CalibrationSets,
    Estimate,
    effective_number,
    fit_inverse_temperature,
    pool_estimates,
    predict_new_project,
)
from prefml.sets import index_sets


def simulate(n_sets, factor, rng, cluster=None):
    scores = rng.normal(size=(n_sets, 3))
    winner = (factor * scores + rng.gumbel(size=scores.shape)).argmax(1)
    share = (winner[:, None] == np.arange(3)).astype(float).ravel()
    sets = index_sets(np.repeat(np.arange(n_sets), 3))
    cluster = np.arange(n_sets) if cluster is None else cluster
    return CalibrationSets(scores.ravel(), share, sets, np.ones(n_sets), cluster)


@pytest.mark.parametrize("factor", [-1.0, 0.0, 0.5, 3.0])
def test_the_stated_variance_is_that_of_the_estimates(factor):
    rng = np.random.default_rng(0)
    found = [fit_inverse_temperature(simulate(200, factor, rng)) for _ in range(200)]
    values = np.array([one.value for one in found])
    assert values.mean() == pytest.approx(factor, abs=0.1)
    assert np.mean([one.variance for one in found]) == pytest.approx(values.var(), rel=0.35)


def test_scores_that_are_equal_in_each_set_have_no_temperature():
    data = simulate(10, 1.0, np.random.default_rng(0))
    flat = CalibrationSets(np.ones(30), data.share, data.sets, data.weight, data.cluster)
    assert fit_inverse_temperature(flat) == Estimate(1.0, 0.0)


def test_copies_in_a_cluster_leave_the_variance_of_the_originals():
    data = simulate(60, 1.0, np.random.default_rng(0))
    copies = CalibrationSets(
        np.tile(data.scores, 10),
        np.tile(data.share, 10),
        index_sets(np.arange(1800) // 3),
        np.ones(600),
        np.tile(data.cluster, 10),
    )
    one, ten = fit_inverse_temperature(data), fit_inverse_temperature(copies)
    assert ten.value == pytest.approx(one.value, rel=1e-2)
    assert ten.variance == pytest.approx(one.variance, rel=0.3)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40))
def test_the_effective_number_lies_between_one_and_the_number_of_clusters(cluster):
    found = effective_number(np.ones(len(cluster)), np.array(cluster))
    assert 1 - 1e-9 <= found <= len(set(cluster)) + 1e-9


def test_equal_independent_observations_count_in_full():
    assert effective_number(np.full(7, 3.0), np.arange(7)) == pytest.approx(7)
    assert effective_number(np.zeros(2), np.arange(2)) == 0


def test_projects_that_agree_are_pooled_by_their_precision():
    found = pool_estimates([Estimate(1.0, 0.01), Estimate(1.1, 0.03)])
    assert found.value == pytest.approx((1.0 * 3 + 1.1) / 4)
    assert found.variance == pytest.approx(1 / (1 / 0.01 + 1 / 0.03))


def test_projects_that_differ_beyond_chance_count_alike():
    found = pool_estimates([Estimate(value, 0.01) for value in (0.0, 2.0, 4.0)])
    assert found.value == pytest.approx(2.0, abs=0.01)
    assert found.variance == pytest.approx((4.0 - 0.01) * (1 + 1 / 3) + 0.01 / 3)


def test_the_spread_of_projects_is_found():
    rng, found = np.random.default_rng(0), []
    for _ in range(30):
        values = rng.normal(2.0, 0.5, 10) + rng.normal(0, 0.2, 10)
        found.append(pool_estimates([Estimate(value, 0.04) for value in values]).variance)
    assert np.mean(found) == pytest.approx(0.25 * 1.1, rel=0.25)


def test_projects_of_a_few_sets_are_taken_together():
    rng = np.random.default_rng(0)
    data = simulate(120, 1.0, rng)
    scattered = predict_new_project(data, np.arange(120) // 5)
    assert scattered == fit_inverse_temperature(data)
    assert predict_new_project(data, None) == fit_inverse_temperature(data)


def test_some_of_the_sets_keep_their_weights_and_clusters():
    data = simulate(5, 1.0, np.random.default_rng(0), np.array([4, 3, 2, 1, 0]))
    part = data.take(np.array([3, 1]))
    assert part.cluster.tolist() == [3, 1]
    assert np.array_equal(part.scores, np.concatenate([data.scores[3:6], data.scores[9:12]]))
