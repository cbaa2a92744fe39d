"""Platt scaling: from a window's expected IoU to the probability that the person would take it."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.linear_model import LogisticRegression

from prefml._typing import Bools, Floats
from prefml.cropping.logistic import base_rate, log_odds, sigmoid

__all__ = ["SimilarityModel"]


class SimilarityModel:
    """Probability that a window is similar to the person's crop, given its expected IoU.

    Platt scaling: a logistic curve through out-of-fold scores, never falling.

    Attributes
    ----------
    slope_ : float
        Of the logit in the score, at least 0; 0 where scores do not help.
    intercept_ : float
        Logit at a score of 0; the log odds of the base rate where scores do not help.

    References
    ----------
    J. Platt, "Probabilistic outputs for support vector machines and comparisons to regularized
    likelihood methods", Advances in Large Margin Classifiers, 1999.
    """

    def fit(self, scores: Floats, similar: Bools) -> Self:
        """Fit the curve.

        Parameters
        ----------
        scores : ndarray of shape (n,)
            Expected IoU of windows in pictures that the scorer was not fitted on.
        similar : ndarray of shape (n,), bool
            Whether the IoU with the person's crop was above 0.7.

        Returns
        -------
        SimilarityModel
        """
        self.slope_, self.intercept_ = 0.0, log_odds(base_rate(similar))
        if 0 < int(similar.sum()) < len(similar) and float(np.ptp(scores)) > 1e-6:
            model = LogisticRegression(C=100.0).fit(scores[:, None], similar)
            if float(model.coef_[0, 0]) > 0.0:
                self.slope_ = float(model.coef_[0, 0])
                self.intercept_ = float(model.intercept_[0])
        return self

    def predict(self, scores: Floats) -> Floats:
        """Return the probability of being similar.

        Parameters
        ----------
        scores : ndarray
            Expected IoU.

        Returns
        -------
        ndarray
            Shape of `scores`.
        """
        return sigmoid(self.slope_ * scores + self.intercept_)
