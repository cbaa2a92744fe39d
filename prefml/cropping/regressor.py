"""`CropRegressor`: a scikit-learn estimator that predicts the crop a person would make, or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from prefml._estimators import Seed, as_frame, check_features, draw_seed
from prefml._typing import Features, Floats, Labels
from prefml.boxes import as_boxes
from prefml.cropping.bands import EdgeBands
from prefml.cropping.fitting import CropTrainingSet, fit_crop_model
from prefml.cropping.geometry import with_least_side
from prefml.cropping.inputs import FeatureReader
from prefml.cropping.metrics import iou
from prefml.cropping.policy import Detections, FoundHand, Policy, apply_policy
from prefml.cropping.proposal import Proposal, in_aspect, propose_one
from prefml.cropping.scorer import WindowScorer, WindowScores

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["CropRegressor"]


class CropRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Propose the crop a person would make, from the crops they made.

    Boosted trees score a grid of candidate windows by expected IoU with the person's crop,
    starting from each window's mean IoU with past crops. The best windows are blended into one
    box, which is shrunk towards the best constant box as far as inner held-out folds ask for; with
    no signal it is that box exactly. A classifier of its own states the probability that the
    picture is kept whole.

    Columns that hold positions are known by their names, see `prefml.cropping.inputs`; a table
    without them, or a plain array, will do.

    Parameters
    ----------
    n_estimators : int, default=100
        Trees of the window scorer.
    learning_rate : float, default=0.15
        Of the window scorer.
    num_leaves : int, default=63
        Leaves of each of its trees.
    n_components : int, default=16
        Principal components kept of the embedding.
    coverage : float, default=0.8
        Share of edges that lie inside the bands of `predict_bands`.
    min_side : float, default=0.1
        Least side of a box as a fraction of the picture's.
    min_pixels : int, default=0
        Least side of a box in pixels, where `size` is given.
    inner_folds : int, default=4
        Folds of the inner cross-validation, from which shrinkage, probabilities and bands come.
    random_state : int, RandomState instance or None, default=0
        Seed of everything drawn.
    n_jobs : int or None, default=None
        Threads for fitting; None means 1, -1 means one for each core.

    Attributes
    ----------
    constant_ : ndarray of shape (4,)
        The box with the highest mean IoU with the training crops.
    shrink_ : float
        Shrinkage towards the constant box; 0: always that; 1: always the scored one.
    keep_threshold_ : float
        Probability from which keeping whole is proposed; infinite if never.
    inner_iou_ : dict
        Mean held-out IoU of the `constant` box, the `scored` one and what was `chosen`.
    held_out_ : HeldOutCrops or None
        Held-out proposals for the rows of `fit` that weigh anything, in their order.
    columns_ : Index or None
        The columns as they came, only for a table.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Only for a table with column names.

    See Also
    --------
    prefml.cropping.policy.apply_policy : The person's rules, on top of the learned box.

    References
    ----------
    Zeng, Li, Cao and Zhang, "Reliable and efficient image cropping: a grid anchor based
    approach", CVPR 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from prefml.cropping import CropRegressor
    >>> boxes = np.tile([0.1, 0.0, 0.9, 0.8], (30, 1))
    >>> CropRegressor().fit(np.zeros((30, 2)), boxes).predict(np.zeros((1, 2))).round(3)
    array([[0.1, 0. , 0.9, 0.8]])
    """

    # `groups` is also what splitters are given; every routed piece of metadata is wanted.
    __metadata_request__fit = {"size": True, "groups": True, "sample_weight": True}  # noqa: RUF012
    __metadata_request__predict = {"size": True}  # noqa: RUF012

    def __init__(
        self,
        n_estimators: int = 100,
        learning_rate: float = 0.15,
        num_leaves: int = 63,
        n_components: int = 16,
        coverage: float = 0.8,
        min_side: float = 0.1,
        min_pixels: int = 0,
        inner_folds: int = 4,
        random_state: Seed = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.n_components = n_components
        self.coverage = coverage
        self.min_side = min_side
        self.min_pixels = min_pixels
        self.inner_folds = inner_folds
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(
        self,
        X: Features,
        y: ArrayLike,
        size: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Fit on crops.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            One row per picture, in the order of the decisions; NaN where not measured.
        y : array-like of shape (n, 4)
            The person's crops: x1, y1, x2, y2 in fractions; the full frame where kept whole.
        size : array-like of shape (n, 2), optional
            Width and height in pixels; checked, and not needed for learning.
        groups : array-like of shape (n,), optional
            Project of each row: whole projects are held out in the inner folds. Without it,
            runs of neighbouring rows are.
        sample_weight : array-like of shape (n,), optional
            Weight of each row; rows of weight 0 are left out.

        Returns
        -------
        CropRegressor

        Raises
        ------
        ValueError
            If a box is no box inside the picture, or lengths differ.
        """
        self._check_settings()
        X = as_frame(X)
        self.columns_ = getattr(X, "columns", None)
        table = np.asarray(validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan"))
        if y is None:
            raise ValueError("CropRegressor requires y to be passed, but the target y is None")
        boxes = as_boxes(y)
        check_consistent_length(table, boxes, groups)
        _check_size(size, len(table))
        weight = np.asarray(_check_sample_weight(sample_weight, table, ensure_non_negative=True))
        used = weight > 0.0
        if not used.any():
            raise ValueError("sample_weight must have at least one non-zero weight")
        labels = None if groups is None else np.asarray(groups)[used]
        self._fit_model(table[used], boxes[used], weight[used], labels)
        return self

    def predict(self, X: Features, size: ArrayLike | None = None) -> Floats:
        """Propose one box for every picture; the full frame where keeping it is proposed.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Features as in `fit`.
        size : array-like of shape (n, 2), optional
            Width and height in pixels; only `min_pixels` needs it.

        Returns
        -------
        ndarray of shape (n, 4)
            x1, y1, x2, y2 in fractions, inside the picture, of the picture's aspect.
        """
        scores = self._score_windows(X)
        boxes = self.model_.boxes(scores)
        return with_least_side(boxes, self._min_sides(size, len(boxes)))

    def keep_probability(self, X: Features) -> Floats:
        """Return the probability that each picture is kept whole.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Features as in `fit`.

        Returns
        -------
        ndarray of shape (n,)
        """
        scores = self._score_windows(X)
        return self.model_.keep.predict(scores)

    def probability(self, X: Features) -> Floats:
        """Return the probability that the person would do nearly the same as `predict` proposes.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Features as in `fit`.

        Returns
        -------
        ndarray of shape (n,)
            As in `propose`: that a picture to be kept whole is, or that the IoU with the person's
            crop is above 0.7.
        """
        return self.model_.probability(self.inputs_.read(self._check_features(X)))

    def predict_bands(self, X: Features, groups: ArrayLike | None = None) -> Floats:
        """Return the conformal band of each edge.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Features as in `fit`.
        groups : array-like of shape (n,), optional
            Project of each row: the bands of one with 50 crops or more in `fit` are its own.

        Returns
        -------
        ndarray of shape (n, 4, 2)
            Between which fractions x1, y1, x2, y2 of the person's crop lie with probability
            `coverage`; a picture kept whole counts as the full frame.
        """
        scores = self._score_windows(X)
        return self.model_.band(scores, None if groups is None else np.asarray(groups))

    def propose(
        self,
        X: Features,
        size: ArrayLike | None = None,
        aspect: float | None = None,
        policy: Policy | None = None,
        hands: Sequence[Sequence[FoundHand] | None] | None = None,
        groups: ArrayLike | None = None,
    ) -> list[Proposal]:
        """Propose a box and two alternatives, each with a calibrated probability.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Features as in `fit`.
        size : array-like of shape (n, 2), optional
            Width and height in pixels; `aspect` and least sides in pixels need it.
        aspect : float, optional
            Width over height of the crop in pixels; the picture's own by default.
        policy : Policy, optional
            The person's rules; none by default.
        hands : sequence of length n, optional
            The hands found in each picture, None for one that was not looked at.
        groups : array-like of shape (n,), optional
            Project of each row, as in `predict_bands`.

        Returns
        -------
        list of Proposal
            One a row.

        Raises
        ------
        ValueError
            If an aspect is asked for without a size.
        """
        if aspect is not None and size is None:
            raise ValueError("aspect needs the size of the pictures in pixels, got size=None")
        table = self._check_features(X)
        rows = self.inputs_.read(table)
        pixels, least = _check_size(size, len(rows)), self._min_sides(size, len(rows))
        names = getattr(self, "feature_names_in_", ())
        known = None if groups is None else np.asarray(groups)
        found = []
        for i in range(len(rows)):
            project = None if known is None else known[i : i + 1]
            proposal = propose_one(self.model_, rows[i : i + 1], float(least[i]), project)
            width_height = None if pixels is None else (float(pixels[i, 0]), float(pixels[i, 1]))
            if aspect is not None and width_height is not None:
                proposal = in_aspect(proposal, width_height, aspect)
            if policy is not None:
                measured = dict(zip(names, table[i], strict=False))
                detections = Detections.from_columns(measured, None if hands is None else hands[i])
                proposal = apply_policy(proposal, detections, width_height, policy)
            found.append(proposal)
        return found

    def score(self, X: Features, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the mean IoU with known crops.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Features as in `fit`.
        y : array-like of shape (n, 4)
            The person's crops in fractions.
        sample_weight : array-like of shape (n,), optional
            Weight of each row.

        Returns
        -------
        float
            In [0, 1].
        """
        overlap = iou(self.predict(X), as_boxes(y))
        weight = None if sample_weight is None else np.asarray(sample_weight, np.float64)
        return float(np.average(overlap, weights=weight))

    def __sklearn_tags__(self) -> Tags:
        """Declare that NaN is allowed and that targets have several columns."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.single_output = False
        return tags

    def _check_settings(self) -> None:
        for name in ("n_estimators", "num_leaves", "inner_folds"):
            if getattr(self, name) < 2:
                raise ValueError(f"{name} must be at least 2, got {getattr(self, name)!r}")
        for name in ("coverage", "min_side"):
            if not 0.0 < getattr(self, name) < 1.0:
                raise ValueError(f"{name} must lie between 0 and 1, got {getattr(self, name)!r}")

    def _fit_model(self, X: Floats, boxes: Floats, weight: Floats, groups: Labels | None) -> None:
        self.inputs_ = FeatureReader.fit(
            X, getattr(self, "feature_names_in_", None), self.n_components
        )
        crops = CropTrainingSet.of(self.inputs_.read(X), boxes, weight, groups, self.inner_folds)
        seed = draw_seed(self.random_state)
        self.model_ = fit_crop_model(
            crops,
            lambda: WindowScorer(self.n_estimators, self.learning_rate, self.num_leaves, seed),
            lambda: EdgeBands(self.coverage, seed),
            self.n_jobs,
        )
        self.constant_ = self.model_.constant
        self.shrink_ = self.model_.shrink
        self.keep_threshold_ = self.model_.threshold
        self.inner_iou_ = self.model_.inner_iou
        self.held_out_ = self.model_.held_out

    def _score_windows(self, X: Features) -> WindowScores:
        table = self._check_features(X)
        return self.model_.scorer.predict(self.inputs_.read(table))

    def _check_features(self, X: Features) -> Floats:
        check_is_fitted(self, "model_")
        return check_features(self, X, self.columns_)

    def _min_sides(self, size: ArrayLike | None, rows: int) -> Floats:
        pixels = _check_size(size, rows)
        if pixels is None:
            return np.full(rows, self.min_side)
        return np.asarray(np.maximum(self.min_side, self.min_pixels / pixels.min(axis=1)))


def _check_size(size: ArrayLike | None, rows: int) -> Floats | None:
    if size is None:
        return None
    pixels = np.asarray(size, np.float64)
    if pixels.shape != (rows, 2) or not (np.isfinite(pixels).all() and (pixels > 0.0).all()):
        raise ValueError(
            f"size must have shape ({rows}, 2) with positive widths and heights in pixels, "
            f"got shape {pixels.shape}"
        )
    return pixels
