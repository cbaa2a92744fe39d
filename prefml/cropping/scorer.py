"""Predict the expected IoU of candidate windows by boosted trees, and blend the best of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import lightgbm as lgb
import numpy as np

from prefml._typing import Bools, Floats, Ints
from prefml.boxes import FULL_FRAME, is_whole
from prefml.cropping.baselines import optimal_box
from prefml.cropping.inputs import PictureFeatures
from prefml.cropping.metrics import iou
from prefml.cropping.windows import (
    candidate_windows,
    cell_coverage,
    chunk_slices,
    expected_iou,
    window_features,
)

__all__ = ["WindowScorer", "WindowScores", "blend_windows"]


# Pairs of a picture and a window that the trees are grown from, about, and of one picture.
_TRAINING_PAIRS = 100_000
_MAX_PER_PICTURE = 100
# Known crops of which the prior is the mean.
_PRIOR_SAMPLE = 512
# Pictures whose windows are described at a time.
_CHUNK = 256
# Of the softmax over windows: those within about 1/60 of the best score share in the box.
_INVERSE_TEMPERATURE = 60.0


@dataclass(frozen=True)
class WindowScores:
    """Predictions of a window scorer for n pictures.

    Attributes
    ----------
    boxes : ndarray of shape (n, 4)
        The best crop of each picture, full frame left aside.
    best_iou, full_iou : ndarray of shape (n,)
        Expected IoU with the person's box of the best window, and of the full frame.
    """

    boxes: Floats
    best_iou: Floats
    full_iou: Floats

    def take(self, rows: Bools) -> WindowScores:
        """Return some of the pictures.

        Parameters
        ----------
        rows : ndarray of bool, of shape (n,)
            Which.

        Returns
        -------
        WindowScores
        """
        return WindowScores(self.boxes[rows], self.best_iou[rows], self.full_iou[rows])

    @classmethod
    def concatenate(cls, parts: Sequence[WindowScores]) -> WindowScores:
        """Return the pictures of all parts, one part after the other.

        Parameters
        ----------
        parts : sequence of WindowScores
            At least one.

        Returns
        -------
        WindowScores
        """
        return cls(
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.best_iou for part in parts]),
            np.concatenate([part.full_iou for part in parts]),
        )


class WindowScorer:
    """Expected IoU of a window with the crop that the person would make.

    Boosted trees add what the picture shows to the prior, the window's mean IoU with past crops.

    Parameters
    ----------
    n_estimators : int
        Trees.
    learning_rate : float
        Of boosting.
    num_leaves : int
        Leaves of each tree.
    seed : int
        Of sampled windows and of LightGBM.
    n_jobs : int
        Threads for fitting; 0 for LightGBM's own choice.

    Attributes
    ----------
    windows_ : ndarray of shape (m, 4)
        Candidate windows: the grid, the best constant box, and last the full frame.
    prior_ : ndarray of shape (m,)
        Their expected IoU while nothing is known of the picture.
    coverage_ : tuple of ndarray
        Their `cell_coverage`.
    booster_ : lightgbm.Booster or None
        Predicts the gain over the prior; None where only the prior was fitted.
    """

    def __init__(
        self, n_estimators: int, learning_rate: float, num_leaves: int, seed: int, n_jobs: int
    ) -> None:
        self.booster_: lgb.Booster | None = None
        self.rounds = n_estimators
        self.seed = seed
        self.settings = {
            "objective": "regression",
            "learning_rate": learning_rate,
            "num_leaves": num_leaves,
            "min_data_in_leaf": 50,
            "feature_fraction": 0.6,
            "seed": seed,
            "num_threads": n_jobs,
            "deterministic": True,
            "force_col_wise": True,
            "verbose": -1,
        }

    def fit(self, features: PictureFeatures, boxes: Floats, weight: Floats) -> Self:
        """Fit the prior, and trees on the windows of pictures whose crops are known.

        Parameters
        ----------
        features : PictureFeatures
            n pictures.
        boxes : ndarray of shape (n, 4)
            Their crops in fractions.
        weight : ndarray of shape (n,)
            Weight of each picture.

        Returns
        -------
        WindowScorer
        """
        self.fit_prior(boxes, weight)
        rng = np.random.default_rng(self.seed)
        table, gain, picture = self._sample_pairs(features, boxes, rng)
        data = lgb.Dataset(table, gain, weight=weight[picture], free_raw_data=True)
        self.booster_ = lgb.train(self.settings, data, num_boost_round=self.rounds)
        return self

    def fit_prior(self, boxes: Floats, weight: Floats) -> Self:
        """Fit only the prior: candidate windows and their expected IoU for any picture.

        Parameters
        ----------
        boxes : ndarray of shape (n, 4)
            Known crops in fractions.
        weight : ndarray of shape (n,)
            Weight of each crop.

        Returns
        -------
        WindowScorer
        """
        rng = np.random.default_rng(self.seed)
        sampled = np.sort(rng.permutation(len(boxes))[:_PRIOR_SAMPLE])
        cropped = boxes[~is_whole(boxes)]
        grid = candidate_windows(cropped if len(cropped) else boxes)
        ends = np.array([optimal_box(boxes, weight), FULL_FRAME])
        self.windows_ = np.vstack([grid, ends])
        self.prior_ = expected_iou(self.windows_, boxes[sampled], weight[sampled])
        self.coverage_ = cell_coverage(self.windows_[None])
        self.booster_ = None
        return self

    def score_candidates(self, features: PictureFeatures) -> Floats:
        """Score the candidate windows.

        Parameters
        ----------
        features : PictureFeatures
            n pictures.

        Returns
        -------
        ndarray of shape (n, m)
            Expected IoU of each window with the person's crop.
        """
        if self.booster_ is None:
            return np.tile(self.prior_, (len(features), 1))
        # Without pictures, thousands of rows are a dozen sizes and stages.
        different, which = features, np.arange(len(features))
        if len(features) > 1:
            different, which = features.distinct()
        parts = [
            self._predict_gain(self.booster_, different[chunk])
            for chunk in chunk_slices(len(different), _CHUNK)
        ]
        gain = np.concatenate([np.zeros((0, len(self.windows_))), *parts])[which]
        return np.asarray(self.prior_ + gain)

    def _predict_gain(self, booster: lgb.Booster, features: PictureFeatures) -> Floats:
        table = window_features(features, self.windows_[None], self.prior_[None], self.coverage_)
        flat = table.reshape(-1, table.shape[-1])
        gain = booster.predict(flat, num_threads=self.settings["num_threads"])
        return np.reshape(gain, table.shape[:2])

    @property
    def uses_features(self) -> bool:
        """Tell whether it has trees, and does not predict the prior for all pictures."""
        return self.booster_ is not None

    def sample_windows(self, scores: Floats, count: int) -> tuple[Floats, Floats]:
        """Return the best window of every picture, and others evenly from the better half.

        Parameters
        ----------
        scores : ndarray of shape (n, m)
            Expected IoU of the candidate windows.
        count : int
            Windows a picture.

        Returns
        -------
        tuple of ndarray, shapes (n, count, 4) and (n, count)
            The windows and their scores.
        """
        crops = scores[:, :-1]
        order = np.argsort(-crops, axis=1, kind="stable")[:, : crops.shape[1] // 2]
        steps = np.linspace(0, order.shape[1] - 1, count).astype(np.intp)
        drawn = order[:, steps]
        return self.windows_[drawn], np.take_along_axis(crops, drawn, axis=1)

    def predict(self, features: PictureFeatures) -> WindowScores:
        """Predict the best crop of every picture.

        Parameters
        ----------
        features : PictureFeatures
            n pictures.

        Returns
        -------
        WindowScores
        """
        return self.predict_from_scores(self.score_candidates(features))

    def predict_from_scores(self, scores: Floats) -> WindowScores:
        """Predict the best crop of every picture from scores that were computed before.

        Parameters
        ----------
        scores : ndarray of shape (n, m)
            Expected IoU of the candidate windows.

        Returns
        -------
        WindowScores
        """
        crops, full = scores[:, :-1], scores[:, -1]
        boxes = np.array([blend_windows(self.windows_[:-1], row) for row in crops]).reshape(-1, 4)
        return WindowScores(boxes, crops.max(axis=1), full)

    def _sample_pairs(
        self, features: PictureFeatures, boxes: Floats, rng: np.random.Generator
    ) -> tuple[Floats, Floats, Ints]:
        """Sample windows of every picture: features, gain over the prior, and the picture's row."""
        count = int(np.clip(_TRAINING_PAIRS // len(features), 10, _MAX_PER_PICTURE))
        count = min(count, len(self.windows_))
        drawn = rng.random((len(features), len(self.windows_))).argsort(axis=1)[:, :count]
        tables = [
            window_features(features[chunk], self.windows_[drawn[chunk]], self.prior_[drawn[chunk]])
            for chunk in chunk_slices(len(features), _CHUNK)
        ]
        table = np.concatenate(tables)
        gain = iou(self.windows_[drawn], boxes[:, None]) - self.prior_[drawn]
        picture = np.repeat(np.arange(len(features)), count)
        return table.reshape(-1, table.shape[-1]), gain.ravel(), picture


def blend_windows(windows: Floats, scores: Floats) -> Floats:
    """Return the mean of windows, each weighed by the softmax of its score.

    The grid is coarser than the person's eye; windows of equal sides blend into one of equal sides.

    Parameters
    ----------
    windows : ndarray of shape (m, 4)
        In fractions.
    scores : ndarray of shape (m,)
        Expected IoU.

    Returns
    -------
    ndarray of shape (4,)
    """
    weight = np.exp(_INVERSE_TEMPERATURE * (scores - scores.max()))
    mixed = (weight[:, None] * windows).sum(axis=0) / weight.sum()
    return np.asarray(np.clip(mixed, 0.0, 1.0))
