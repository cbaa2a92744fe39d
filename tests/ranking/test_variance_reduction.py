"""Sets that make what is told of all sets surest."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.ranking import variance_reduction as module
from prefml.ranking.pool import Pool
from prefml.ranking.variance_reduction import variance_reduction


def made_up(seed, n, projects=1, models=0, answered=0.3):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 5, n)
    raw = [rng.gamma(1, size=(models, size)) for size in sizes]
    return Pool(
        np.zeros((n, 1)), rng.integers(0, projects, n).astype(str).astype(object),
        rng.random(n) < answered,
        tuple(one / one.sum(axis=1, keepdims=True) for one in raw) if models else (),
        tuple(rng.normal(size=(size, 3)) for size in sizes),
    )  # fmt: skip


def variance_after(pool, asked):
    """Return the mean variance of what is told, from scratch."""
    total, precision = np.zeros((3, 3)), np.eye(3) / module._SCORE_VARIANCE
    for at, pictures in enumerate(pool.pictures):
        share = np.full(len(pictures), 1 / len(pictures))
        if pool.probabilities:
            share = pool.probabilities[at].mean(axis=0)
        told = pictures.T @ (np.diag(share) - np.outer(share, share)) @ pictures
        total += told
        precision += told * (pool.answered[at] or at in asked)
    return np.trace(total @ np.linalg.inv(precision)) / len(pool.pictures)


@pytest.mark.parametrize("models", [0, 2])
@given(seed=st.integers(0, 999))
def test_it_leaves_less_variance_than_most_other_choices(models, seed):
    pool = made_up(seed, 30, models=models)
    order = variance_reduction(pool, np.random.default_rng(seed)).tolist()
    rng = np.random.default_rng(seed)
    left = variance_after(pool, order[:4])
    others = [variance_after(pool, rng.permutation(order)[:4]) for _ in range(20)]
    assert left <= np.quantile(others, 0.3)


@given(seed=st.integers(0, 999), n=st.integers(1, 30))
def test_the_variance_is_kept_up_as_sets_are_added(seed, n):
    pool = made_up(seed, n)
    design = module._Design(pool)
    asked = np.flatnonzero(~pool.answered)[:3].tolist()
    for one in asked:
        design.add(one)
    told = np.trace(design._target @ design._variance)
    assert told == pytest.approx(variance_after(pool, asked))


@given(seed=st.integers(0, 999))
def test_only_what_is_wanted_is_ordered(seed):
    pool = made_up(seed, 30, projects=3)
    wanted = ~pool.answered & (np.arange(30) % 3 > 0)
    order = variance_reduction(pool, np.random.default_rng(0), wanted)
    assert sorted(order) == np.flatnonzero(wanted).tolist()


@given(seed=st.integers(0, 999))
def test_until_there_is_a_model_projects_take_turns(seed):
    pool = made_up(seed, 40, projects=3, answered=0.0)
    taken = pool.project[variance_reduction(pool, np.random.default_rng(0))]
    names, sizes = np.unique(pool.project, return_counts=True)
    first = taken[: len(names) * sizes.min()]
    assert np.unique(first, return_counts=True)[1].tolist() == [sizes.min()] * len(names)


def test_a_direction_that_was_answered_gives_way_to_another():
    one, other = np.array([[1.0, 0, 0], [-1, 0, 0]]), np.array([[0, 0.9, 0], [0, -0.9, 0]])
    pictures = (one, one, one, other)
    pool = Pool(np.zeros((4, 1)), np.full(4, "p", object), np.zeros(4, bool), (), pictures)
    assert variance_reduction(pool, np.random.default_rng(0))[0] != 3
    done = replace(pool, answered=np.array([True, True, False, False]))
    assert variance_reduction(done, np.random.default_rng(0)).tolist() == [3, 2]


def test_a_set_the_model_is_sure_of_waits():
    rng = np.random.default_rng(0)
    pictures = tuple(rng.normal(size=(2, 3)) * [1, 0.1, 0.1] for _ in range(20))
    sure = tuple(np.array([[0.999, 0.001]] if at % 2 else [[0.5, 0.5]]) for at in range(20))
    pool = Pool(np.zeros((20, 1)), np.full(20, "p", object), np.zeros(20, bool), sure, pictures)
    order = variance_reduction(pool, rng)
    assert all(at % 2 == 0 for at in order[:8])


def test_sets_without_pictures_or_without_differences_come_last():
    pictures = (np.zeros((0, 3)), np.eye(3), np.zeros((2, 3)), np.zeros((1, 3)))
    for probabilities in ((), tuple(np.full((1, len(p)), 0.3) for p in pictures)):
        pool = Pool(np.zeros((4, 1)), np.full(4, "p", object), np.zeros(4, bool),
                    probabilities, pictures)  # fmt: skip
        assert variance_reduction(pool, np.random.default_rng(0))[0] == 1


def test_what_lies_behind_the_first_is_ordered_by_what_it_would_add():
    pool = made_up(0, module._MOST + 30, answered=0.0)
    order = variance_reduction(pool, np.random.default_rng(0))
    assert sorted(order) == list(range(module._MOST + 30))
