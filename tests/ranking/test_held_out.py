import numpy as np
import pandas as pd
import pytest

from prefml.ranking import SetRanker
from prefml.ranking.held_out import cross_calibrate
from prefml.sets import index_sets


def fit(choices, calibration="auto"):
    X, y, set_id, project = choices
    ranker = SetRanker(n_estimators=5, min_child_samples=5, calibration=calibration)
    return ranker.fit(X, y, set_id=set_id, groups=project)


def test_probabilities_sum_to_one_in_each_set(choices):
    _, y, set_id, project = choices
    ranker = fit(choices)
    decided = np.ones(len(y), bool)
    found = cross_calibrate(ranker, ranker.out_of_fold_, y, set_id, project, decided)
    np.testing.assert_allclose(pd.Series(found).groupby(set_id).sum(), 1)


@pytest.mark.parametrize("one_project", [False, True])
def test_no_label_of_a_set_reaches_its_own_probabilities(choices, one_project):
    _, y, set_id, project = choices
    project = np.full(len(y), "p") if one_project else project
    ranker = fit(choices)
    scores, decided = ranker.out_of_fold_, np.ones(len(y), bool)
    before = cross_calibrate(ranker, scores, y, set_id, project, decided)
    mine = set_id == set_id[0]
    other = y.copy()
    other[mine] = 1 - y[mine]
    after = cross_calibrate(ranker, scores, other, set_id, project, decided)
    np.testing.assert_array_equal(after[mine], before[mine])
    assert not np.array_equal(after, before)


def test_sets_without_a_winner_calibrate_nothing(choices):
    _, y, set_id, project = choices
    ranker = fit(choices)
    decided = np.isin(set_id, np.unique(set_id)[::2])
    stated = [
        cross_calibrate(ranker, ranker.out_of_fold_, labels, set_id, project, decided)
        for labels in (y, np.where(decided, y, 0))
    ]
    np.testing.assert_array_equal(*stated)


def test_a_ranker_without_calibrator_states_the_softmax(choices):
    X, y, set_id, project = choices
    ranker = fit(choices, None)
    scores = ranker.predict(X)
    found = cross_calibrate(ranker, scores, y, set_id, project, np.ones(len(y), bool))
    np.testing.assert_array_equal(found, ranker.probability_of(scores, index_sets(set_id)))


def plant(rng, direction, n_sets, size=3):
    """Return pictures and how probable each choice is, by what columns tell and do not tell."""
    X = rng.normal(size=(n_sets, size, len(direction)))
    utility = 5 * (X @ direction + 0.6 * np.tanh(X[..., 0] * X[..., 1]))
    chance = np.exp(utility - utility.max(axis=1, keepdims=True))
    return X.reshape(-1, len(direction)), chance / chance.sum(axis=1, keepdims=True)


def state_seen_and_new(seed, n_sets, n_new=3000, size=3):
    """Return top probabilities of held-out sets and of new ones, and how right the latter are."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=12)
    direction /= np.linalg.norm(direction)
    X, chance = plant(rng, direction, n_sets)
    chosen = (rng.random(n_sets)[:, None] > chance.cumsum(axis=1)).sum(axis=1)
    y, set_id = (np.arange(size) == chosen[:, None]).ravel(), np.repeat(np.arange(n_sets), size)
    ranker = SetRanker(
        n_estimators=8, num_leaves=4, linear=[[""]], n_folds=3, calibration="auto", random_state=0
    ).fit(X, y, set_id=set_id)
    everywhere = np.ones(len(y), bool)
    seen = cross_calibrate(ranker, ranker.out_of_fold_, y, set_id, np.zeros(len(y)), everywhere)
    new, truth = plant(rng, direction, n_new)
    stated = ranker.win_probability(new, np.repeat(np.arange(n_new), size)).reshape(-1, size)
    top = stated.argmax(axis=1)
    return seen.reshape(-1, size).max(axis=1), stated.max(axis=1), truth[np.arange(n_new), top]


def test_new_sets_are_as_right_as_is_stated():
    found = [state_seen_and_new(seed, 400) for seed in range(25)]
    gaps = [abs(stated.mean() - right.mean()) for _, stated, right in found]
    assert np.mean(gaps) < 0.017


@pytest.mark.parametrize("n_sets", [400, 1100])
def test_as_many_new_sets_as_held_out_ones_lie_above_a_threshold(n_sets):
    found = [state_seen_and_new(seed, n_sets)[:2] for seed in range(25)]
    for threshold in (0.7, 0.8, 0.9):
        gaps = [(seen >= threshold).mean() - (new >= threshold).mean() for seen, new in found]
        # Chance alone makes about .02 with 400 sets, .015 with 1,100.
        assert np.std(gaps) < 0.033
