import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from prefml.intervals import (
    ALPHA,
    ShareSequence,
    bootstrap_interval,
    clopper_pearson_lower,
    clopper_pearson_upper,
    e_values,
    share_bounds,
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


CASES = st.lists(st.booleans(), max_size=90)
SHARES = st.floats(0.002, 0.998)


def value(hits, null):
    return float(e_values(hits, [null])[-1, 0]) if len(hits) else 1.0


@settings(max_examples=200, deadline=None)
@given(hits=CASES, null=SHARES, part=st.floats(0, 1))
def test_no_share_up_to_the_hypothesis_makes_the_e_value_grow_on_average(hits, null, part):
    """The supermartingale property, exactly: with Ville's inequality it is the whole proof."""
    share = part * null
    expected = share * value([*hits, True], null) + (1 - share) * value([*hits, False], null)
    assert expected <= value(hits, null) * (1 + 1e-9)


def test_before_the_first_case_everything_is_possible():
    assert share_bounds([]) == ShareSequence(0, 0, 0.0, 1.0)
    assert share_bounds([]).value is None


@settings(max_examples=40, deadline=None)
@given(CASES)
def test_the_bounds_hold_the_share_or_say_that_it_turned(hits):
    found = share_bounds(hits)
    assert 0 <= found.low < found.high <= 1
    assert found.high == 1 or not hits or found.low <= sum(hits) / len(hits) <= found.high


@settings(max_examples=20, deadline=None)
@given(CASES)
def test_the_lower_bound_never_falls_back(hits):
    lows = [share_bounds(hits[:n]).low for n in range(0, len(hits) + 1, 10)]
    assert lows == sorted(lows)


@settings(max_examples=20, deadline=None)
@given(CASES)
def test_what_held_and_what_did_not_are_bounded_alike(hits):
    one, other = share_bounds(hits), share_bounds([not hit for hit in hits])
    assert other.low == pytest.approx(1 - one.high) or one.high == other.high == 1
    assert other.hits == one.n - one.hits


def test_sixty_cases_decide_nearly_as_well_as_a_test_planned_for_them():
    every_sixth = [True, False, False, False, False, False] * 10
    assert share_bounds(every_sixth).low < 0.1
    assert share_bounds([*every_sixth[:-1], True]).low >= 0.1
    assert share_bounds([False] * 60).high < 0.06


def off_within(share, n, repeats, seed, budget=0.1):
    rng = np.random.default_rng(seed)
    runs = (e_values(rng.random(n) < share, [budget]).max() for _ in range(repeats))
    return float(np.mean([most >= 1 / ALPHA for most in runs]))


def test_an_error_far_above_the_budget_is_noticed_and_one_below_is_left_alone():
    assert off_within(0.5, 20, 300, 0) >= 0.9
    assert off_within(0.25, 60, 300, 1) >= 0.87
    assert off_within(0.08, 400, 150, 2) <= 0.05


def test_a_share_that_turns_is_noticed_although_the_mean_stays_low():
    rng = np.random.default_rng(3)
    turned = [np.concatenate([rng.random(100) < 0.05, rng.random(40) < 0.5]) for _ in range(60)]
    assert np.mean([e_values(run, [0.1]).max() >= 1 / ALPHA for run in turned]) > 0.9
    assert np.mean([run.mean() for run in turned]) < 0.2


def test_bounds_that_cross_because_the_share_turned_leave_the_upper_one_open():
    found = share_bounds([False] * 100 + [True] * 100)
    assert found.high == 1
    assert found.low > 0.5


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
