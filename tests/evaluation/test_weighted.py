import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.evaluation.weighted import effective_number, weighted_gap, weighted_mean
from prefml.intervals import bootstrap_interval
from prefml.ranking.metrics import ece

VALUES = st.lists(st.sampled_from([0.0, 0.5, 1.0, np.nan]), min_size=1, max_size=40)


# Powers of two, whose sums are exact: a rounding may move a quantile to the next value.
@given(VALUES, st.integers(1, 5), st.sampled_from([0.5, 1.0, 4.0, 16.0]))
def test_equal_weights_are_no_weights(values, clusters, each):
    numbers, weight = np.array(values), np.full(len(values), each)
    label = np.arange(len(values)) % clusters
    known = numbers[~np.isnan(numbers)]
    mean = known.mean() if len(known) else np.nan
    assert weighted_mean(numbers, weight) == pytest.approx(mean, nan_ok=True)
    found = bootstrap_interval(numbers, label, weights=weight)
    assert found == pytest.approx(bootstrap_interval(numbers, label), nan_ok=True)
    assert effective_number(weight) == pytest.approx(len(values))


def test_with_equal_weights_the_gap_is_the_calibration_error():
    rng = np.random.default_rng(0)
    chance = rng.dirichlet([1, 1], 60)
    y = (rng.random(60)[:, None] < chance[:, :1]) == np.array([True, False])
    names = np.repeat(np.arange(60), 2)
    hits = y[np.arange(60), chance.argmax(1)].astype(float)
    expected = ece(y.ravel().astype(int), chance.ravel(), names, 10)
    assert weighted_gap(chance.max(1), hits, np.full(60, 3.0), 10) == pytest.approx(expected)


def test_a_value_that_stands_for_many_counts_as_many():
    values, weight = np.array([0.0, 1.0, np.nan]), np.array([1.0, 9.0, 5.0])
    assert weighted_mean(values, weight) == 0.9
    assert np.isnan(weighted_mean(values[2:], weight[2:]))
    assert weighted_gap(np.array([0.9, 0.9]), values[:2], weight[:2], 1) == pytest.approx(0)


def test_the_interval_of_a_random_sample_weighed_by_its_inverse_holds_the_mean_of_all():
    """Planted: of the easy sets a tenth is asked, of the hard ones all are."""
    rng, held, naive = np.random.default_rng(1), 0, 0
    for _ in range(200):
        easy = rng.random(1000) < 0.5
        right = (rng.random(1000) < np.where(easy, 0.95, 0.6)).astype(float)
        asked = ~easy | (rng.random(1000) < 0.1)
        weight = np.where(easy, 10.0, 1.0)[asked]
        low, high = bootstrap_interval(right[asked], np.arange(asked.sum()), weights=weight)
        held += low <= 0.775 <= high
        naive += abs(right[asked].mean() - 0.775) < 0.05
    assert held / 200 >= 0.9
    assert naive == 0
