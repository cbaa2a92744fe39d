"""Baselines of crop prediction: boxes that look at nothing of a picture, or at little."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from sklearn.base import BaseEstimator, RegressorMixin

from prefml._typing import Features, Floats
from prefml.boxes import FULL_FRAME, as_boxes
from prefml.cropping.geometry import from_params, from_sides, keep_aspect, to_params, to_sides
from prefml.cropping.metrics import iou

__all__ = ["ConstantBox", "FullFrame", "SaliencyBox", "SizeStageBoost", "optimal_box"]


def optimal_box(boxes: Floats, weight: Floats | None = None) -> Floats:
    """Return the one box with the highest mean IoU with many: it minimises the empirical risk.

    Found by direct search from the best of the mean box and of the boxes' own quantiles: means and
    medians of edges are not optimal, and the objective has kinks where edges meet.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
        In fractions.
    weight : ndarray of shape (n,), optional
        Weight of each box; all the same by default.

    Returns
    -------
    ndarray of shape (4,)
        A box with equal sides, unless the boxes do not keep the aspect of their pictures.

    References
    ----------
    J. A. Nelder, R. Mead, "A simplex method for function minimization", The Computer Journal 7,
    1965.
    """
    counts = np.ones(len(boxes)) if weight is None else weight

    locked = keep_aspect(boxes)
    to_place, from_place = (to_params, from_params) if locked else (to_sides, from_sides)

    def loss(params: Floats) -> float:
        return -float(np.average(iou(from_place(params[None]), boxes), weights=counts))

    params = to_place(boxes)
    shares = (0.35, 0.5, 0.65)
    starts = [
        np.array([_weighted_quantile(column, counts, q) for column in params.T]) for q in shares
    ]
    starts.append(np.average(params, axis=0, weights=counts))
    best = min(starts, key=loss)
    for _ in range(2):
        found = minimize(
            loss, best, method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-8, "maxiter": 400}
        )
        best = np.clip(found.x, 0.0, 1.0)
    return np.asarray(from_place(best[None])[0])


def _weighted_quantile(values: Floats, weight: Floats, share: float) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(reached, share * reached[-1])])


class ConstantBox(RegressorMixin, BaseEstimator):
    """The one box with the highest mean IoU with the known crops.

    Attributes
    ----------
    box_ : ndarray of shape (4,)
        In fractions.
    """

    def fit(self, X: Features, boxes: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Find the box.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Not used.
        boxes : array-like of shape (n, 4)
            The person's crops in fractions.
        sample_weight : array-like of shape (n,), optional
            Weight of each crop.

        Returns
        -------
        ConstantBox
        """
        weight = None if sample_weight is None else np.asarray(sample_weight, float)
        self.box_ = optimal_box(as_boxes(boxes), weight)
        return self

    def predict(self, X: Features, size: ArrayLike | None = None) -> Floats:
        """Return the box for every row.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Only its length counts.
        size : ignored

        Returns
        -------
        ndarray of shape (n, 4)
            In fractions.
        """
        return np.tile(self.box_, (np.shape(X)[0], 1))


class FullFrame(RegressorMixin, BaseEstimator):
    """Keep every picture whole."""

    def fit(self, X: Features, boxes: ArrayLike) -> Self:
        """Check the boxes; there is nothing to fit.

        Parameters
        ----------
        X : ignored
        boxes : array-like of shape (n, 4)
            The person's crops in fractions.

        Returns
        -------
        FullFrame
        """
        as_boxes(boxes)
        self.fitted_ = True
        return self

    def predict(self, X: Features, size: ArrayLike | None = None) -> Floats:
        """Return the full frame for every row.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Only its length counts.
        size : ignored

        Returns
        -------
        ndarray of shape (n, 4)
            In fractions.
        """
        return np.tile(np.array(FULL_FRAME), (np.shape(X)[0], 1))


class SaliencyBox(ConstantBox):
    """The constant box's size, centred on the centroid of saliency.

    Needs the columns `cue__saliency_x` and `cue__saliency_y`; rows without them get the constant
    box.
    """

    def predict(self, X: Features, size: ArrayLike | None = None) -> Floats:
        """Return the moved box for every row.

        Parameters
        ----------
        X : DataFrame
            A table with the columns, or any other.
        size : ignored

        Returns
        -------
        ndarray of shape (n, 4)
            In fractions.
        """
        boxes = super().predict(X)
        if not isinstance(X, pd.DataFrame) or not {"cue__saliency_x", "cue__saliency_y"} <= set(X):
            return boxes
        centre = np.asarray(X[["cue__saliency_x", "cue__saliency_y"]], np.float64)
        side = self.box_[2] - self.box_[0]
        start = np.clip(centre - side / 2.0, 0.0, 1.0 - side)
        known = np.isfinite(centre).all(axis=1)
        boxes[known] = np.clip(np.hstack([start, start + side]), 0.0, 1.0)[known]
        return boxes


class SizeStageBoost(RegressorMixin, BaseEstimator):
    """Absolute-loss boosted trees on the picture's size, aspect and stage alone.

    This is the model that memorises "pictures of this size are cropped like that".

    Parameters
    ----------
    n_estimators : int, default=200
        Trees of each model.
    random_state : int, default=0
        Seed.
    """

    columns = ("width", "height", "aspect", "stage")

    def __init__(self, n_estimators: int = 200, random_state: int = 0) -> None:
        self.n_estimators = n_estimators
        self.random_state = random_state

    def fit(self, X: Features, boxes: ArrayLike) -> Self:
        """Fit one model each for the side and the two positions.

        Parameters
        ----------
        X : DataFrame, or array-like of shape (n, n_features)
            Of a frame those of `columns` are used that it has; of an array all.
        boxes : array-like of shape (n, 4)
            The person's crops in fractions.

        Returns
        -------
        SizeStageBoost
        """
        from lightgbm import LGBMRegressor

        targets, table = to_params(as_boxes(boxes)), self._table(X)
        self.models_ = [
            LGBMRegressor(
                objective="l1",
                n_estimators=self.n_estimators,
                learning_rate=0.05,
                num_leaves=15,
                random_state=self.random_state,
                n_jobs=1,
                verbose=-1,
            ).fit(table, target)
            for target in targets.T
        ]
        return self

    def predict(self, X: Features, size: ArrayLike | None = None) -> Floats:
        """Return a box for every row.

        Parameters
        ----------
        X : DataFrame, or array-like of shape (n, n_features)
            Columns as in `fit`.
        size : ignored

        Returns
        -------
        ndarray of shape (n, 4)
            In fractions.
        """
        table = self._table(X)
        return from_params(np.column_stack([model.predict(table) for model in self.models_]))

    def _table(self, X: Features) -> Floats:
        if isinstance(X, pd.DataFrame):
            X = X[[name for name in self.columns if name in X]]
        return np.asarray(X, np.float64)
