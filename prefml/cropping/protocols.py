"""Protocol of the estimators that predict crops, so that any of them can take another's place."""

from __future__ import annotations

from typing import Protocol, Self, runtime_checkable

from numpy.typing import ArrayLike

from prefml._typing import Features, Floats

__all__ = ["Cropper"]


@runtime_checkable
class Cropper(Protocol):
    """Estimator that predicts one crop box for each picture.

    `CropRegressor` and the baselines satisfy it.
    """

    def fit(self, X: Features, boxes: ArrayLike, /) -> Self:
        """Fit on crops.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            One row a picture, NaN where something was not measured.
        boxes : array-like of shape (n, 4)
            The person's crops: x1, y1, x2, y2 in fractions; the full frame where kept whole.

        Returns
        -------
        Cropper
            Itself.
        """

    def predict(self, X: Features, *, size: ArrayLike | None = None) -> Floats:
        """Predict one box for each picture.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Features as in `fit`.
        size : array-like of shape (n, 2), optional
            Width and height in pixels, for limits that are set in pixels.

        Returns
        -------
        ndarray of shape (n, 4)
            x1, y1, x2, y2 in fractions; the full frame where keeping it whole is predicted.
        """
