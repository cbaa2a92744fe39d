import numpy as np
import pytest
from sklearn.base import clone

from prefml.ranking import PairwiseLogistic, SetRanker, metrics
from prefml.ranking.boosted import BoostedScore
from prefml.ranking.cross_fitting import CrossFittedInit
from prefml.ranking.linear_init import grouped_folds, held_out_losses
from prefml.ranking.table import Table, take
from prefml.sets import index_sets

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
    table = Table(X.to_numpy(), y, sets, sets.codes, None)
    start = CrossFittedInit(columns, table, grouped_folds(sets.codes, sets, 3)).init_for_all()
    scores = start.predict(X.to_numpy())
    assert np.allclose(start.contributions(X.to_numpy()).sum(axis=1), scores)
    assert metrics.top1(y, start.out_of_fold_, set_id) > 0.7
    assert len(start.models_) == 2


def _nested(columns, table, folds, strength):
    """Scores as fits of their own give them, one for each row."""
    X, scores = table.X[:, columns], np.zeros(len(table.X))
    for train, test in folds:
        part = take(table, train)
        model = PairwiseLogistic(strength).fit_checked(part.X[:, columns], part.grades, part.sets)
        scores[test] = model.contributions(X[test]).sum(axis=1)
    return scores


def test_shared_fits_are_those_without_the_folds(choices):
    X, y, set_id, _ = choices
    sets, columns = index_sets(set_id), np.array([1, 3, 4])
    table = Table(X.to_numpy(), y, sets, sets.codes, None)
    folds = grouped_folds(sets.codes, sets, 4)
    starts = CrossFittedInit([columns], table, folds, prior_variances=(0.02,), n_jobs=2)
    starts.prepare()
    assert np.allclose(starts.init_for_all().out_of_fold_, _nested(columns, table, folds, 0.02))
    train, _ = folds[1]
    places = {row: place for place, row in enumerate(train)}
    inner = [np.array([places[row] for row in folds[i][1]]) for i in (0, 2, 3)]
    everything = np.arange(len(train))
    pairs = [(np.setdiff1d(everything, rows), rows) for rows in inner]
    rest = take(table, train)
    start = starts.init_without(1, rest)
    assert np.allclose(start.out_of_fold_, _nested(columns, rest, pairs, 0.02))
    alone = PairwiseLogistic(0.02).fit_checked(
        table.X[train][:, columns], y[train], index_sets(set_id[train])
    )
    assert np.allclose(start.models_[0].coef_, alone.coef_, rtol=1e-6)


def test_two_groups_still_start_out_of_fold(make):
    X, y, set_id, _ = make(n_sets=60, sizes=(3,))
    sets = index_sets(set_id)
    table = Table(X.to_numpy(), y, sets, sets.codes % 2, None)
    folds = grouped_folds(table.groups, sets, 5)
    assert len(folds) == 2
    start = CrossFittedInit([np.arange(6)], table, folds).init_without(0, take(table, folds[0][0]))
    assert start.out_of_fold_.shape == (len(folds[0][0]),)
    inside = start.models_[0].contributions(table.X[folds[0][0]][:, :6]).sum(axis=1)
    assert not np.allclose(start.out_of_fold_, inside)


def test_a_recipe_clearly_behind_is_tried_on_no_more_folds(make, monkeypatch):
    X, y, set_id, project = make(n_sets=3000, sizes=(2,), n_projects=10)
    grown = []
    fit = BoostedScore.fit

    def counted(self, *given):
        grown.append(bool(self.config.linear))
        return fit(self, *given)

    monkeypatch.setattr(BoostedScore, "fit", counted)
    poor = {"linear": None, "n_estimators": 1}
    SetRanker(alternatives=(BOTH[0], poor)).fit(X, y, set_id=set_id, groups=project)
    assert (grown.count(True), grown.count(False)) == (6, 2)


def test_threads_change_no_score(choices):
    X, y, set_id, project = choices
    one, two = (
        SetRanker(alternatives=BOTH, calibration="auto", n_jobs=n).fit(
            X, y, set_id=set_id, groups=project
        )
        for n in (1, 2)
    )
    assert np.array_equal(one.out_of_fold_, two.out_of_fold_)
    assert np.array_equal(one.predict(X), two.predict(X))


def test_better_scores_lose_less_whatever_their_scale(choices):
    _, y, set_id, _ = choices
    sets = index_sets(set_id)
    rng = np.random.default_rng(0)
    good, bad = y + 0.3 * rng.normal(size=len(y)), rng.normal(size=len(y))
    loss = held_out_losses(good, y, sets)
    assert loss.shape == (len(sets),)
    assert loss.sum() < held_out_losses(bad, y, sets).sum()
    assert np.allclose(loss, held_out_losses(100 * good, y, sets))
