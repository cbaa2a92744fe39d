import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.models.neutral import MIN_NEUTRAL, neutral_decisions
from prefml.models.replay import WINDOW

KINDS = ("unseen", "followed", "overruled")


def days(n):
    return np.datetime64("2025-01-01", "ns") + np.arange(n) * np.timedelta64(1, "D")


@given(st.lists(st.sampled_from(KINDS), min_size=1, max_size=60))
def test_decisions_are_counted_once_and_only_those_made_unseen_are_selected(exposure):
    group = np.repeat(np.arange(len(exposure)).astype(str), 3)
    found = neutral_decisions(
        group, np.repeat(days(len(exposure)), 3), np.repeat(np.array(exposure, object), 3)
    )
    assert [found.unseen, found.followed, found.overruled] == list(map(exposure.count, KINDS))
    assert found.decisions.tolist() == [str(i) for i, e in enumerate(exposure) if e == "unseen"]


@pytest.mark.parametrize(("unseen", "enough"), [(MIN_NEUTRAL - 1, False), (MIN_NEUTRAL, True)])
def test_few_are_not_enough(unseen, enough):
    exposure = np.array(["unseen"] * unseen + ["followed"] * 50, object)
    found = neutral_decisions(np.arange(len(exposure)), days(len(exposure)), exposure)
    assert found.enough is enough
    assert str(found).startswith(f"{unseen} decided without sight of a suggestion, 50 as suggested")


def test_without_word_of_it_all_count_as_unseen_and_the_latest_are_taken():
    found = neutral_decisions(np.arange(WINDOW + 5), days(WINDOW + 5), None)
    assert found.unseen == WINDOW + 5
    assert found.decisions.tolist() == list(range(5, WINDOW + 5))
