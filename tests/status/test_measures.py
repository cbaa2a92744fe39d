import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.status.measures import calibration_gap, drift, share


@given(st.lists(st.booleans(), max_size=50))
def test_a_share_lies_in_its_interval(hits):
    found = share(hits)
    assert found.n == len(hits)
    assert 0 <= found.low <= (found.value or 0) <= found.high <= 1


def test_the_interval_is_that_of_clopper_and_pearson():
    found = share([True] * 8 + [False] * 2)
    assert (found.low, found.high) == pytest.approx((0.4439, 0.9748), abs=1e-4)


def test_honest_probabilities_have_a_small_gap_and_boasts_a_large_one():
    rng = np.random.default_rng(0)
    stated = rng.uniform(0.3, 1, 4000)
    hits = rng.random(4000) < stated
    assert calibration_gap(stated, hits) < 0.03
    assert calibration_gap(np.full(4000, 0.99), hits) > 0.3


def test_without_cases_there_is_no_gap():
    assert calibration_gap([], []) is None


def test_a_fall_in_agreement_raises_the_alarm():
    steady = [True] * 19 + [False]
    assert drift(steady * 15 + [True, False] * 50).alarm
    assert not drift(steady * 20).alarm


def test_a_rise_in_agreement_does_not():
    assert not drift([True, False] * 100 + [True] * 100).alarm


def test_false_alarms_are_rare():
    rng = np.random.default_rng(1)
    alarms = sum(drift((rng.random(400) < 0.9).tolist()).alarm for _ in range(200))
    assert alarms <= 6


@pytest.mark.parametrize("n", [0, 1, 2, 30])
def test_few_answers_raise_no_alarm(n):
    assert drift([False] * n).p_value is None
