"""Predict the probability that the person rejects a whole set: none is good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from prefml._typing import Bools, Features, Floats
from prefml.ranking.blocks import column_names, columns_starting_with, to_floats
from prefml.ranking.linear_init import grouped_folds
from prefml.ranking.validation import check_set_id
from prefml.sets import index_sets

__all__ = [
    "LEAST_REJECTIONS",
    "CrossFittedRejections",
    "RejectionModel",
    "cross_fit_rejections",
    "rejection_metrics",
    "set_feature_names",
    "set_features",
]


# Fewer rejections than this say how often, not why.
LEAST_REJECTIONS = 20
# A set is described by its members' columns of these kinds, so that it does not matter how many.
_PREFIXES = ("cue__", "near__", "stage", "set_size")
_FOLDS = 5


class _LogisticDocument(TypedDict):
    """A standard scaler, and a logistic regression on what it scales."""

    mean: list[float]
    scale: list[float]
    weights: list[float]
    intercept: float


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
    columns = columns_starting_with(column_names(X), _PREFIXES)
    table = X.iloc[:, columns] if isinstance(X, pd.DataFrame) and len(columns) else X
    known = np.nan_to_num(to_floats(table))
    ordered = [np.sort(values[rows])[::-1] for rows in sets.members()]
    best = np.array([scores[0] for scores in ordered])
    lead = np.array([scores[0] - scores[1] if len(scores) > 1 else 0.0 for scores in ordered])
    return np.column_stack([best, lead, sets.mean(known)])


def set_feature_names(X: Features) -> list[str]:
    """Return the names of the features of a set.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_columns)
        The ranker's columns.

    Returns
    -------
    list of str
        In the order of `set_features`.
    """
    names = column_names(X)
    described = [names[column] for column in columns_starting_with(names, _PREFIXES)]
    return ["best_score", "lead", *(described or names)]


class RejectionModel:
    """Logistic regression of "none is good", or the base rate while there are few rejections.

    Parameters
    ----------
    C : float, default=0.01
        Inverse of the ridge penalty.
    least : int, default=LEAST_REJECTIONS
        Rejections, and acceptances, with fewer of which the base rate is stated; 20 by default.

    Attributes
    ----------
    rate_ : float
        Base rate: share of rejected sets, with a prior of one rejection in three sets.
    mean_, scale_ : ndarray of shape (n_features,)
        By which the features of a set are standardized; empty where the base rate is stated.
    weights_ : ndarray of shape (n_features,)
        Of the logistic regression on standardized features; empty where the base rate is stated.
    intercept_ : float
        Of the logistic regression.
    features_ : list of str
        Names of the features of a set, as far as they were given.
    """

    def __init__(self, C: float = 0.01, least: int = LEAST_REJECTIONS) -> None:
        self.C = C
        self.least = least

    def fit(
        self,
        X: Features,
        scores: ArrayLike,
        rejected: ArrayLike,
        set_id: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> RejectionModel:
        """Fit on the pictures of reviewed sets.

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
        sample_weight : array-like of shape (n_rows,), optional
            Weight of the row's set, such as the inverse of its inclusion probability.

        Returns
        -------
        RejectionModel
        """
        sets = index_sets(check_set_id(set_id, len(np.asarray(scores)), allow_missing=False))
        outcome = sets.reduce(np.logical_or, np.asarray(rejected, bool))
        weight = None if sample_weight is None else sets.mean(np.asarray(sample_weight, float))
        names = set_feature_names(X)
        return self.fit_sets(set_features(X, scores, set_id), outcome, weight, names)

    def fit_sets(
        self,
        features: Floats,
        rejected: Bools,
        sample_weight: Floats | None = None,
        names: Sequence[str] = (),
    ) -> RejectionModel:
        """Fit on reviewed sets that were described before.

        Parameters
        ----------
        features : ndarray of shape (n_sets, n_features)
            As `set_features` returns them.
        rejected : ndarray of bool, of shape (n_sets,)
            Whether each set was rejected whole.
        sample_weight : ndarray of shape (n_sets,), optional
            Weight of each set; only their ratios count.
        names : sequence of str, optional
            Names of the features.

        Returns
        -------
        RejectionModel
        """
        weight = np.ones(len(rejected)) if sample_weight is None else sample_weight
        weight = weight * (len(weight) / weight.sum())
        self.rate_ = float((weight @ rejected + 1) / (len(rejected) + 3))
        self.mean_, self.scale_, self.weights_ = np.empty((3, 0))
        self.intercept_, self.features_ = 0.0, list(names)
        if min(int(rejected.sum()), int((~rejected).sum())) >= self.least:
            scaler = StandardScaler().fit(features)
            logistic = LogisticRegression(C=self.C, max_iter=1000)
            logistic.fit(scaler.transform(features), rejected, sample_weight=weight)
            self.mean_, self.scale_ = np.asarray(scaler.mean_), np.asarray(scaler.scale_)
            self.weights_ = np.asarray(logistic.coef_[0])
            self.intercept_ = float(logistic.intercept_[0])
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
        return self.predict_sets(set_features(X, scores, set_id))

    def predict_sets(self, features: Floats) -> Floats:
        """Return the probability for sets that were described before.

        Parameters
        ----------
        features : ndarray of shape (n_sets, n_features)
            As in `fit_sets`.

        Returns
        -------
        ndarray of shape (n_sets,)
        """
        if not len(self.weights_):
            return np.full(len(features), self.rate_)
        standardized = (features - self.mean_) / self.scale_
        # Not a matrix product: its sum over a set would depend on the number of sets.
        return np.asarray(expit((standardized * self.weights_).sum(axis=1) + self.intercept_))

    def to_plain(self) -> dict[str, object]:
        """Write the fitted model as plain numbers.

        Returns
        -------
        dict
            `C`, `rate`, `features`, and `logistic`: None where the base rate is stated.
        """
        logistic: _LogisticDocument | None = None
        if len(self.weights_):
            logistic = {
                "mean": self.mean_.tolist(),
                "scale": self.scale_.tolist(),
                "weights": self.weights_.tolist(),
                "intercept": self.intercept_,
            }
        plain = {"C": self.C, "rate": self.rate_, "features": self.features_}
        return {**plain, "logistic": logistic}

    @classmethod
    def from_plain(cls, document: Mapping[str, Any]) -> RejectionModel:
        """Build a fitted model from what `to_plain` wrote.

        Parameters
        ----------
        document : mapping
            The numbers.

        Returns
        -------
        RejectionModel
            It predicts as the one that was written.
        """
        model, empty = (
            cls(float(document["C"])),
            _LogisticDocument(mean=[], scale=[], weights=[], intercept=0.0),
        )
        plain: _LogisticDocument = document["logistic"] or empty
        model.rate_, model.features_ = float(document["rate"]), list(document["features"])
        model.mean_, model.scale_ = np.asarray(plain["mean"]), np.asarray(plain["scale"])
        model.weights_, model.intercept_ = np.asarray(plain["weights"]), float(plain["intercept"])
        return model


@dataclass(frozen=True)
class CrossFittedRejections:
    """Probabilities of rejection, each from a model that was fitted without the set.

    Attributes
    ----------
    probability : ndarray of shape (n_sets,)
        Of the model.
    base_rate : ndarray of shape (n_sets,)
        What the base rate of the same sets states.
    """

    probability: Floats
    base_rate: Floats

    def take(self, rows: Bools) -> CrossFittedRejections:
        """Return some of the sets.

        Parameters
        ----------
        rows : ndarray of bool, of shape (n_sets,)
            Which.

        Returns
        -------
        CrossFittedRejections
        """
        return CrossFittedRejections(self.probability[rows], self.base_rate[rows])


def cross_fit_rejections(
    features: Floats,
    rejected: Bools,
    groups: ArrayLike,
    sample_weight: Floats | None = None,
    fitted_on: Bools | None = None,
) -> CrossFittedRejections:
    """State the probability of each set by a model that was fitted without it.

    Where the model of all sets is a logistic regression, so are those of the folds, however few
    rejections are left to them: what is said of held-out sets is to hold for its probabilities.

    Parameters
    ----------
    features : ndarray of shape (n_sets, n_features)
        As in `RejectionModel.fit_sets`.
    rejected : ndarray of bool, of shape (n_sets,)
        Whether each set was rejected whole.
    groups : array-like of shape (n_sets,)
        The project of each set; whole projects are held out where there are several.
    sample_weight : ndarray of shape (n_sets,), optional
        As in `RejectionModel.fit_sets`.
    fitted_on : ndarray of bool, of shape (n_sets,), optional
        Sets that were reviewed, and may be fitted on; all by default.

    Returns
    -------
    CrossFittedRejections
        A third, the prior, where there is nothing to fit on.
    """
    found, base = np.full((2, len(rejected)), 1 / 3)
    known = np.ones(len(rejected), bool) if fitted_on is None else fitted_on
    fewest = min(int((rejected & known).sum()), int((~rejected & known).sum()))
    least = 1 if fewest >= LEAST_REJECTIONS else len(rejected) + 1
    every_set = index_sets(np.arange(len(rejected)))
    for train, test in grouped_folds(index_sets(groups).codes, every_set, _FOLDS):
        part = train[known[train]]
        if len(part):
            weight = None if sample_weight is None else sample_weight[part]
            model = RejectionModel(least=least).fit_sets(features[part], rejected[part], weight)
            found[test], base[test] = model.predict_sets(features[test]), model.rate_
    return CrossFittedRejections(found, base)


def rejection_metrics(
    stated: CrossFittedRejections, rejected: Bools, sample_weight: Floats | None = None
) -> dict[str, float]:
    """Summarize probabilities of rejection beside the base rate.

    Parameters
    ----------
    stated : CrossFittedRejections
        Of n_sets sets.
    rejected : ndarray of bool, of shape (n_sets,)
        Whether each was rejected whole.
    sample_weight : ndarray of shape (n_sets,), optional
        Weight of each set.

    Returns
    -------
    dict of str to float
        `log_loss` and `brier` (lower is better), each beside `..._base_rate`, and `auc`: the chance
        that a rejected set was held likelier to be rejected than an accepted one, NaN if there are
        none of either. All are NaN without any set.
    """
    weight = np.ones(len(rejected)) if sample_weight is None else sample_weight
    scores = {}
    for name, chance in (("", stated.probability), ("_base_rate", stated.base_rate)):
        told = np.clip(np.where(rejected, chance, 1 - chance), 1e-9, 1.0)
        scores[f"log_loss{name}"] = _average(-np.log(told), weight)
        scores[f"brier{name}"] = _average((chance - rejected) ** 2, weight)
    both = 0 < int(rejected.sum()) < len(rejected)
    auc = roc_auc_score(rejected, stated.probability, sample_weight=weight) if both else np.nan
    return {**scores, "auc": float(auc)}


def _average(values: Floats, weight: Floats) -> float:
    return float(np.average(values, weights=weight)) if len(values) else float("nan")
