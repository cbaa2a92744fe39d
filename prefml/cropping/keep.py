"""Keep the picture whole, or crop it: a probability of its own."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from prefml._typing import Bools, Floats, Ints
from prefml.cropping.held_out import is_significant
from prefml.cropping.scorer import WindowScores

__all__ = ["KeepClassifier"]


class KeepClassifier:
    """Probability that the person keeps a picture whole.

    A logistic model on what the window scorer said of pictures that it had not seen: how far the
    full frame is ahead of the best crop, how good the full frame is, and how large the best crop.
    Fitted on held-out scores, its probabilities are calibrated (Platt 1999). Where they do not
    beat the base rate beyond doubt, the base rate is what it says.

    Attributes
    ----------
    base_ : float
        Share of pictures kept whole, with one of each added (Laplace).
    weights_ : ndarray of shape (3,)
        Of the logistic model, on the numbers as they are; zero where only the base rate is known.
    intercept_ : float
    """

    def fit(self, scores: WindowScores, kept: Bools, clusters: Ints) -> Self:
        """Learn from held-out judgements.

        Parameters
        ----------
        scores : WindowScores
            Of n pictures, each by a scorer that had not seen it.
        kept : ndarray of shape (n,), bool
            Whether the person kept it whole.
        clusters : ndarray of shape (n,)
            What was decided together.

        Returns
        -------
        KeepClassifier
        """
        self.base_rate_ = float((kept.sum() + 1.0) / (len(kept) + 2.0))
        self.weights_, self.intercept_ = (
            np.zeros(3),
            float(np.log(self.base_rate_ / (1 - self.base_rate_))),
        )
        if not 0 < int(kept.sum()) < len(kept):
            return self
        features = _features(scores)
        scaler = StandardScaler().fit(features)
        model = LogisticRegression(C=1.0).fit(scaler.transform(features), kept)
        weights = np.asarray(model.coef_[0] / scaler.scale_)
        intercept = float(model.intercept_[0] - weights @ scaler.mean_)
        probability = _logistic(features, weights, intercept)
        base = np.full(len(kept), self.base_rate_)
        gain = _log_likelihoods(probability, kept) - _log_likelihoods(base, kept)
        if is_significant(gain, clusters):
            self.weights_, self.intercept_ = weights, intercept
        return self

    @property
    def uses_features(self) -> bool:
        """Whether it tells pictures apart."""
        return bool(self.weights_.any())

    def predict(self, scores: WindowScores) -> Floats:
        """Return the probability of being kept whole, shape (n,)."""
        return _logistic(_features(scores), self.weights_, self.intercept_)


def _logistic(features: Floats, weights: Floats, intercept: float) -> Floats:
    # Not a matrix product: its sum over a row would depend on the number of rows.
    exponent = np.clip((features * weights).sum(axis=1) + intercept, -50.0, 50.0)
    return np.asarray(1.0 / (1.0 + np.exp(-exponent)))


def _features(scores: WindowScores) -> Floats:
    side = scores.boxes[:, 2] - scores.boxes[:, 0]
    return np.column_stack([scores.full_iou - scores.best_iou, scores.full_iou, side])


def _log_likelihoods(probability: Floats, truth: Bools) -> Floats:
    told = np.where(truth, probability, 1.0 - probability)
    return np.asarray(np.log(np.clip(told, 1e-9, 1.0)))
