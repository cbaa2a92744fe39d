from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lightgbm import LGBMRanker

from prefml.ranking import PairwiseLogistic, SetRanker, metrics, nested_cv
from prefml.ranking.boosted import BoostedScore, BoostingConfig
from prefml.ranking.calibration import WinCalibrator
from prefml.ranking.cross_fitting import CrossFittedInit
from prefml.ranking.linear_init import held_out_losses
from prefml.ranking.nested_cv import ModelSelection, calibrate, sort_by_set
from prefml.ranking.table import take
from prefml.sets import index_sets

BOTH = ({"linear": (("cue__",),), "n_estimators": 5}, {"linear": None, "n_estimators": 60})
SETTINGS = {
    "n_estimators": 8, "num_leaves": 4, "min_child_samples": 5, "n_jobs": 1, "random_state": 0,
    "verbose": -1, "deterministic": True, "force_row_wise": True,
}  # fmt: skip
ALL = np.arange(6)
SETS = np.arange(400)


def config(linear=False, **settings):
    return BoostingConfig(SETTINGS | settings, (ALL,) if linear else (), ALL)


def fit_linear(table, rows):
    part = take(table, rows)
    return PairwiseLogistic(0.02).fit_checked(part.X, part.grades, part.sets)


def linear_scores(table, train, test):
    return fit_linear(table, train).contributions(table.X[test]).sum(axis=1)


def nested_scores(table, folds, linear):
    """Score each fold by models that were fitted without it, one fit after the other."""
    scores = np.zeros(len(table.X))
    for train, test in folds:
        init, start = None, np.zeros(len(test))
        if linear:
            init = np.zeros(len(table.X))
            for inner in (inner for _, inner in folds if inner is not test):
                init[inner] = linear_scores(table, np.setdiff1d(train, inner), inner)
            init, start = init[train], linear_scores(table, train, test)
        part = take(table, train)
        trees = LGBMRanker(**SETTINGS)
        trees.fit(part.X, part.grades, group=part.sets.sizes, init_score=init)
        scores[test] = start + trees.booster_.predict(table.X[test])
    return scores


@pytest.fixture
def one_variance(monkeypatch):
    """Leave the linear init one prior variance, so that nothing of it is to be selected."""
    fixed = partial(CrossFittedInit, prior_variances=(0.02,))
    monkeypatch.setattr(nested_cv, "CrossFittedInit", fixed)


@pytest.mark.parametrize("linear", [False, True])
def test_out_of_fold_scores_are_those_of_nested_fits(make_table, one_variance, linear):
    table, folds = make_table(n_sets=80)
    selection = ModelSelection([config(linear)], table, 4, 1).select()
    expected = nested_scores(table, folds, linear)
    assert np.allclose(selection.out_of_fold_, expected, rtol=1e-5, atol=1e-6)


def test_the_final_fit_is_of_all_rows_with_a_cross_fitted_init(make_table, one_variance):
    table, folds = make_table(n_sets=80)
    model = ModelSelection([config(linear=True)], table, 4, 1).select().fit()
    init = np.zeros(len(table.X))
    for train, test in folds:
        init[test] = linear_scores(table, train, test)
    trees = LGBMRanker(**SETTINGS)
    trees.fit(table.X, table.grades, group=table.sets.sizes, init_score=init)
    everything = np.arange(len(table.X))
    expected = linear_scores(table, everything, everything) + trees.booster_.predict(table.X)
    assert np.allclose(model.predict(table.X), expected, rtol=1e-5, atol=1e-6)


def losses_of(*means, spread=1.0, n=400):
    """Return losses of so many sets whose differences between configs have a known error."""
    noise = np.resize([spread, -spread], n)
    return [mean + noise * (number > 0) for number, mean in enumerate(means)]


@pytest.mark.parametrize(
    ("means", "best"),
    [
        ((1.0, 1.0 - 0.09), 1),
        ((1.0, 1.0 - 0.07), 0),
        ((1.0, 1.2), 0),
        ((1.0, 1.0 - 0.2, 1.0 - 0.3), 2),
        ((1.0, 1.0 - 0.3, 1.0 - 0.2), 1),
    ],
)
def test_an_alternative_must_be_ahead_by_more_than_its_standard_error(means, best):
    # The standard error of a difference is 1 / sqrt(400), and 1.64 of them are 0.082.
    assert nested_cv._select_best(losses_of(*means), SETS) == best


def test_a_linear_taste_keeps_the_linear_init(choices):
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


