import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from prefml.intervals import (
    bootstrap_interval,
    clopper_pearson_lower,
    clopper_pearson_upper,
)

trials = st.integers(1, 400)


@given(trials, st.floats(0, 1), st.floats(0.001, 0.5))
def test_the_bounds_are_those_of_scipys_exact_test(total, share, delta):
    hits = round(share * total)
    found = binomtest(hits, total).proportion_ci(1 - 2 * delta, method="exact")
    assert clopper_pearson_lower(hits, total, delta) == pytest.approx(found.low, abs=1e-9)
    assert clopper_pearson_upper(hits, total, delta) == pytest.approx(found.high, abs=1e-9)


@pytest.mark.parametrize("truth", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("total", [7, 60])
def test_the_upper_bound_is_too_low_no_oftener_than_it_promises(truth, total):
    hits = np.arange(total + 1)
    broken = clopper_pearson_upper(hits, np.full(total + 1, total), 0.05) < truth
    assert binom.pmf(hits[broken], total, truth).sum() <= 0.05


def test_without_trials_nothing_is_known():
    assert clopper_pearson_lower(0, 0) == 0
    assert clopper_pearson_upper(0, 0) == 1


def test_halves_of_a_tie_are_rounded_away_from_certainty():
    assert clopper_pearson_upper(1.5, 10) == clopper_pearson_upper(2, 10)
    assert clopper_pearson_lower(1.5, 10) == clopper_pearson_lower(1, 10)


def test_interval_is_wider_where_rows_come_in_groups():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 50)
    values = rng.normal(0, 1, 20)[groups]
    low, high = bootstrap_interval(values, groups)
    narrow_low, narrow_high = bootstrap_interval(values, np.arange(len(values)))
    assert low < values.mean() < high
    assert high - low > 3 * (narrow_high - narrow_low)


def test_interval_of_nothing_is_not_a_number():
    assert np.isnan(bootstrap_interval([], [])).all()


def test_interval_holds_the_true_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    held = 0
    for seed in range(100):
        groups = np.repeat(np.arange(30), 5)
        values = rng.normal(0, 1, 30)[groups] + rng.normal(0, 0.5, 150)
        low, high = bootstrap_interval(values, groups, repeats=300, random_state=seed)
        held += low <= 0 <= high
    assert held >= 87


@given(st.lists(st.tuples(st.floats(-1, 1), st.integers(0, 4)), min_size=1, max_size=30))
def test_the_mean_and_any_statistic_are_of_the_same_resamples(rows):
    values, clusters = np.array(rows).T
    of_mean = bootstrap_interval(values, clusters, repeats=50)
    assert np.allclose(bootstrap_interval(values, clusters, np.mean, repeats=50), of_mean)


def test_missing_values_are_left_out_of_an_interval():
    values, clusters = np.array([0.0, np.nan, 1.0, np.nan]), np.array([0, 0, 1, 2])
    assert bootstrap_interval(values, clusters) == bootstrap_interval([0.0, 1.0], [0, 1])
