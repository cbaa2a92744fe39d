import numpy as np
import pytest
from sklearn.base import clone

from prefml.ranking import SetRanker, metrics
from prefml.ranking.linear_start import LinearStart, grouped_folds, held_out_losses
from prefml.ranking.sets import index_sets

BOTH = ({"linear": (("cue__",),), "n_estimators": 5}, {"linear": None, "n_estimators": 60})


def test_a_linear_taste_keeps_the_linear_start(choices):
    X, y, set_id, project = choices
    ranker = SetRanker(alternatives=BOTH, min_child_samples=5)
    assert ranker.fit(X, y, set_id=set_id, groups=project).chosen_ == BOTH[0]


def test_a_taste_that_no_line_describes_leaves_it(make):
    X, _, set_id, project = make(n_sets=300, sizes=(2,))
    worth = -np.abs(X["cue__0"])
    y = (worth == worth.groupby(set_id).transform("max")).to_numpy().astype(int)
    ranker = SetRanker(alternatives=BOTH, min_child_samples=5)
    ranker.fit(X, y, set_id=set_id, groups=project)
    assert ranker.chosen_ == BOTH[1]
    assert metrics.top1(y, ranker.out_of_fold_, set_id) > 0.8


def test_an_alternative_changes_only_the_start_and_the_trees(choices):
    X, y, set_id, _ = choices
    with pytest.raises(ValueError, match="alternatives change \\['calibration'\\]"):
        SetRanker(alternatives=({"calibration": None},)).fit(X, y, set_id=set_id)


def test_a_single_set_leaves_nothing_to_choose_by(make):
    X, y, set_id, _ = make(n_sets=1, sizes=(5,))
    ranker = SetRanker(alternatives=BOTH, calibration="auto").fit(X, y, set_id=set_id)
    assert ranker.chosen_ == BOTH[0]
    assert ranker.calibrator_ is None
    assert clone(ranker).alternatives == BOTH


def test_folds_keep_groups_together_and_fall_back_to_sets():
    sets = index_sets([0, 0, 1, 1, 2, 2])
    for train, test in grouped_folds(np.array([0, 0, 0, 0, 1, 1]), sets, 5):
        assert {len(train), len(test)} == {2, 4}
    assert len(grouped_folds(np.zeros(6, int), sets, 5)) == 3
    assert grouped_folds(np.zeros(2, int), index_sets([0, 0]), 5) == []


def test_a_linear_start_adds_up_to_its_contributions(choices):
    X, y, set_id, _ = choices
    sets = index_sets(set_id)
    columns = [np.array([0, 1]), np.arange(6)]
    start = LinearStart(columns).fit(X.to_numpy(), y, sets, grouped_folds(sets.codes, sets, 3))
    scores = start.predict(X.to_numpy())
    assert np.allclose(start.contributions(X.to_numpy()).sum(axis=1), scores)
    assert metrics.top1(y, start.out_of_fold_, set_id) > 0.7
    assert len(start.chosen_) == 2


def test_better_scores_lose_less_whatever_their_scale(choices):
    _, y, set_id, _ = choices
    sets = index_sets(set_id)
    rng = np.random.default_rng(0)
    good, bad = y + 0.3 * rng.normal(size=len(y)), rng.normal(size=len(y))
    loss = held_out_losses(good, y, sets)
    assert loss.shape == (len(sets),)
    assert loss.sum() < held_out_losses(bad, y, sets).sum()
    assert np.allclose(loss, held_out_losses(100 * good, y, sets))
