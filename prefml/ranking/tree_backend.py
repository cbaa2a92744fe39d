"""Where trees are grown: by LightGBM in this process, unless somebody else was asked to.

Who grows them is a context and no parameter of the ranker, as in `joblib.parallel_config`: on which
machines a model was fitted is no part of the model.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np
from joblib import Parallel, delayed
from lightgbm import LGBMRanker
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from prefml._typing import Floats, Ints

__all__ = ["TreeBackend", "TreeData", "fit_trees", "in_threads", "runs_in_threads", "using_backend"]


@dataclass(frozen=True)
class TreeData:
    """What trees are grown from; the rows of a set are together.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Features, NaN where missing.
    grades : ndarray of shape (n_rows,)
        Whole numbers, the higher the better.
    sizes : ndarray of shape (n_sets,)
        Rows of each set, in order.
    weight : ndarray of shape (n_rows,) or None
        Weight of each row.
    init_score : ndarray of shape (n_rows,) or None
        Scores that the trees start from.
    """

    X: Floats
    grades: NDArray[np.int64]
    sizes: Ints
    weight: Floats | None = None
    init_score: Floats | None = None


T = TypeVar("T")
R = TypeVar("R")

# Parameters of LGBMRanker, the rows, and what else its `fit` takes -> a fitted one.
TreeBackend: TypeAlias = Callable[[Mapping[str, Any], TreeData, Mapping[str, Any]], LGBMRanker]


def _fit_locally(
    settings: Mapping[str, Any], rows: TreeData, options: Mapping[str, Any]
) -> LGBMRanker:
    # Filters of warnings are shared by all threads: they are left alone in inner folds.
    with _accepting_eval_set() if "eval_set" in options else nullcontext():
        return _fit(settings, rows, options)


@contextmanager
def _accepting_eval_set() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*eval_set.*")
        yield


def _fit(settings: Mapping[str, Any], rows: TreeData, options: Mapping[str, Any]) -> LGBMRanker:
    return LGBMRanker(**settings).fit(
        rows.X,
        rows.grades,
        group=rows.sizes,
        sample_weight=rows.weight,
        init_score=rows.init_score,
        **options,
    )


_backend: ContextVar[TreeBackend] = ContextVar("backend", default=_fit_locally)


def fit_trees(
    settings: Mapping[str, Any], rows: TreeData, options: Mapping[str, Any]
) -> LGBMRanker:
    """Grow trees where the context says.

    Parameters
    ----------
    settings : mapping
        Parameters of `lightgbm.LGBMRanker`.
    rows : TreeData
        What to learn from.
    options : mapping
        Callbacks and validation rows, as `LGBMRanker.fit` takes them.

    Returns
    -------
    LGBMRanker
    """
    return _backend.get()(settings, rows, options)


def runs_in_threads(n_jobs: int | None) -> bool:
    """Say whether `in_threads` makes threads: not where the context grows trees elsewhere."""
    return _backend.get() is _fit_locally and n_jobs not in (None, 1)


def in_threads(function: Callable[[T], R], tasks: Sequence[T], n_jobs: int | None) -> list[R]:
    """Call a function for each task, in threads unless trees are grown elsewhere.

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
    if not runs_in_threads(n_jobs):
        return [function(task) for task in tasks]
    # With threads of its own, BLAS would be slower than one thread alone.
    with threadpool_limits(1, user_api="blas"):
        return list(Parallel(n_jobs=n_jobs, prefer="threads")(map(delayed(function), tasks)))


@contextmanager
def using_backend(backend: TreeBackend) -> Iterator[None]:
    """Have the trees of every ranker that is fitted inside the block grown by somebody else.

    Parameters
    ----------
    backend : callable
        Does what `LGBMRanker.fit` does.
    """
    token = _backend.set(backend)
    try:
        yield
    finally:
        _backend.reset(token)
