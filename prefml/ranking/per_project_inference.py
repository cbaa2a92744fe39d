"""Predict, explain and state probabilities with what `PerProjectRanker.fit` has learned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.validation import _num_samples, check_is_fitted

from prefml._estimators import as_frame
from prefml._typing import Features, Floats, Ints, Labels, Texts
from prefml.ranking.explain import Explanation
from prefml.ranking.metrics import top1
from prefml.ranking.ranker import SetRanker
from prefml.ranking.validation import check_column, check_sample_weight, check_set_id
from prefml.sets import Sets, index_sets

__all__ = ["PerProjectInference", "take_rows"]


def take_rows(X: Features, rows: Ints) -> Features:
    """Return some rows of a table.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_columns)
        A frame or an array.
    rows : ndarray of int
        Their positions.

    Returns
    -------
    DataFrame or ndarray
    """
    return X.iloc[rows] if isinstance(X, pd.DataFrame) else np.asarray(X)[rows]


class PerProjectInference:
    """Methods of a fitted `PerProjectRanker`, which says what the attributes below are."""

    __metadata_request__predict = {"groups": True}  # noqa: RUF012
    __metadata_request__score = {"set_id": True, "groups": True}  # noqa: RUF012

    allow_missing_set_id: bool
    common_: SetRanker
    own_: dict[str, SetRanker]

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
        X = as_frame(X)
        scores = self.common_.predict(X)
        for rows, ranker in self._own_rows(groups, len(scores)):
            scores[rows] = ranker.predict(take_rows(X, rows))
        return np.asarray(scores)

    def _own_rows(self, groups: ArrayLike | None, n_rows: int) -> Iterator[tuple[Ints, SetRanker]]:
        """Yield the rows of each project that has a ranker of its own, and that ranker."""
        if groups is None:
            return
        names = check_column(groups, n_rows, "groups")
        for name, ranker in self.own_.items():
            rows = np.flatnonzero(names == name)
            if len(rows):
                yield rows, ranker

    def _all_rows(self, groups: ArrayLike | None, n_rows: int) -> Iterator[tuple[Ints, SetRanker]]:
        """Yield each ranker's rows, those of the common one, if it has any, last."""
        rest = np.ones(n_rows, bool)
        for rows, ranker in self._own_rows(groups, n_rows):
            rest[rows] = False
            yield rows, ranker
        if rest.any():
            yield np.flatnonzero(rest), self.common_

    @property
    def out_of_fold_(self) -> Floats | None:
        """Scores of the common ranker's inner folds, in the order of the rows given to `fit`."""
        return self.common_.out_of_fold_

    @property
    def n_features_in_(self) -> int:
        """Number of columns seen in `fit`."""
        return int(self.common_.n_features_in_)

    @property
    def feature_names_in_(self) -> Texts:
        """Names of the columns seen in `fit`, when `X` was a DataFrame."""
        return np.asarray(self.common_.feature_names_in_, dtype=object)

    def predict_out_of_fold(
        self, X: Features, set_id: ArrayLike, groups: ArrayLike | None = None
    ) -> Floats:
        """Score rows that were not fitted on as the rows of `fit` were scored out of fold.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features of sets that `fit` was not given.
        set_id : array-like of shape (n_rows,)
            The set of each row.
        groups : array-like of shape (n_rows,), optional
            The project of each row: those with a ranker of their own are scored by it, others by
            the common one without the project.

        Returns
        -------
        ndarray of shape (n_rows,)
            Comparable inside a set only.

        Raises
        ------
        ValueError
            If there are no models of inner folds: fitted without them, or read from a file.
        """
        X, keys = as_frame(X), np.asarray(set_id)
        scores = self.common_.predict_out_of_fold(X, keys, groups)
        for rows, ranker in self._own_rows(groups, len(keys)):
            scores[rows] = ranker.predict_out_of_fold(take_rows(X, rows), keys[rows])
        return scores

    def win_probability(
        self,
        X: Features,
        set_id: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Floats:
        """Return the probability of each row to be the one chosen from its set.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features.
        set_id : array-like of shape (n_rows,)
            The set of each row.
        groups : array-like of shape (n_rows,), optional
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Sums to 1 in each set.

        Raises
        ------
        ValueError
            If `set_id` is missing (unless that was allowed), or a length is wrong.
        """
        scores = self.predict(X, groups)
        keys = check_set_id(set_id, len(scores), self.allow_missing_set_id)
        return self.probability_of(scores, index_sets(keys), groups)

    def probability_of(self, scores: Floats, sets: Sets, groups: ArrayLike | None = None) -> Floats:
        """Turn scores that were predicted before into probabilities.

        Parameters
        ----------
        scores : ndarray of shape (n_rows,)
            Scores from `predict` with the same `groups`.
        sets : Sets
            The grouping of the rows.
        groups : array-like of shape (n_rows,), optional
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        found = np.empty(len(scores))
        for rows, ranker in self._all_rows(groups, len(scores)):
            found[rows] = ranker.probability_of(scores[rows], index_sets(sets.codes[rows]))
        return found

    def score(
        self,
        X: Features,
        y: ArrayLike,
        set_id: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> float:
        """Return top-1: the share of sets in which the highest score is the winner's.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features.
        y : array-like of shape (n_rows,)
            Labels.
        set_id : array-like of shape (n_rows,)
            The set of each row.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row; a set counts by the mean of its rows'.
        groups : array-like of shape (n_rows,), optional
            As in `predict`.

        Returns
        -------
        float
            NaN if no set has a choice.

        Raises
        ------
        ValueError
            If `set_id` is missing (unless that was allowed), or a length is wrong.
        """
        scores = self.predict(X, groups)
        keys = check_set_id(set_id, len(scores), self.allow_missing_set_id)
        return top1(y, scores, keys, check_sample_weight(sample_weight, scores))

    def explain(
        self,
        X: Features,
        set_id: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> list[Explanation]:
        """Explain why the winner of each set beat its runner-up.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features.
        set_id : array-like of shape (n_rows,)
            The set of each row.
        groups : array-like of shape (n_rows,), optional
            As in `predict`.

        Returns
        -------
        list of Explanation
            As from `SetRanker.explain`.

        Raises
        ------
        ValueError
            If `set_id` is missing (unless that was allowed), or a length is wrong.
        """
        X, keys = self._with_keys(X, set_id)
        found = [
            replace(one, winner=int(rows[one.winner]), runner_up=int(rows[one.runner_up]))
            for rows, ranker in self._all_rows(groups, len(keys))
            for one in ranker.explain(take_rows(X, rows), keys[rows])
        ]
        number = {key: at for at, key in enumerate(dict.fromkeys(keys.tolist()))}
        return sorted(found, key=lambda one: number[one.set_id])

    def importances(
        self,
        X: Features,
        set_id: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> dict[str, float]:
        """Return the mean absolute contribution of each group of columns to scores inside sets.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features.
        set_id : array-like of shape (n_rows,)
            The set of each row.
        groups : array-like of shape (n_rows,), optional
            As in `predict`.

        Returns
        -------
        dict of str to float
            Share of the total, largest first: the mean of the rankers' own shares, weighted by
            their rows.

        Raises
        ------
        ValueError
            If `set_id` is missing (unless that was allowed), or a length is wrong.
        """
        X, keys = self._with_keys(X, set_id)
        total: dict[str, float] = {}
        for rows, ranker in self._all_rows(groups, len(keys)):
            for name, share in ranker.importances(take_rows(X, rows), keys[rows]).items():
                total[name] = total.get(name, 0.0) + share * len(rows) / len(keys)
        return dict(sorted(total.items(), key=lambda pair: -pair[1]))

    def _with_keys(self, X: Features, set_id: ArrayLike | None) -> tuple[Features, Labels]:
        check_is_fitted(self)
        X = as_frame(X)
        return X, check_set_id(set_id, _num_samples(X), self.allow_missing_set_id)
