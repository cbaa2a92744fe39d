import pickle

import numpy as np
import pytest

from prefml.ranking import SetRanker


def fit(choices, grouped=True):
    X, y, set_id, project = choices
    ranker = SetRanker(n_estimators=5, min_child_samples=5, n_folds=4, calibration="auto")
    return ranker.fit(X, y, set_id=set_id, groups=project if grouped else None)


def test_rows_of_a_project_are_scored_by_the_model_that_was_fitted_without_it(choices):
    X, _, set_id, project = choices
    ranker = fit(choices)
    again = ranker.predict_out_of_fold(X, set_id, project)
    np.testing.assert_array_equal(again, ranker.out_of_fold_)
    assert not np.allclose(again, ranker.predict(X))


def test_a_set_of_no_project_of_the_fit_is_scored_by_one_model(choices):
    X, _, set_id, _ = choices
    ranker = fit(choices)
    found = ranker.predict_out_of_fold(X, set_id, np.full(len(X), "elsewhere"))
    rows, inner = ranker._transform(X), ranker.inner_folds_
    pairs = zip(inner.models, inner.scales, strict=True)
    by_model = [model.predict(rows) * scale for model, scale in pairs]
    for name in np.unique(set_id):
        own = set_id == name
        assert any(np.array_equal(found[own], scores[own]) for scores in by_model)


def test_without_projects_any_model_may_score_a_new_set(choices):
    X, _, set_id, project = choices
    ranker = fit(choices, grouped=False)
    without = ranker.predict_out_of_fold(X, set_id)
    np.testing.assert_array_equal(ranker.predict_out_of_fold(X, set_id, project), without)
    assert len(np.unique(without)) > 1


def test_the_models_of_the_folds_are_not_kept_in_a_file(choices):
    X, _, set_id, project = choices
    ranker = fit(choices)
    again = pickle.loads(pickle.dumps(ranker))
    np.testing.assert_array_equal(again.predict(X), ranker.predict(X))
    with pytest.raises(ValueError, match="no models of inner folds"):
        again.predict_out_of_fold(X, set_id, project)


def test_a_ranker_without_folds_says_so(choices):
    X, y, set_id, _ = choices
    ranker = SetRanker(n_estimators=5).fit(X, y, set_id=set_id)
    with pytest.raises(ValueError, match="no models of inner folds"):
        ranker.predict_out_of_fold(X, set_id)
