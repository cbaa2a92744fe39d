import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.model_selection import cross_val_score

from prefml.ranking import PerProjectRanker, SetRanker, metrics
from prefml.ranking.per_project_inference import take_rows
from prefml.sets import index_sets


@pytest.fixture(scope="module")
def fitted(make):
    """Return a ranker with one of its own for two of three projects, and rows in mixed order."""
    X, y, set_id, project = make(n_sets=120, n_projects=3, sizes=(3,))
    rows = np.random.default_rng(0).permutation(len(y))
    X, y, set_id, project = X.iloc[rows], y[rows], set_id[rows], project[rows]
    ranker = PerProjectRanker(SetRanker(n_estimators=5, calibration="auto"), min_sets=40)
    ranker.fit(X, y, set_id, np.where(project == "p2", set_id, project))
    assert set(ranker.own_) == {"p0", "p1"}
    return ranker, (X, y, set_id, project)


def test_each_row_is_explained_by_its_projects_ranker_in_the_order_of_sets(fitted):
    ranker, (X, _, set_id, project) = fitted
    found = ranker.explain(X, set_id, project)
    assert [one.set_id for one in found] == list(dict.fromkeys(set_id))
    scores = ranker.predict(X, project)
    for one in found:
        assert set_id[one.winner] == set_id[one.runner_up] == one.set_id
        assert one.difference == pytest.approx(scores[one.winner] - scores[one.runner_up])
    own = project == "p1"
    alone = ranker.own_["p1"].explain(X[own], set_id[own])
    assert [one.reasons for one in alone] == [
        one.reasons for one in found if one.set_id in set(set_id[own])
    ]


def test_without_projects_all_is_as_the_common_ranker_says(fitted):
    ranker, (X, y, set_id, _) = fitted
    common = ranker.common_
    assert ranker.explain(X, set_id) == common.explain(X, set_id)
    assert ranker.importances(X, set_id) == pytest.approx(common.importances(X, set_id))
    assert ranker.score(X, y, set_id) == common.score(X, y, set_id)


def test_scores_become_probabilities_by_the_calibration_of_their_project(fitted):
    ranker, (X, _, set_id, project) = fitted
    scores, sets = ranker.predict(X, project), index_sets(set_id)
    found = ranker.probability_of(scores, sets, project)
    assert np.array_equal(found, ranker.win_probability(X, set_id, project))
    assert np.allclose(sets.reduce(np.add, found), 1)
    for name in ("p0", "p2"):
        rows = np.flatnonzero(project == name)
        one = ranker.own_.get(name, ranker.common_)
        wanted = one.win_probability(take_rows(X, rows), set_id[rows])
        np.testing.assert_allclose(found[rows], wanted, rtol=1e-12)


def test_the_score_is_top1_of_the_projects_rankers_weighted_if_asked(fitted):
    ranker, (X, y, set_id, project) = fitted
    scores, weight = ranker.predict(X, project), (project == "p1").astype(float)
    assert ranker.score(X, y, set_id, groups=project) == metrics.top1(y, scores, set_id)
    own = project == "p1"
    assert ranker.score(X, y, set_id, weight, project) == pytest.approx(
        metrics.top1(y[own], scores[own], set_id[own])
    )


def test_importances_are_shares_of_all_rankers(fitted):
    ranker, (X, _, set_id, project) = fitted
    shares = ranker.importances(X, set_id, project)
    assert sum(shares.values()) == pytest.approx(1)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)


@pytest.mark.parametrize("method", ["win_probability", "explain", "importances"])
def test_without_sets_it_refuses_unless_one_set_is_allowed(fitted, method):
    ranker, (X, *_) = fitted
    with pytest.raises(ValueError, match="set_id is missing"):
        getattr(ranker, method)(X[:3])
    allowed = PerProjectRanker(allow_missing_set_id=True)
    allowed.common_, allowed.own_ = ranker.common_, ranker.own_
    found = getattr(allowed, method)(X[:3])
    assert np.array_equal(found, getattr(ranker, method)(X[:3], [0, 0, 0]))


def test_a_wrong_number_of_projects_is_named(fitted):
    ranker, (X, _, _, project) = fitted
    with pytest.raises(ValueError, match="groups has shape"):
        ranker.predict(X, project[:-1])


def test_cross_validation_routes_sets_and_projects(fitted):
    ranker, (X, y, set_id, project) = fitted
    with config_context(enable_metadata_routing=True):
        params = {"set_id": set_id, "groups": project}
        cv = [np.array_split(index_sets(set_id).order, 2)]
        assert cross_val_score(ranker, X, y, cv=cv, params=params)[0] > 0.5


def test_rows_are_taken_of_frames_and_of_arrays():
    values = np.arange(6.0).reshape(3, 2)
    assert take_rows(values, np.array([2, 0])).tolist() == [[4, 5], [0, 1]]
    assert take_rows(pd.DataFrame(values), np.array([2])).to_numpy().tolist() == [[4, 5]]
