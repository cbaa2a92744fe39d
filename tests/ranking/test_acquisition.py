"""The order in which sets are asked about."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.ranking.acquisition import (
    ACQUISITIONS,
    bald,
    coverage,
    uncertain_and_far,
    uncertainty,
)
from prefml.ranking.pool import Pool


def made_up(seed, n, projects=3, answered=0.3, models=4):
    rng = np.random.default_rng(seed)
    raw = [rng.gamma(1, size=(models, rng.integers(2, 5))) for _ in range(n)]
    return Pool(
        rng.normal(size=(n, 4)),
        rng.integers(0, projects, n).astype(str).astype(object),
        rng.random(n) < answered,
        tuple(one / one.sum(axis=1, keepdims=True) for one in raw),
        tuple(rng.normal(size=(one.shape[1], 3)) for one in raw),
    )


@pytest.mark.parametrize("name", ACQUISITIONS)
@given(seed=st.integers(0, 999), n=st.integers(1, 70))
def test_every_set_without_an_answer_comes_once(name, seed, n):
    pool = made_up(seed, n)
    order = ACQUISITIONS[name](pool, np.random.default_rng(seed))
    assert sorted(order) == np.flatnonzero(~pool.answered).tolist()


@pytest.mark.parametrize("name", ACQUISITIONS)
def test_a_pool_that_is_answered_has_nothing_to_ask(name):
    pool = made_up(0, 5, answered=1.1)
    assert len(ACQUISITIONS[name](pool, np.random.default_rng(0))) == 0


@given(seed=st.integers(0, 999))
def test_coverage_takes_projects_in_turn(seed):
    pool = made_up(seed, 40, answered=0.0)
    taken = pool.project[coverage(pool, np.random.default_rng(0))]
    names, sizes = np.unique(pool.project, return_counts=True)
    first = taken[: len(names) * sizes.min()]
    assert np.unique(first, return_counts=True)[1].tolist() == [sizes.min()] * len(names)


def test_coverage_begins_in_the_middle_and_goes_far():
    vectors = np.array([[0.0], [1.0], [10.0], [11.0], [4.0]])
    pool = Pool(vectors, np.full(5, "p", object), np.zeros(5, bool))
    assert coverage(pool, np.random.default_rng(0))[:3].tolist() == [4, 3, 0]


def test_coverage_keeps_away_from_what_was_answered():
    vectors = np.array([[0.0], [1.0], [10.0]])
    pool = Pool(vectors, np.full(3, "p", object), np.array([True, False, False]))
    assert coverage(pool, np.random.default_rng(0)).tolist() == [2, 1]


def test_the_least_sure_set_comes_first():
    sure = tuple(np.array([[p, 1 - p]]) for p in (0.9, 0.55, 0.7))
    pool = Pool(np.zeros((3, 1)), np.full(3, "p", object), np.zeros(3, bool), sure)
    assert uncertainty(pool, np.random.default_rng(0)).tolist() == [1, 2, 0]


def test_models_that_agree_on_a_toss_up_have_nothing_to_learn_from_it():
    toss, disputed = np.full((2, 2), 0.5), np.array([[0.9, 0.1], [0.1, 0.9]])
    pool = Pool(np.zeros((2, 1)), np.full(2, "p", object), np.zeros(2, bool), (toss, disputed))
    assert bald(pool, np.random.default_rng(0)).tolist() == [1, 0]


def test_of_the_least_sure_those_that_lie_apart_come_first():
    # Fifty unsure sets in two places, one of them rare, and a sure set elsewhere.
    vectors = np.array([[0.0]] * 38 + [[5.0]] * 2 + [[99.0]])
    sure = (np.array([[0.5, 0.5]]),) * 40 + (np.array([[1.0, 0.0]]),)
    pool = Pool(vectors, np.full(41, "p", object), np.zeros(41, bool), sure)
    first = vectors[uncertain_and_far(pool, np.random.default_rng(0))][:2, 0]
    assert sorted(first) == [0.0, 5.0]


def test_without_a_model_the_unsure_are_those_that_cover():
    pool = made_up(3, 20)
    bare = Pool(pool.vectors, pool.project, pool.answered)
    found = [one(bare, np.random.default_rng(1)).tolist() for one in (uncertain_and_far, coverage)]
    assert found[0] == found[1]
