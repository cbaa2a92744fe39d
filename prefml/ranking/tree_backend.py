"""Grow trees by LightGBM in this process, or by the backend that the context names.

The backend is a context and no parameter of the ranker, as in `joblib.parallel_config`: the machine
on which a model was fitted is no part of the model.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar

from lightgbm import Booster, LGBMRanker

from prefml._estimators import map_in_threads
from prefml._typing import Floats, Grades, Ints

__all__ = [
    "FittedTrees",
    "Settings",
    "TreeBackend",
    "TreeData",
    "fit_trees",
    "in_threads",
    "runs_in_threads",
    "using_backend",
]

# Parameters of `lightgbm.LGBMRanker`.
Settings: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class TreeData:
    """Rows that trees are grown from; the rows of a set are together.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Features, NaN where missing.
    grades : ndarray of shape (n_rows,)
        Relevance grades, the higher the better.
    sizes : ndarray of shape (n_sets,)
        Rows of each set, in order.
    weight : ndarray of shape (n_rows,) or None
        Weight of each row.
    init_score : ndarray of shape (n_rows,) or None
        Scores that boosting starts from.
    """

    X: Floats
    grades: Grades
    sizes: Ints
    weight: Floats | None = None
    init_score: Floats | None = None


class FittedTrees(Protocol):
    """Fitted trees, as `lightgbm.LGBMRanker` keeps them."""

    @property
    def booster_(self) -> Booster:
        """The trees."""

    @property
    def best_iteration_(self) -> int | None:
        """Number of trees at which early stopping stopped, else 0 or None."""


T = TypeVar("T")
R = TypeVar("R")

# Parameters, rows, and further arguments of `LGBMRanker.fit` -> fitted trees.
TreeBackend: TypeAlias = Callable[[Settings, TreeData, Mapping[str, object]], FittedTrees]


def _fit_locally(settings: Settings, rows: TreeData, options: Mapping[str, object]) -> FittedTrees:
    fit: Callable[..., FittedTrees] = partial(
        LGBMRanker(**settings).fit,
        rows.X,
        rows.grades,
        group=rows.sizes,
        sample_weight=rows.weight,
        init_score=rows.init_score,
        **options,
    )
    if "eval_set" not in options:
        return fit()
    # Filters of warnings are shared by all threads: they are left alone in inner folds.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*eval_set.*")
        return fit()


_backend: ContextVar[TreeBackend] = ContextVar("backend", default=_fit_locally)


def fit_trees(settings: Settings, rows: TreeData, options: Mapping[str, object]) -> FittedTrees:
    """Grow trees by the backend of the context.

    Parameters
    ----------
    settings : mapping
        Parameters of `lightgbm.LGBMRanker`.
    rows : TreeData
        Training rows.
    options : mapping
        Callbacks and validation rows, as `LGBMRanker.fit` takes them.

    Returns
    -------
    FittedTrees
    """
    return _backend.get()(settings, rows, options)


def runs_in_threads(n_jobs: int | None) -> bool:
    """Tell whether `in_threads` makes threads: not where another backend grows the trees.

    Parameters
    ----------
    n_jobs : int or None
        Threads, as in `joblib.Parallel`.

    Returns
    -------
    bool
    """
    return _backend.get() is _fit_locally and n_jobs not in (None, 1)


def in_threads(function: Callable[[T], R], tasks: Sequence[T], n_jobs: int | None) -> list[R]:
    """Call a function for each task, in threads unless another backend grows the trees.

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
    return map_in_threads(function, tasks, n_jobs)


@contextmanager
def using_backend(backend: TreeBackend) -> Iterator[None]:
    """Grow the trees of every ranker that is fitted inside the block by another backend.

    Parameters
    ----------
    backend : callable
        Takes parameters, rows and options as `fit_trees` does, and returns fitted trees.

    Returns
    -------
    context manager
    """
    token = _backend.set(backend)
    try:
        yield
    finally:
        _backend.reset(token)
