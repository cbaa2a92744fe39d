"""Predict the probability that the person rejects a whole set: none is good."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from prefml._typing import Features, Floats
from prefml.ranking.blocks import column_names, columns_starting_with, to_floats
from prefml.ranking.validation import check_set_id
from prefml.sets import index_sets

__all__ = ["LEAST_REJECTIONS", "RejectionModel", "set_features"]


# Fewer rejections than this say how often, not why.
LEAST_REJECTIONS = 20
# A set is described by its members' columns of these kinds, so that it does not matter how many.
_PREFIXES = ("cue__", "near__", "stage", "set_size")


def set_features(X: Features, scores: ArrayLike, set_id: ArrayLike) -> Floats:
    """Return the features of each set as a whole.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_columns)
        The ranker's columns.
    scores : array-like of shape (n_rows,)
        The ranker's scores.
    set_id : array-like of shape (n_rows,)
        The set of each row.

    Returns
    -------
    ndarray of shape (n_sets, n_features)
        By first appearance of the set: its best score, the lead over the second best, and the
        mean of the columns that describe pictures.
    """
    sets = index_sets(set_id)
    values = np.asarray(scores, float)
    table = to_floats(X)
    columns = columns_starting_with(column_names(X), _PREFIXES)
    known = np.nan_to_num(table[:, columns] if len(columns) else table)
    ordered = [np.sort(values[rows])[::-1] for rows in sets.members()]
    best = np.array([scores[0] for scores in ordered])
    lead = np.array([scores[0] - scores[1] if len(scores) > 1 else 0.0 for scores in ordered])
    return np.column_stack([best, lead, sets.mean(known)])


class RejectionModel:
    """Logistic regression of "none is good", or the base rate while there are few rejections.

    Parameters
    ----------
    C : float, default=0.01
        Inverse of the ridge penalty.

    Attributes
    ----------
    rate_ : float
        Base rate: share of rejected sets, with a prior of one rejection in three sets.
    model_ : Pipeline or None
        None while there are fewer than `LEAST_REJECTIONS` rejections or acceptances.
    """

    def __init__(self, C: float = 0.01) -> None:
        self.C = C

    def fit(
        self, X: Features, scores: ArrayLike, rejected: ArrayLike, set_id: ArrayLike
    ) -> RejectionModel:
        """Fit on reviewed sets.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            The ranker's columns of every picture of every reviewed set.
        scores : array-like of shape (n_rows,)
            The ranker's scores, best from a ranker that was fitted without the set.
        rejected : array-like of bool, of shape (n_rows,)
            Whether the row's set was rejected whole.
        set_id : array-like of shape (n_rows,)
            The set of each row.

        Returns
        -------
        RejectionModel
        """
        sets = index_sets(check_set_id(set_id, len(np.asarray(scores)), allow_missing=False))
        outcome = sets.reduce(np.maximum, np.asarray(rejected, bool).astype(int))
        self.rate_ = float((outcome.sum() + 1) / (len(outcome) + 3))
        fewest = min(int(outcome.sum()), int(len(outcome) - outcome.sum()))
        self.model_: Pipeline | None = None
        if fewest >= LEAST_REJECTIONS:
            logistic = LogisticRegression(C=self.C, max_iter=1000)
            self.model_ = make_pipeline(StandardScaler(), logistic)
            self.model_.fit(set_features(X, scores, set_id), outcome)
        return self

    def predict_probability(self, X: Features, scores: ArrayLike, set_id: ArrayLike) -> Floats:
        """Return the probability that the person rejects each set whole.

        Parameters
        ----------
        X, scores, set_id
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_sets,)
            By first appearance of the set.
        """
        described = set_features(X, scores, set_id)
        if self.model_ is None:
            return np.full(len(described), self.rate_)
        return np.asarray(self.model_.predict_proba(described)[:, 1])
