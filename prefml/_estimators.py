"""Read tables of any library and draw seeds: what the estimators of all rooms have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, validate_data
from threadpoolctl import threadpool_limits

from prefml._typing import Features, Floats

__all__ = ["Seed", "as_frame", "check_features", "draw_seed", "map_in_threads"]

T = TypeVar("T")
R = TypeVar("R")
# As scikit-learn takes it for `random_state`.
Seed: TypeAlias = int | np.random.RandomState | None

# Seeds of bags are counted up from the one that is drawn, and LightGBM's are 32-bit integers.
_MAX_SEED = 2**30


def as_frame(X: Features) -> Features:
    """Return a table of polars, pyarrow or the like as a pandas frame that keeps the names.

    scikit-learn reads names from other libraries' tables only in some of its versions.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_columns)
        Anything.

    Returns
    -------
    DataFrame or array-like
        `X` itself unless it is another library's table with named columns.
    """
    if isinstance(X, np.ndarray | pd.DataFrame) or not hasattr(X, "__array__"):
        return X
    # `columns` of pyarrow are the columns themselves.
    names = getattr(X, "column_names", getattr(X, "columns", None))
    return X if names is None else pd.DataFrame(np.asarray(X), columns=list(names))


def check_features(estimator: BaseEstimator, X: Features, columns: pd.Index | None) -> Floats:
    """Return the numbers of a table, which must have the columns that an estimator has seen.

    Parameters
    ----------
    estimator : BaseEstimator
        Fitted by scikit-learn's `validate_data`.
    X : array-like of shape (n_rows, n_columns)
        Features, NaN where missing.
    columns : Index or None
        The columns seen in `fit`, only of a frame.

    Returns
    -------
    ndarray of shape (n_rows, n_columns)

    Raises
    ------
    ValueError
        If the columns are others, or an entry is infinite or no number.
    """
    X = as_frame(X)
    if columns is not None and isinstance(X, pd.DataFrame) and columns.equals(X.columns):
        # scikit-learn looks at each of three thousand names: longer than a prediction takes.
        X = X.to_numpy(np.float64)
        return np.asarray(check_array(X, ensure_all_finite="allow-nan", dtype=np.float64))
    return np.asarray(
        validate_data(estimator, X, reset=False, ensure_all_finite="allow-nan", dtype=np.float64)
    )


def draw_seed(random_state: Seed) -> int:
    """Return the seed of one fit.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        As in scikit-learn: an integer is the seed of every fit, an instance is drawn from, so
        that two fits differ, and None draws from numpy's global instance.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If it is something else, such as a `numpy.random.Generator`.
    """
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(_MAX_SEED))


def map_in_threads(function: Callable[[T], R], tasks: Sequence[T], n_jobs: int | None) -> list[R]:
    """Call a function for each task, in threads.

    Parameters
    ----------
    function : callable
        NumPy and LightGBM let other threads run, so that threads are enough.
    tasks : sequence
        Its arguments.
    n_jobs : int or None
        Threads, as in `joblib.Parallel`.

    Returns
    -------
    list
        The results, in the order of the tasks.
    """
    # With threads of its own, BLAS would be slower than one thread alone.
    with threadpool_limits(1, user_api="blas"):
        return list(Parallel(n_jobs=n_jobs, prefer="threads")(map(delayed(function), tasks)))
