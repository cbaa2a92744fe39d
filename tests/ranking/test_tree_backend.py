import threading
from types import SimpleNamespace

import numpy as np
import pytest

from prefml.ranking import SetRanker
from prefml.ranking.tree_backend import (
    TreeData,
    fit_trees,
    in_threads,
    runs_in_threads,
    using_backend,
)


@pytest.fixture
def rows():
    X = np.random.default_rng(0).normal(size=(40, 2))
    grades = X.reshape(20, 2, 2)[..., 0] == X.reshape(20, 2, 2)[..., 0].max(1, keepdims=True)
    return TreeData(X, grades.ravel().astype(int), np.full(20, 2))


SETTINGS = {"n_estimators": 3, "min_child_samples": 2, "verbose": -1, "n_jobs": 1}


def recorder(calls):
    def backend(settings, rows, options):
        calls.append((settings, rows, options))
        return fit_elsewhere

    return backend


fit_elsewhere = SimpleNamespace(booster_=None, best_iteration_=0)


def test_without_a_backend_lightgbm_grows_the_trees_here(rows):
    trees = fit_trees(SETTINGS, rows, {})
    assert trees.booster_.num_trees() == 3
    gap = np.diff(trees.booster_.predict(rows.X).reshape(20, 2), axis=1).ravel()
    assert ((gap > 0) == (np.diff(rows.X[:, 0].reshape(20, 2), axis=1).ravel() > 0)).mean() > 0.8


def test_boosting_starts_from_the_init_score(rows):
    sure = TreeData(rows.X, rows.grades, rows.sizes, init_score=50.0 * rows.grades)
    found = fit_trees(SETTINGS, sure, {}).booster_.predict(rows.X)
    assert (
        np.abs(found).max()
        < 0.1 * np.abs(fit_trees(SETTINGS, rows, {}).booster_.predict(rows.X)).max()
    )


def test_a_backend_is_given_the_rows_and_only_inside_the_block(rows):
    calls = []
    with using_backend(recorder(calls)):
        assert fit_trees(SETTINGS, rows, {"callbacks": []}) is fit_elsewhere
    assert calls == [(SETTINGS, rows, {"callbacks": []})]
    assert fit_trees(SETTINGS, rows, {}).booster_.num_trees() == 3


def test_the_innermost_backend_grows_and_an_error_brings_the_outer_one_back(rows):
    outer = []

    def broken(settings, rows, options):
        raise KeyError

    with using_backend(recorder(outer)):
        with pytest.raises(KeyError), using_backend(broken):
            fit_trees(SETTINGS, rows, {})
        assert outer == []
        fit_trees(SETTINGS, rows, {})
    assert len(outer) == 1


def test_a_ranker_hands_over_sets_together_and_its_linear_init(choices):
    X, y, set_id, project = choices
    calls = []
    with using_backend(recorder(calls)):
        ranker = SetRanker(linear=(("cue__",),), n_bags=2, random_state=0)
        ranker.fit(X, y, set_id=set_id, groups=project, sample_weight=np.arange(len(y)) + 1.0)
    assert [settings["random_state"] for settings, _, _ in calls] == [0, 1009]
    given = calls[0][1]
    assert given.sizes.sum() == len(given.X) == len(y)
    assert np.array_equal(given.init_score, ranker.score_.linear_.out_of_fold_)
    assert sorted(given.weight.tolist()) == list(range(1, len(y) + 1))


@pytest.mark.parametrize("n_jobs", [None, 1, 2])
def test_results_come_in_the_order_of_the_tasks(n_jobs):
    assert in_threads(lambda task: task**2, range(20), n_jobs) == [task**2 for task in range(20)]


def test_threads_are_used_only_where_the_trees_grow_here():
    assert runs_in_threads(2)
    assert not runs_in_threads(1)
    assert not runs_in_threads(None)
    with using_backend(recorder([])):
        assert not runs_in_threads(2)
        names = in_threads(lambda _: threading.current_thread().name, range(4), 2)
    assert set(names) == {threading.current_thread().name}
