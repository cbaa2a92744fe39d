from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.suggest.grouping.clock import SECOND
from prefml.suggest.grouping.pauses import DEFAULT_PAUSE, natural_pause


@given(
    inside=st.lists(st.integers(5, 30), min_size=3, max_size=20),
    between=st.lists(st.integers(300, 700), min_size=2, max_size=20),
)
def test_two_kinds_of_pauses_are_told_apart(inside, between):
    times = [at * SECOND for at in accumulate([0, *inside, *between])]
    found = natural_pause(times[::-1])
    assert max(inside) * SECOND <= found < min(between) * SECOND


@pytest.mark.parametrize("times", [[], [0], [0, 20 * SECOND, 40 * SECOND]])
def test_without_two_kinds_it_is_a_minute(times):
    assert natural_pause(times) == DEFAULT_PAUSE
