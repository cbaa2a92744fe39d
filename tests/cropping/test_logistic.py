import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from prefml.cropping.logistic import base_rate, log_odds, sigmoid


@given(st.lists(st.booleans(), max_size=50))
def test_the_base_rate_is_never_certain(outcomes):
    rate = base_rate(np.array(outcomes, bool))
    assert 0 < rate < 1
    assert rate == pytest.approx((sum(outcomes) + 1) / (len(outcomes) + 2))


@given(st.floats(1e-6, 1 - 1e-6))
def test_log_odds_are_undone_by_the_logistic_function(probability):
    assert log_odds(probability) == pytest.approx(logit(probability))
    assert sigmoid(np.array([log_odds(probability)]))[0] == pytest.approx(probability)


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_the_logistic_function_is_scipys_and_never_overflows(logits):
    values = np.array(logits)
    np.testing.assert_allclose(sigmoid(values), expit(np.clip(values, -50, 50)), rtol=1e-12)
