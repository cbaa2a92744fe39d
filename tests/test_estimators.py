import numpy as np
import pandas as pd
import pyarrow
import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from prefml._estimators import as_frame, check_features, draw_seed


class Table:
    """Table of a library that is not known, with names and numbers."""

    columns = ("a", "b")

    def __array__(self, dtype=None, copy=None):
        return np.array([[1.0, 2.0], [3.0, np.nan]], dtype)


class Seen(BaseEstimator):
    """Estimator that has seen a table."""

    def fit(self, X):
        validate_data(self, as_frame(X), ensure_all_finite=False)
        return self


def test_a_table_of_any_library_becomes_a_frame_that_keeps_the_names():
    found = as_frame(Table())
    assert found.columns.tolist() == ["a", "b"]
    assert found.iloc[0].tolist() == [1, 2]


def test_the_column_names_of_pyarrow_are_not_its_columns():
    assert as_frame(pyarrow.table({"a": [1], "b": [None]})).columns.tolist() == ["a", "b"]


@pytest.mark.parametrize("X", [np.zeros((1, 2)), [[0.0, 1.0]], pd.DataFrame({"a": [1]}), None, 3])
def test_anything_else_stays_as_it_is(X):
    assert as_frame(X) is X


def test_features_of_known_columns_are_taken_alike_whatever_holds_them():
    seen = Seen().fit(Table())
    frame = as_frame(Table())
    for X in (Table(), frame):
        for columns in (frame.columns, None):
            found = check_features(seen, X, columns)
            assert np.array_equal(found, frame.to_numpy(), equal_nan=True)


@pytest.mark.parametrize("columns", [None, pd.Index(["a", "b"])])
def test_other_columns_and_infinite_numbers_are_refused(columns):
    seen, frame = Seen().fit(Table()), as_frame(Table())
    with pytest.raises(ValueError, match="feature names"):
        check_features(seen, frame.rename(columns={"b": "c"}), columns)
    with pytest.raises(ValueError, match="infinity"):
        check_features(seen, frame.replace(1.0, np.inf), columns)


def test_a_seed_is_an_integer_itself_or_drawn():
    assert draw_seed(5) == draw_seed(np.int64(5)) == 5
    state = np.random.RandomState(0)
    first = draw_seed(state)
    assert first == draw_seed(np.random.RandomState(0)) != draw_seed(state)
    assert draw_seed(None) != draw_seed(None)


@pytest.mark.parametrize("other", [np.random.default_rng(0), "7", 1.5])
def test_what_scikit_learn_takes_for_no_seed_is_refused(other):
    with pytest.raises(ValueError, match="cannot be used to seed"):
        draw_seed(other)
