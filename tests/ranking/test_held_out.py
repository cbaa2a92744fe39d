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
