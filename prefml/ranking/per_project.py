"""Fit a ranker for each project with choices enough, beside the one for all projects."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from prefml._typing import Features, Floats, Ints, Texts
from prefml.ranking.protocols import Ranker
from prefml.ranking.ranker import SetRanker
from prefml.sets import index_sets

__all__ = ["PerProjectRanker", "ranker_of", "scores_by_project"]


def _take_rows(X: Features, rows: Ints) -> Features:
    return X.iloc[rows] if isinstance(X, pd.DataFrame) else np.asarray(X)[rows]


class PerProjectRanker(BaseEstimator):
    """Ranker over all projects, and a further one for each project with choices enough.

    Parameters
    ----------
    ranker : SetRanker, optional
        Cloned and fitted; `SetRanker()` by default.
    min_sets : int, default=100
        Sets a project needs for a ranker of its own.

    Attributes
    ----------
    common_ : SetRanker
        The ranker over all projects, used for projects it has not seen.
    own_ : dict of str to SetRanker
        The rankers of single projects.
    """

    def __init__(self, ranker: SetRanker | None = None, min_sets: int = 100) -> None:
        self.ranker = ranker
        self.min_sets = min_sets

    def fit(
        self,
        X: Features,
        y: ArrayLike,
        set_id: ArrayLike,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> PerProjectRanker:
        """Fit the common ranker and those of single projects.

        Parameters
        ----------
        X, y, set_id, sample_weight
            As in `SetRanker.fit`.
        groups : array-like of shape (n_rows,), optional
            The project of each row; only the common ranker is fitted if not given.

        Returns
        -------
        PerProjectRanker
        """
        base = SetRanker() if self.ranker is None else self.ranker
        labels, keys = np.asarray(y), np.asarray(set_id)
        names = None if groups is None else np.asarray(groups)
        weight = None if sample_weight is None else np.asarray(sample_weight, float)
        self.common_: SetRanker = clone(base).fit(
            X, labels, set_id=keys, groups=names, sample_weight=weight
        )
        self.own_: dict[str, SetRanker] = {}
        if names is None:
            return self
        for name in dict.fromkeys(names.tolist()):
            rows = np.flatnonzero(names == name)
            if len(index_sets(keys[rows])) >= self.min_sets:
                self.own_[name] = clone(base).fit(
                    _take_rows(X, rows),
                    labels[rows],
                    set_id=keys[rows],
                    sample_weight=None if weight is None else weight[rows],
                )
        return self

    def predict(self, X: Features, groups: ArrayLike | None = None) -> Floats:
        """Return a score for each row, by its project's own ranker where there is one.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features.
        groups : array-like of shape (n_rows,), optional
            The project of each row; the common ranker is used if not given.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        check_is_fitted(self)
        scores = self.common_.predict(X)
        if groups is None:
            return np.asarray(scores)
        for rows, ranker in self._own_rows(groups):
            scores[rows] = ranker.predict(_take_rows(X, rows))
        return np.asarray(scores)

    def _own_rows(self, groups: ArrayLike) -> Iterator[tuple[Ints, SetRanker]]:
        names = np.asarray(groups)
        for name, ranker in self.own_.items():
            rows = np.flatnonzero(names == name)
            if len(rows):
                yield rows, ranker

    @property
    def out_of_fold_(self) -> Floats | None:
        """Scores of the common ranker's inner folds, in the order of the rows given to `fit`."""
        return self.common_.out_of_fold_

    @property
    def feature_names_in_(self) -> Texts:
        """Names of the columns seen in `fit`, when `X` was a DataFrame."""
        return np.asarray(self.common_.feature_names_in_, dtype=object)

    def win_probability(
        self, X: Features, set_id: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> Floats:
        """Return the probability of each row to be the one chosen from its set.

        Parameters
        ----------
        X, set_id
            As in `SetRanker.win_probability`.
        groups : array-like of shape (n_rows,), optional
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Sums to 1 in each set.
        """
        found = self.common_.win_probability(X, set_id)
        if groups is None:
            return found
        keys = None if set_id is None else np.asarray(set_id)
        for rows, ranker in self._own_rows(groups):
            own = None if keys is None else keys[rows]
            found[rows] = ranker.win_probability(_take_rows(X, rows), own)
        return found


def ranker_of(model: SetRanker | PerProjectRanker, project: str | None) -> SetRanker:
    """Return the ranker that predicts for pictures of one project.

    Parameters
    ----------
    model : SetRanker or PerProjectRanker
        A fitted model.
    project : str or None
        Its name; None where it is not known.

    Returns
    -------
    SetRanker
    """
    if not isinstance(model, PerProjectRanker):
        return model
    return model.common_ if project is None else model.own_.get(project, model.common_)


def scores_by_project(model: Ranker, X: Features, groups: ArrayLike) -> Floats:
    """Return the score of each row, by its project's own ranker if the model has one.

    Parameters
    ----------
    model : Ranker
        A fitted model.
    X : array-like of shape (n_rows, n_columns)
        Features.
    groups : array-like of shape (n_rows,)
        The project of each row.

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    if isinstance(model, PerProjectRanker):
        return model.predict(X, groups)
    return np.asarray(model.predict(X))
