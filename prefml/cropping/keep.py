"""Classify whether the person keeps a picture whole, with a calibrated probability."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from prefml._typing import Bools, Floats, Ints
from prefml.cropping.held_out import is_significant
from prefml.cropping.logistic import base_rate, log_odds, sigmoid
from prefml.cropping.scorer import WindowScores

__all__ = ["KeepClassifier"]


class KeepClassifier:
    """Probability that the person keeps a picture whole.

    Logistic regression on the out-of-fold predictions of the window scorer: how far the full frame
    is ahead of the best crop in expected IoU, the full frame's expected IoU, and the side of the
    best crop. Fitted on held-out scores, its probabilities are calibrated, as in Platt scaling.
    Where they do not beat the base rate beyond doubt, it predicts the base rate.

    Attributes
    ----------
    base_ : float
        Share of pictures kept whole, with one of each added (Laplace smoothing).
    weights_ : ndarray of shape (3,)
        Of the logistic regression, on unscaled features; zero where the base rate is predicted.
    intercept_ : float
        Of the logistic regression; the log odds of the base rate where that is predicted.

    References
    ----------
    J. Platt, "Probabilistic outputs for support vector machines and comparisons to regularized
    likelihood methods", Advances in Large Margin Classifiers, 1999.
    """

    def fit(self, scores: WindowScores, kept: Bools, clusters: Ints) -> Self:
        """Fit on out-of-fold predictions.

        Parameters
        ----------
        scores : WindowScores
            Of n pictures, each by a scorer that was fitted without it.
        kept : ndarray of shape (n,), bool
            Whether the person kept it whole.
        clusters : ndarray of shape (n,)
            Rows of one cluster were probably decided together.

        Returns
        -------
        KeepClassifier
        """
        self.base_rate_ = base_rate(kept)
        self.weights_, self.intercept_ = np.zeros(3), log_odds(self.base_rate_)
        if not 0 < int(kept.sum()) < len(kept):
            return self
        features = _features(scores)
        scaler = StandardScaler().fit(features)
        model = LogisticRegression(C=1.0).fit(scaler.transform(features), kept)
        weights = np.asarray(model.coef_[0] / scaler.scale_)
        intercept = float(model.intercept_[0] - weights @ scaler.mean_)
        predicted = _predict(features, weights, intercept)
        constant = np.full(len(kept), self.base_rate_)
        gain = _log_likelihoods(predicted, kept) - _log_likelihoods(constant, kept)
        if is_significant(gain, clusters):
            self.weights_, self.intercept_ = weights, intercept
        return self

    @property
    def uses_features(self) -> bool:
        """Tell whether it tells pictures apart, and does not predict the base rate for all."""
        return bool(self.weights_.any())

    def predict(self, scores: WindowScores) -> Floats:
        """Return the probability that each picture is kept whole.

        Parameters
        ----------
        scores : WindowScores
            Of n pictures.

        Returns
        -------
        ndarray of shape (n,)
        """
        return _predict(_features(scores), self.weights_, self.intercept_)


def _predict(features: Floats, weights: Floats, intercept: float) -> Floats:
    # Not a matrix product: its sum over a row would depend on the number of rows.
    return sigmoid((features * weights).sum(axis=1) + intercept)


def _features(scores: WindowScores) -> Floats:
    side = scores.boxes[:, 2] - scores.boxes[:, 0]
    return np.column_stack([scores.full_iou - scores.best_iou, scores.full_iou, side])


def _log_likelihoods(probability: Floats, truth: Bools) -> Floats:
    likelihood = np.where(truth, probability, 1.0 - probability)
    return np.asarray(np.log(np.clip(likelihood, 1e-9, 1.0)))