def test_the_selected_config_has_the_out_of_fold_scores_and_is_fitted(make_table):
    table, _ = make_table(n_sets=200)
    poor, good = config(n_estimators=1, learning_rate=1e-3), config(n_estimators=60)
    selection = ModelSelection([poor, good], table, 4, 1).select()
    assert selection.best_ == 1
    alone = ModelSelection([good], table, 4, 1).select()
    assert np.array_equal(selection.out_of_fold_, alone.out_of_fold_)
    assert selection.fit().config is good


def test_a_single_set_leaves_nothing_to_select_by(make_table):
    table, _ = make_table(n_sets=1, sizes=(5,))
    selection = ModelSelection([config(), config(n_estimators=2)], table, 4, 1).select()
    assert selection.best_ == 0
    assert selection.out_of_fold_ is None


def test_a_config_clearly_behind_is_tried_on_no_more_folds(make, monkeypatch):
    X, y, set_id, project = make(n_sets=3000, sizes=(2,), n_projects=10)
    fitted = []
    fit = BoostedScore.fit

    def counted(self, *given):
        fitted.append(bool(self.config.linear))
        return fit(self, *given)

    monkeypatch.setattr(BoostedScore, "fit", counted)
    poor = {"linear": None, "n_estimators": 1}
    SetRanker(alternatives=(BOTH[0], poor)).fit(X, y, set_id=set_id, groups=project)
    assert (fitted.count(True), fitted.count(False)) == (6, 2)


def test_racing_selects_as_a_comparison_on_all_folds_would(make_table, monkeypatch):
    table, _ = make_table(n_sets=400, sizes=(2,), n_projects=8)
    configs = [config(), config(n_estimators=1), config(n_estimators=40), config(linear=True)]
    patient = ModelSelection(configs, table, 4, 1).select()
    monkeypatch.setattr(nested_cv, "_FIRST_RACE_SETS", 100)
    raced = ModelSelection(configs, table, 4, 1).select()
    assert raced.best_ == patient.best_
    assert np.array_equal(raced.out_of_fold_, patient.out_of_fold_)


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


