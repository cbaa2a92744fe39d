"""From a window's score to the probability that the person would take it."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.linear_model import LogisticRegression

from prefml._typing import Bools, Floats

__all__ = ["SimilarityModel"]


class SimilarityModel:
    """Probability that a window is similar to the person's crop, given its score.

    A logistic curve through held-out scores (Platt 1999), never falling.
    """

    def fit(self, scores: Floats, similar: Bools) -> Self:
        """Learn the curve.

        Parameters
        ----------
        scores : ndarray of shape (n,)
            Expected overlaps, of windows in pictures that the scorer had not seen.
        similar : ndarray of shape (n,), bool
            Whether the overlap was above 0.7.

        Returns
        -------
        SimilarityModel
        """
        base = (similar.sum() + 1.0) / (len(similar) + 2.0)
        self.slope_, self.intercept_ = 0.0, float(np.log(base / (1.0 - base)))
        if 0 < int(similar.sum()) < len(similar) and float(np.ptp(scores)) > 1e-6:
            model = LogisticRegression(C=100.0).fit(scores[:, None], similar)
            if float(model.coef_[0, 0]) > 0.0:
                self.slope_ = float(model.coef_[0, 0])
                self.intercept_ = float(model.intercept_[0])
        return self

    def predict(self, scores: Floats) -> Floats:
        """Return the probability of being similar, shape of `scores`."""
        exponent = np.clip(self.slope_ * scores + self.intercept_, -50.0, 50.0)
        return np.asarray(1.0 / (1.0 + np.exp(-exponent)))
