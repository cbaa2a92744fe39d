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
from prefml.cropping.geometry import keep_aspect
from prefml.cropping.inputs import PictureFeatures
from prefml.cropping.metrics import iou
from prefml.cropping.people import PersonWindows
from prefml.cropping.windows import (
    Coverage,
    candidate_windows,
    cell_coverage,
    chunk_slices,
    expected_iou,
    window_features,
)

__all__ = ["WindowScorer", "WindowScores", "blend_windows"]


# Pairs of a picture and a window that trees are grown from; of one picture with shared windows.
_TRAINING_PAIRS = 100_000
_MAX_PER_PICTURE = 100
# Pairs from which LightGBM finds the 255 bins of a column.
_BINNED_PAIRS = 20_000
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
    people : ndarray of shape (n,), bool
        Whether there are windows around a person.
    """

    boxes: Floats
    best_iou: Floats
    full_iou: Floats
    people: Bools

    def take(self, rows: Bools | Ints) -> WindowScores:
        """Return some of the pictures.

        Parameters
        ----------
        rows : ndarray of bool, of shape (n,), or of int
            Which.

        Returns
        -------
        WindowScores
        """
        return WindowScores(
            self.boxes[rows], self.best_iou[rows], self.full_iou[rows], self.people[rows]
        )

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
            np.concatenate([part.people for part in parts]),
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
    around_ : PersonWindows
        Windows around the main person of a picture, which come before the others.
    """

    def __init__(self, n_estimators: int, learning_rate: float, num_leaves: int, seed: int) -> None:
        self.booster_: lgb.Booster | None = None
        self.around_ = PersonWindows(seed)
        self.known_: tuple[Floats, Floats] = np.zeros((0, 4)), np.zeros(0)
        self.rounds = n_estimators
        self.seed = seed
        self.settings = {
            "objective": "regression",
            "learning_rate": learning_rate,
            "num_leaves": num_leaves,
            "min_data_in_leaf": 50,
            "feature_fraction": 0.6,
            "seed": seed,
            "num_threads": 1,
            "bin_construct_sample_cnt": _BINNED_PAIRS,
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
        cropped = ~is_whole(boxes)
        self.around_.fit(
            features[np.flatnonzero(cropped)], boxes[cropped], weight[cropped], keep_aspect(boxes)
        )
        rng = np.random.default_rng(self.seed)
        table, gain, picture = self._sample_pairs(features, boxes, weight, rng)
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
        self.known_ = boxes[sampled], weight[sampled]
        self.prior_ = expected_iou(self.windows_, *self.known_)
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
            Expected IoU of each window of `candidates` with the person's crop; minus infinity for
            one that is none.
        """
        if self.booster_ is None:
            return np.tile(self.prior_, (len(features), 1))
        # Without pictures, thousands of rows are a dozen sizes and stages.
        different, which = features, np.arange(len(features))
        if len(features) > 1:
            different, which = features.distinct()
        parts = [
            self._score(self.booster_, different[chunk])
            for chunk in chunk_slices(len(different), _CHUNK)
        ]
        count = self.around_.count + len(self.windows_)
        return np.concatenate([np.zeros((0, count)), *parts])[which]

    def _score(self, booster: lgb.Booster, features: PictureFeatures) -> Floats:
        around, predicted = self.around_.windows(features)
        scores = [np.tile(self.prior_, (len(features), 1))]
        shown = features
        if around.shape[1]:
            shown = features.with_box(predicted)
            prior = expected_iou(np.nan_to_num(around), *self.known_)
            scores = [prior + self._predict_gain(booster, shown, around, prior), *scores]
            scores[0][np.isnan(around[..., 0])] = -np.inf
        scores[-1] += self._predict_gain(
            booster, shown, self.windows_[None], self.prior_[None], self.coverage_
        )
        return np.hstack(scores)

    def candidates(self, features: PictureFeatures) -> Floats:
        """Return the candidate windows.

        Parameters
        ----------
        features : PictureFeatures
            n pictures.

        Returns
        -------
        ndarray of shape (n, m, 4) or (1, m, 4)
            Those around the main person, NaN where there is none; then those that all pictures
            have in common, last of these the constant box and the full frame.
        """
        if self.booster_ is None or not self.around_.uses_people:
            return self.windows_[None]
        around = self.around_.windows(features)[0]
        shared = np.tile(self.windows_, (len(features), 1, 1))
        return np.concatenate([around, shared], axis=1)

    def _predict_gain(
        self,
        booster: lgb.Booster,
        features: PictureFeatures,
        windows: Floats,
        prior: Floats,
        coverage: Coverage | None = None,
    ) -> Floats:
        table = window_features(features, windows, prior, coverage)
        flat = table.reshape(-1, table.shape[-1])
        gain = booster.predict(flat, num_threads=1)
        return np.reshape(gain, table.shape[:2])

    @property
    def uses_features(self) -> bool:
        """Tell whether it has trees, and does not predict the prior for all pictures."""
        return self.booster_ is not None

    def sample_windows(
        self, scores: Floats, count: int, windows: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Return the best window of every picture, and others evenly from the better half.

        Parameters
        ----------
        scores : ndarray of shape (n, m)
            Expected IoU of the candidate windows.
        count : int
            Windows a picture.
        windows : ndarray of shape (n, m, 4) or (1, m, 4), optional
            The candidate windows; by default those that all pictures have in common.

        Returns
        -------
        tuple of ndarray, shapes (n, count, 4) and (n, count)
            The windows and their scores.
        """
        given = self.windows_[None] if windows is None else windows
        crops = scores[:, :-1]
        order = np.argsort(-crops, axis=1, kind="stable")[:, : crops.shape[1] // 2]
        steps = np.linspace(0, order.shape[1] - 1, count).astype(np.intp)
        drawn = order[:, steps]
        rows = np.arange(len(scores))[:, None] if len(given) > 1 else np.zeros((1, 1), np.intp)
        return given[rows, drawn], np.take_along_axis(crops, drawn, axis=1)

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
        return self.predict_from_scores(self.score_candidates(features), self.candidates(features))

    def predict_from_scores(self, scores: Floats, windows: Floats | None = None) -> WindowScores:
        """Predict the best crop of every picture from scores that were computed before.

        Parameters
        ----------
        scores : ndarray of shape (n, m)
            Expected IoU of the candidate windows.
        windows : ndarray of shape (n, m, 4) or (1, m, 4), optional
            The candidate windows; by default those that all pictures have in common.

        Returns
        -------
        WindowScores
        """
        given = np.broadcast_to(
            self.windows_[None] if windows is None else windows, (*scores.shape, 4)
        )
        crops, full = scores[:, :-1], scores[:, -1]
        pairs = zip(given[:, :-1], crops, strict=True)
        boxes = np.array([blend_windows(*pair) for pair in pairs]).reshape(-1, 4)
        people = np.zeros(len(scores), bool)
        if scores.shape[1] > len(self.windows_):
            people = np.isfinite(scores[:, 0])
        return WindowScores(boxes, crops.max(axis=1), full, people)

    def _sample_pairs(
        self, features: PictureFeatures, boxes: Floats, weight: Floats, rng: np.random.Generator
    ) -> tuple[Floats, Floats, Ints]:
        """Sample windows of every picture: features, gain over the prior, and the picture's row."""
        total = max(10, _TRAINING_PAIRS // len(features))
        near = min(self.around_.count, total // 2)
        count = min(total - near, _MAX_PER_PICTURE, len(self.windows_))
        drawn = _draw(rng, (len(features), len(self.windows_)), count)
        windows, prior, shown = self.windows_[drawn], self.prior_[drawn], features
        if self.around_.uses_people:
            around, predicted = self.around_.cross_fitted_windows(features, boxes, weight)
            if near < around.shape[1]:
                drawn = _draw(rng, around.shape[:2], near)
                around = np.take_along_axis(around, drawn[..., None], axis=1)
            shown = features.with_box(predicted)
            windows = np.concatenate([windows, around], axis=1)
            worth = expected_iou(np.nan_to_num(around), *self.known_)
            prior = np.concatenate([prior, worth], axis=1)
        there = np.isfinite(windows[..., 0])
        tables = [
            np.moveaxis(window_features(shown[chunk], windows[chunk], prior[chunk]), -1, 0)
            for chunk in chunk_slices(len(features), _CHUNK)
        ]
        gain = (iou(windows, boxes[:, None]) - prior)[there]
        picture = np.repeat(np.arange(len(features)), there.sum(axis=1))
        return np.concatenate(tables, axis=1)[:, there].T, gain, picture


def _draw(rng: np.random.Generator, shape: tuple[int, int], count: int) -> Ints:
    """Return so many columns of each row, drawn without replacement."""
    return rng.random(shape).argsort(axis=1)[:, :count]


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
    # Windows that are none weigh nothing.
    mixed = (weight[:, None] * np.nan_to_num(windows)).sum(axis=0) / weight.sum()
    return np.asarray(np.clip(mixed, 0.0, 1.0))
