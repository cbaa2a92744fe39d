"""Predict, explain and state probabilities with what `SetRanker.fit` has learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from prefml._estimators import as_frame, check_features
from prefml._typing import Features, Floats
from prefml.ranking.blocks import columns_starting_with
from prefml.ranking.boosted import BoostedScore
from prefml.ranking.calibration import WinCalibrator, softmax_in_sets
from prefml.ranking.design import Design
from prefml.ranking.explain import Explanation, explain_set, mean_importance
from prefml.ranking.scoring import RankerMixin
from prefml.ranking.validation import check_set_id
from prefml.sets import Sets, index_sets

__all__ = ["RankerInference"]


class RankerInference(RankerMixin):
    """Methods of a fitted `SetRanker`, which has the attributes below and says what they are."""

    optional: Sequence[str] | None
    column_index_: pd.Index | None
    columns_: list[str]
    design_: Design
    score_: BoostedScore
    calibrator_: WinCalibrator | None

    def _transform(self, X: Features) -> Floats:
        columns = getattr(self, "column_index_", None)
        return self.design_.transform(check_features(self, self._with_optional(X), columns))

    def _with_optional(self, X: Features) -> Features:
        """Return a frame with the columns of `fit` if it differs from these by optional ones."""
        X, known = as_frame(X), getattr(self, "feature_names_in_", None)
        if not self.optional or known is None or not isinstance(X, pd.DataFrame):
            return X
        others = set(known) ^ set(X.columns)
        if others and all(str(name).startswith(tuple(self.optional)) for name in others):
            return X.reindex(columns=list(known))
        return X

    @property
    def optional_columns_(self) -> list[str]:
        """Names of the optional columns that scores depend on; empty where they do not help."""
        config = self.score_.config
        seen = [*config.linear, config.trees, config.net]
        used = [self.columns_[i] for i in np.unique(np.concatenate(seen))]
        return [used[i] for i in columns_starting_with(used, self.optional or ())]

    def predict(self, X: Features) -> Floats:
        """Return a score for each row, by itself.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features.

        Returns
        -------
        ndarray of shape (n_rows,)
            The higher, the better; only comparable inside a set.
        """
        check_is_fitted(self)
        return self.score_.predict(self._transform(X))

    def win_probability(self, X: Features, set_id: ArrayLike | None = None) -> Floats:
        """Return the probability of each row to be the one chosen from its set.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features.
        set_id : array-like of shape (n_rows,)
            The set of each row.

        Returns
        -------
        ndarray of shape (n_rows,)
            Sums to 1 in each set.

        Raises
        ------
        ValueError
            If `set_id` is missing (unless that was allowed), or its length is wrong.
        """
        scores = self.predict(X)
        sets = index_sets(check_set_id(set_id, len(scores), self.allow_missing_set_id))
        return self.probability_of(scores, sets)

    def probability_of(self, scores: Floats, sets: Sets) -> Floats:
        """Turn scores that were predicted before into probabilities.

        Parameters
        ----------
        scores : ndarray of shape (n_rows,)
            Scores from `predict`.
        sets : Sets
            The grouping of the rows.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        if self.calibrator_ is None:
            return softmax_in_sets(scores, sets)
        return self.calibrator_.predict(scores, sets)

    def explain(self, X: Features, set_id: ArrayLike | None = None) -> list[Explanation]:
        """Explain why the winner of each set beat its runner-up.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features.
        set_id : array-like of shape (n_rows,)
            The set of each row.

        Returns
        -------
        list of Explanation
            One for each set of two rows or more, by first appearance; the contributions of each
            add up to the difference of the two scores.

        Raises
        ------
        ValueError
            If `set_id` is missing (unless that was allowed), or its length is wrong.
        """
        check_is_fitted(self)
        design = self._transform(X)
        keys = check_set_id(set_id, len(design), self.allow_missing_set_id)
        found = self.score_.contributions(design)
        return [
            explain_set(keys[rows[0]], rows, design[rows], found[rows], self.columns_)
            for rows in index_sets(keys).members()
            if len(rows) > 1
        ]

    def importances(self, X: Features, set_id: ArrayLike | None = None) -> dict[str, float]:
        """Return the mean absolute contribution of each group of columns to scores inside sets.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features.
        set_id : array-like of shape (n_rows,)
            The set of each row.

        Returns
        -------
        dict of str to float
            Share of the total, largest first; sums to 1 unless nothing matters.

        Raises
        ------
        ValueError
            If `set_id` is missing (unless that was allowed), or its length is wrong.
        """
        check_is_fitted(self)
        found = self.score_.contributions(self._transform(X))[:, :-1]
        keys = check_set_id(set_id, len(found), self.allow_missing_set_id)
        return mean_importance(found, index_sets(keys), self.columns_)
