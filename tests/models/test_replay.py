import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefml.models.replay import compare, held_out_blocks, recent_decisions

scores = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=40)


@settings(deadline=None, max_examples=50)
@given(scores)
def test_a_model_with_no_lower_score_anywhere_is_not_worse(pairs):
    old = np.array([a for a, _ in pairs])
    new = np.array([max(a, b) for a, b in pairs])
    assert compare(old, new).not_worse


def test_a_broken_model_is_worse():
    rng = np.random.default_rng(0)
    found = compare(rng.random(300) < 0.9, rng.random(300) < 0.4)
    assert not found.not_worse
    assert found.p_value < 0.001


def test_a_loss_within_chance_is_no_reason_to_refuse():
    old, new = np.ones(300), np.ones(300)
    new[:5], old[5:9] = 0, 0
    assert compare(old, new).not_worse


def test_equal_models_are_not_worse():
    assert compare([1, 0, 1], [1, 0, 1]).p_value == 1.0


def test_unknown_scores_are_left_out():
    assert compare([1, np.nan, 0], [1, 1, np.nan]).n == 1


def test_scores_must_belong_together():
    with pytest.raises(ValueError, match="expected one for each"):
        compare([1, 0], [1])


def test_the_latest_decisions_come_in_the_order_of_time():
    group = ["b", "b", "a", "c", "d"]
    times = np.array(["2025-03-01", "2025-03-01", "2025-01-01", "NaT", "2025-02-01"], "M8[ns]")
    assert recent_decisions(group, times, 3).tolist() == ["a", "d", "b"]
    assert recent_decisions(group, times).tolist() == ["c", "a", "d", "b"]


@settings(deadline=None, max_examples=40)
@given(n=st.integers(1, 60), blocks=st.integers(1, 9), seed=st.integers(0, 99))
def test_every_decision_that_judges_is_held_out_once_in_order_of_time(n, blocks, seed):
    rng = np.random.default_rng(seed)
    days = rng.permutation(n)
    group = np.repeat([f"s{i}" for i in range(n)], 2)
    times = np.repeat(np.datetime64("2025-01-01", "ns") + days * np.timedelta64(1, "D"), 2)
    judging = rng.choice(n, size=rng.integers(n) + 1, replace=False)
    held = list(held_out_blocks(group, times, [f"s{i}" for i in judging], blocks))
    assert len(held) == min(blocks, len(judging))
    assert np.array_equal(np.sum(held, axis=0), np.isin(group, [f"s{i}" for i in judging]))
    for earlier, later in itertools.pairwise(held):
        assert times[earlier].max() < times[later].min()


@pytest.mark.parametrize(("candidate", "broken"), [(0.3, True), (0.75, False), (0.99, False)])
def test_only_a_large_loss_is_broken(candidate, broken):
    rng = np.random.default_rng(0)
    assert compare(rng.random(300) < 0.9, rng.random(300) < candidate).broken is broken
