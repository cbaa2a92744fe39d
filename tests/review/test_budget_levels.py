from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.review.budget_levels import BudgetLevel, level_of, levels_of
from prefml.review.groups import Group

budgets = st.sampled_from([0.01, 0.02, 0.05])
shares = st.floats(0, 1)


def group(number=0, **raw):
    return Group(f"g{number}", "p", ("a", "b"), 0, 0.9, none_probability=0.1, raw=raw)


def test_without_groups_there_is_nothing_to_choose():
    assert levels_of([]) == []


def test_a_group_of_an_earlier_suggestion_lies_within_the_budget_of_that():
    assert level_of(group()) == 0.05
    assert level_of(group(budget=0.1)) == 0.1
    assert level_of(group(budget=0.1, least_budget=0.02)) == 0.02


def test_each_budget_counts_the_sets_of_stricter_ones_and_what_may_be_wrong():
    strict = [group(n, least_budget=0.01, joint_confidence=0.99) for n in range(100)]
    generous = [group(n, least_budget=0.05, joint_confidence=0.9) for n in range(100)]
    assert levels_of([*generous, *strict]) == [
        BudgetLevel(0.01, 100, 1, 1), BudgetLevel(0.05, 200, 11, 10),
    ]  # fmt: skip


def test_where_nothing_is_stated_of_all_together_choice_and_rejection_count():
    assert levels_of([group(n) for n in range(100)])[0].about == 19


@given(stated=st.lists(st.tuples(budgets, shares), max_size=40))
def test_more_generous_budgets_never_hold_fewer_or_promise_less(stated):
    groups = [group(n, least_budget=b, joint_confidence=c) for n, (b, c) in enumerate(stated)]
    levels = levels_of(groups)
    for stricter, looser in pairwise(levels):
        assert stricter.budget < looser.budget
        assert stricter.sets < looser.sets
        assert stricter.about <= looser.about
        assert stricter.at_most <= looser.at_most
    for level in levels:
        assert level.at_most <= level.budget * level.sets + 1e-6
    assert sum(level.sets == len(groups) for level in levels) == bool(groups)


@pytest.mark.parametrize("odd", [None, "x", -1, 2, True])
def test_what_is_no_share_is_not_believed(odd):
    assert level_of(group(least_budget=odd)) == 0.05
