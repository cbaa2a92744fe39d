import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.ranking.confidence_levels import bin_sets


def drawn(seed, n, projects=3):
    rng = np.random.default_rng(seed)
    confidence = rng.choice([rng.uniform(0, 1, n), rng.integers(0, 11, n) / 10])
    return confidence, rng.random(n), rng.permutation(np.arange(n) % projects), rng.random(n) + 0.1


@given(st.integers(0, 10**6), st.integers(3, 300))
def test_every_set_is_counted_once(seed, n):
    confidence, correct, project, weight = drawn(seed, n)
    sets = bin_sets(confidence, correct, project, weight)
    assert (sets.right + sets.wrong).sum(axis=1) == pytest.approx(np.bincount(project))
    assert sets.right.sum() == pytest.approx(correct.sum())
    assert sets.weight.sum() == pytest.approx(weight.sum())
    assert sets.counts[-1] == n
    assert sets.mass[-1] == pytest.approx(weight.sum())


@given(st.integers(0, 10**6), st.integers(3, 300))
def test_down_to_a_level_are_the_sets_at_least_as_confident(seed, n):
    confidence, correct, project, weight = drawn(seed, n)
    sets = bin_sets(confidence, correct, project, weight)
    assert (np.diff(sets.threshold) < 0).all()
    assert sets.threshold[-1] == confidence.min()
    for place, threshold in enumerate(sets.threshold):
        chosen = confidence >= threshold
        assert sets.counts[place] == chosen.sum()
        assert sets.error[place] == pytest.approx(
            np.average(1 - correct[chosen], weights=weight[chosen])
        )


def test_equal_weights_count_in_full_and_unequal_ones_for_less():
    confidence, correct, project, weight = drawn(0, 200)
    equal = bin_sets(confidence, correct, project, np.full(200, 7.0))
    assert equal.effective == pytest.approx(equal.counts)
    unequal = bin_sets(confidence, correct, project, weight)
    assert (unequal.effective <= equal.effective + 1e-9).all()
    assert unequal.effective[-1] == pytest.approx(weight.sum() ** 2 / (weight**2).sum())


def test_levels_lie_densest_among_the_most_confident():
    confidence = np.random.default_rng(0).random(20000)
    sets = bin_sets(confidence, np.ones(20000), np.zeros(20000, int), np.ones(20000))
    sizes = np.diff(sets.counts, prepend=0)
    assert (np.diff(sizes) >= -1).all()
    assert sizes[0] < 50 < sizes[-1]


def test_a_certainty_is_taken_for_a_high_probability():
    sets = bin_sets(np.array([1.0, 0.0]), np.ones(2), np.zeros(2, int), np.ones(2))
    assert np.isfinite(sets.logit).all()
    assert sets.logit[0] == pytest.approx(np.log(0.998 / 0.002))
