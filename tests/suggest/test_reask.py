from hypothesis import given, settings
from hypothesis import strategies as st

from prefml.suggest.reask import asked_again, pick_again

NAMES = [f"p/s/set_{i}" for i in range(2000)]


def test_about_the_share_is_picked():
    assert 20 <= len(pick_again(NAMES, 10**6, (), 0.02)) <= 62


@settings(deadline=None, max_examples=30)
@given(n_new=st.integers(0, 200), cut=st.integers(0, 2000))
def test_few_of_a_run_are_old_and_none_is_asked_twice(n_new, cut):
    picked = pick_again(NAMES, n_new, NAMES[:cut], 0.5)
    assert len(picked) <= n_new // 10 + 1
    assert set(picked).isdisjoint(NAMES[:cut])


def test_a_pick_does_not_depend_on_the_order_or_on_other_sets():
    few = set(pick_again(NAMES[:1000], 10**6, (), 0.1))
    assert few == set(pick_again(NAMES[::-1], 10**6, (), 0.1)) & set(NAMES[:1000])


def test_second_questions_are_known_from_suggestions_and_from_decisions():
    rows = [{"reask_of": "a"}, {"suggestion": {"reask_of": "b"}}, {"suggestion": None}, {}]
    assert asked_again(rows) == {"a", "b"}
