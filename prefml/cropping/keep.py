"""Keep the picture whole, or crop it: a probability of its own."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from prefml.cropping.held_out import is_supported
from prefml.cropping.scorer import Judged

__all__ = ["KeepClassifier"]

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


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
    model_ : Pipeline or None
        None where only the base rate is known.
    """

    def fit(self, judged: Judged, kept: Flags, clusters: NDArray[np.intp]) -> Self:
        """Learn from held-out judgements.

        Parameters
        ----------
        judged : Judged
            Of n pictures, each by a scorer that had not seen it.
        kept : ndarray of shape (n,), bool
            Whether the person kept it whole.
        clusters : ndarray of shape (n,)
            What was decided together.

        Returns
        -------
        KeepClassifier
        """
        self.model_: Pipeline | None = None
        self.base_ = float((kept.sum() + 1.0) / (len(kept) + 2.0))
        if not 0 < int(kept.sum()) < len(kept):
            return self
        model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0))
        model.fit(_features(judged), kept)
        probability = model.predict_proba(_features(judged))[:, 1]
        gain = _log_likelihood(probability, kept) - _log_likelihood(
            np.full(len(kept), self.base_), kept
        )
        if is_supported(gain, clusters):
            self.model_ = model
        return self

    def predict(self, judged: Judged) -> Array:
        """Return the probability of being kept whole, shape (n,)."""
        if self.model_ is None:
            return np.full(len(judged.best), self.base_)
        return np.asarray(self.model_.predict_proba(_features(judged))[:, 1])


def _features(judged: Judged) -> Array:
    side = judged.boxes[:, 2] - judged.boxes[:, 0]
    return np.column_stack([judged.full - judged.best, judged.full, side])


def _log_likelihood(probability: Array, truth: Flags) -> Array:
    told = np.where(truth, probability, 1.0 - probability)
    return np.asarray(np.log(np.clip(told, 1e-9, 1.0)))