def test_calibration_knows_projects_clusters_and_weights(make_table):
    table, _ = make_table(noise=2.0)
    scores = ModelSelection([config()], table, 4, 1).select().out_of_fold_
    weight = 1.0 + table.sets.codes % 3
    known = replace(table, cluster=table.sets.codes // 2, calibration_weight=weight)
    found = calibrate(known, scores)
    expected = WinCalibrator().fit(
        scores, table.grades, table.sets, weight, table.groups, table.sets.codes // 2
    )
    plain = calibrate(table, scores)
    assert (found.factor_, found.spread_) == (expected.factor_, expected.spread_)
    assert found.factor_ != plain.factor_


def test_sets_of_one_cluster_are_one_piece_of_evidence():
    # So much is clear of 400 sets, and nothing of four clusters.
    losses = losses_of(1.0, 1.0 - 0.09)
    assert nested_cv._select_best(losses, SETS) == 1
    assert nested_cv._select_best(losses, np.repeat([0, 1], 200)) == 1
    alike = [losses[0], np.repeat([1.8, 0.2, 0.9, 0.74], 100)]
    assert nested_cv._select_best(alike, SETS) == 1
    assert nested_cv._select_best(alike, np.repeat(np.arange(4), 100)) == 0


def test_in_one_project_clusters_stay_on_one_side_of_inner_folds():
    set_id = np.repeat(np.arange(12), 2)
    cluster = set_id // 3
    X, y = np.arange(24.0)[:, None], np.tile([0, 1], 12)
    for groups, together in ((None, cluster), (np.zeros(24), cluster), (set_id // 6, set_id // 6)):
        table, order = sort_by_set(X, y, set_id, groups, None, "content", cluster)
        assert len(np.unique(table.groups)) == len(np.unique(together))
        assert (pd.Series(together[order]).groupby(table.groups).nunique() == 1).all()


def test_clusters_and_calibration_weights_follow_their_rows():
    set_id = np.array([3, 1, 3, 1])
    table, order = sort_by_set(
        np.arange(4.0)[:, None], [0, 1, 1, 0], set_id, None, None, "content",
        set_id * 10, set_id / 2,
    )  # fmt: skip
    assert np.array_equal(table.calibration_weight, set_id[order] / 2)
    assert len(np.unique(table.cluster)) == 2
    part = take(table, np.arange(2))
    assert np.array_equal(part.calibration_weight, table.calibration_weight[:2])
    assert part.cluster_of_sets().tolist() == [0]


@given(st.lists(st.integers(0, 4), min_size=2, max_size=30), st.sampled_from(["content", "given"]))
def test_sorted_rows_are_the_same_rows_with_sets_together(set_id, item_order):
    n = len(set_id)
    X = np.random.default_rng(0).normal(size=(n, 2))
    labels, weight = np.arange(n) % 3, np.arange(n) + 1.0
    table, order = sort_by_set(X, labels, np.array(set_id), np.array(set_id), weight, item_order)
    assert sorted(order.tolist()) == list(range(n))
    assert np.array_equal(table.X, X[order])
    assert np.array_equal(table.grades, labels[order])
    assert np.array_equal(table.weight, weight[order])
    names = np.array(set_id)[order]
    assert (names[1:] != names[:-1]).sum() + 1 == len(set(set_id)) == len(table.sets)
    assert np.array_equal(table.sets.order, np.arange(n))


def test_without_projects_each_set_is_its_own_group():
    table, _ = sort_by_set(
        np.zeros((4, 1)), [0, 1, 0, 1], np.array(list("abab")), None, None, "given"
    )
    assert pd.Series(table.groups).groupby(table.sets.codes).nunique().tolist() == [1, 1]
    assert len(set(table.groups)) == 2


def test_projects_of_another_length_are_refused():
    with pytest.raises(ValueError, match="groups has shape"):
        sort_by_set(np.zeros((4, 1)), [0, 1, 0, 1], np.zeros(4), [0], None, "given")


def test_the_held_out_loss_decides_and_not_the_loss_on_training_rows(make_table):
    table, _ = make_table(n_sets=60, noise=5.0)
    careful, greedy = config(n_estimators=1), config(n_estimators=300, num_leaves=31)
    fitted = BoostedScore(greedy).fit(table).predict(table.X)
    timid = BoostedScore(careful).fit(table).predict(table.X)
    on_training_rows = [
        held_out_losses(scores, table.grades, table.sets).sum() for scores in (timid, fitted)
    ]
    assert on_training_rows[1] < on_training_rows[0]
    assert ModelSelection([careful, greedy], table, 4, 1).select().best_ == 0


def test_models_of_folds_spread_their_scores_as_the_model_of_all_rows_does(make_table):
    table, _ = make_table()
    selection = ModelSelection([config(linear=True)], table, 4, 1).select()
    before = selection.out_of_fold_.copy()
    whole = selection.fit().predict(table.X)
    for (train, test), model, scale in zip(
        selection.folds, selection.fold_models_, selection.fold_scales_, strict=True
    ):
        sets = index_sets(table.sets.codes[train])
        own = model.predict(table.X[train]) * scale
        assert sets.spread(own) == pytest.approx(sets.spread(whole[train]))
        np.testing.assert_array_equal(selection.out_of_fold_[test], before[test] * scale)
    assert np.std(selection.fold_scales_) > 0.001


@pytest.mark.parametrize("linear", [True, False])
def test_inner_folds_train_on_no_near_duplicate_of_another_project(make, linear, monkeypatch):
    X, y, set_id, project = make(n_sets=60)
    rng = np.random.default_rng(0)
    hashes = np.array([f"{value:016x}" for value in rng.integers(2**62, size=len(y))], object)
    first = np.flatnonzero(project == project[0])[0]
    second = np.flatnonzero(project != project[0])[0]
    hashes[second] = hashes[first]
    words = {"linear": (("",),)} if linear else {}
    ranker = SetRanker(n_estimators=2, n_folds=3, calibration="auto", **words)
    seen = []
    fit = BoostedScore.fit
    monkeypatch.setattr(
        BoostedScore, "fit",
        lambda self, table, *given: seen.append(table) or fit(self, table, *given),
    )  # fmt: skip
    ranker.fit(X, y, set_id=set_id, groups=project, hashes=hashes)

    bits = np.uint64(int(hashes[first], 16))
    twins = [int((table.hashes == bits).sum()) for table in seen]
    assert twins[-1] == 2, "the ranker of all rows learns from both"
    assert all(count in (0, 2) for count in twins[:-1])
    assert 0 in twins[:-1]


def test_in_one_project_clusters_are_kept_together_and_hashes_do_not_count(make):
    X, y, set_id, _ = make(n_sets=30)
    same = np.full(len(y), "0" * 16, object)
    table, _ = sort_by_set(X.to_numpy(), y, set_id, None, None, "content", hashes=same)
    assert table.hashes is None
