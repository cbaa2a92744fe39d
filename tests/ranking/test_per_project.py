import numpy as np
import pandas as pd
import pytest

from prefml.ranking import SetRanker, metrics
from prefml.ranking.per_project import PerProjectRanker, ranker_of, scores_by_project


@pytest.fixture
def two_tastes(make):
    X, y, set_id, _ = make(n_sets=300, sizes=(3,))
    project = np.repeat(["a", "b"], [450, 450])
    other = -X["cue__0"]
    opposite = (other == other.groupby(set_id).transform("max")).to_numpy().astype(int)
    return X, np.where(project == "a", y, opposite), set_id, project


def test_projects_with_tastes_of_their_own_are_told_apart(two_tastes):
    X, y, set_id, project = two_tastes
    odd = np.array([int(name[3:]) % 2 == 1 for name in set_id])
    ranker = PerProjectRanker(SetRanker(n_estimators=30), min_sets=50)
    ranker.fit(X[~odd], y[~odd], set_id[~odd], project[~odd])
    assert set(ranker.own_) == {"a", "b"}
    own = metrics.top1(y[odd], ranker.predict(X[odd], project[odd]), set_id[odd])
    assert own > metrics.top1(y[odd], ranker.predict(X[odd]), set_id[odd]) + 0.1


def test_a_project_with_few_choices_uses_the_common_ranker(two_tastes):
    X, y, set_id, project = two_tastes
    ranker = PerProjectRanker(SetRanker(n_estimators=3), min_sets=1000)
    ranker.fit(X, y, set_id, project, sample_weight=np.ones(len(y)))
    assert ranker.own_ == {}
    assert np.array_equal(ranker.predict(X, project), ranker.predict(X))


def test_a_new_project_uses_the_common_ranker(two_tastes):
    X, y, set_id, project = two_tastes
    ranker = PerProjectRanker(SetRanker(n_estimators=3)).fit(X, y, set_id, project)
    new = np.full(len(y), "new")
    assert np.array_equal(ranker.predict(X, new), ranker.common_.predict(X))
    arrays = PerProjectRanker(SetRanker(n_estimators=3))
    arrays.fit(X.to_numpy(), y, set_id, pd.Series(project).to_numpy())
    assert np.allclose(arrays.predict(X.to_numpy(), project), ranker.predict(X, project))


@pytest.fixture
def both(two_tastes):
    X, y, set_id, project = two_tastes
    ranker = PerProjectRanker(SetRanker(n_estimators=5), min_sets=50)
    return ranker.fit(X, y, set_id, project), two_tastes


def test_probabilities_are_of_the_projects_own_ranker_and_add_up_to_one(both):
    ranker, (X, _, set_id, project) = both
    found = ranker.win_probability(X, set_id, project)
    assert np.allclose(pd.Series(found).groupby(set_id).sum(), 1)
    one = project == "b"
    own = ranker.own_["b"].win_probability(X[one], set_id[one])
    assert np.allclose(found[one], own)
    common = ranker.common_.win_probability(X, set_id)
    assert np.array_equal(ranker.win_probability(X, set_id), common)


def test_the_ranker_of_a_project_is_its_own_or_else_the_common_one(both):
    ranker, _ = both
    assert ranker_of(ranker, "a") is ranker.own_["a"]
    assert ranker_of(ranker, "new") is ranker_of(ranker, None) is ranker.common_
    assert ranker_of(ranker.common_, "a") is ranker.common_


def test_scores_of_one_ranker_do_not_depend_on_projects(both):
    ranker, (X, _, _, project) = both
    plain = scores_by_project(ranker.common_, X, project)
    assert np.array_equal(plain, ranker.common_.predict(X))
    assert np.array_equal(scores_by_project(ranker, X, project), ranker.predict(X, project))


def test_names_of_columns_are_those_of_the_common_ranker(both):
    ranker, (X, *_) = both
    assert ranker.feature_names_in_.tolist() == X.columns.tolist()


def test_without_projects_only_the_common_ranker_is_fitted(two_tastes):
    X, y, set_id, _ = two_tastes
    base = SetRanker(n_estimators=3)
    ranker = PerProjectRanker(base, min_sets=1).fit(X, y, set_id)
    assert ranker.own_ == {}
    alone = SetRanker(n_estimators=3).fit(X, y, set_id=set_id)
    assert np.array_equal(ranker.predict(X), alone.predict(X))


def test_clusters_and_calibration_weights_reach_every_ranker(choices):
    X, y, set_id, project = choices
    base = SetRanker(n_estimators=3, calibration="auto", random_state=0)
    number = np.unique(set_id, return_inverse=True)[1]
    weight = 1.0 + number % 4
    both = PerProjectRanker(base, min_sets=2).fit(
        X, y, set_id, project, calibration_weight=weight, cluster_id=number // 2
    )
    name = next(iter(both.own_))
    rows = np.flatnonzero(project == name)
    alone = SetRanker(n_estimators=3, calibration="auto", random_state=0).fit(
        X.iloc[rows], y[rows], set_id=set_id[rows], calibration_weight=weight[rows],
        cluster_id=number[rows] // 2,
    )  # fmt: skip
    assert both.own_[name].calibrator_.factor_ == alone.calibrator_.factor_
    plain = PerProjectRanker(base, min_sets=2).fit(X, y, set_id, project)
    assert plain.common_.calibrator_.factor_ != both.common_.calibrator_.factor_


def test_rows_out_of_fold_are_scored_by_their_projects_ranker(choices):
    X, y, set_id, project = choices
    base = SetRanker(n_estimators=3, calibration="auto", random_state=0)
    model = PerProjectRanker(base, min_sets=2)
    model.fit(X, y, set_id, project)
    name, own = next(iter(model.own_.items()))
    rows = np.flatnonzero(project == name)[:6]
    known = model.predict_out_of_fold(X.iloc[rows], set_id[rows], project[rows])
    np.testing.assert_array_equal(known, own.predict_out_of_fold(X.iloc[rows], set_id[rows]))
    unknown = model.predict_out_of_fold(X.iloc[rows], set_id[rows])
    common = model.common_.predict_out_of_fold(X.iloc[rows], set_id[rows])
    np.testing.assert_array_equal(unknown, common)
