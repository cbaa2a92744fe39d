import numpy as np
import pytest

from prefml.ranking import SetRanker

METHODS = ("win_probability", "explain", "importances")


@pytest.fixture
def fitted(choices):
    X, y, set_id, _ = choices
    return SetRanker(n_estimators=3).fit(X, y, set_id=set_id), X, set_id


@pytest.mark.parametrize("method", METHODS)
def test_without_sets_it_refuses_to_take_all_rows_for_one(fitted, method):
    ranker, X, _ = fitted
    with pytest.raises(ValueError, match="set_id is missing: found 3 rows"):
        getattr(ranker, method)(X.iloc[:3])


@pytest.mark.parametrize("method", METHODS)
def test_all_rows_are_one_set_where_that_is_allowed(fitted, method):
    ranker, X, _ = fitted
    ranker.set_params(allow_missing_set_id=True)
    found = getattr(ranker, method)(X.iloc[:3])
    wanted = getattr(ranker, method)(X.iloc[:3], np.zeros(3, int))
    assert np.array_equal(found, wanted) if method == "win_probability" else found == wanted


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_number_of_sets_is_named(fitted, method):
    ranker, X, set_id = fitted
    with pytest.raises(ValueError, match="set_id has shape"):
        getattr(ranker, method)(X, set_id[:-1])
