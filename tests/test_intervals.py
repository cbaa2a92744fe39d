import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from prefml.intervals import clopper_pearson_lower, clopper_pearson_upper

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
