"""Fit a crop model: cross-fit the window scorer, and keep of it what held-out crops support.

All that is laid over the window scorer (shrinkage towards the constant box, the keep classifier and
its threshold, Platt scaling of the scores, conformal bands) is fitted on out-of-fold predictions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from prefml._estimators import map_in_threads
from prefml._typing import Bools, Floats, Ints, Labels
from prefml.boxes import FULL_FRAME, is_whole
from prefml.cropping.bands import EdgeBands
from prefml.cropping.baselines import optimal_box
from prefml.cropping.held_out import (
    assign_blocks,
    assign_folds,
    assign_inner_folds,
    is_significant,
)
from prefml.cropping.inputs import PictureFeatures
from prefml.cropping.keep import KeepClassifier
from prefml.cropping.metrics import iou
from prefml.cropping.out_of_fold import HeldOutCrops, OutOfFold, hold_out
from prefml.cropping.scorer import WindowScorer, WindowScores
from prefml.cropping.shrinkage import select_shrinkage, shares, shrink_towards
from prefml.cropping.similar import SimilarityModel

__all__ = ["CropModel", "CropTrainingSet", "band_features", "fit_crop_model"]


# With fewer crops than this nothing but a constant can be told from chance.
_MIN_CROPS = 40
# Windows of each held-out picture that Platt scaling learns from.
_SAMPLED_WINDOWS = 12
_BAND_FOLDS = 5
# From so many crops on, a scorer of half of them errs like one of all: two folds calibrate.
_MANY_CROPS = 2_000


@dataclass(frozen=True)
class CropTrainingSet:
    """Crops to learn from.

    Attributes
    ----------
    features : PictureFeatures
        n pictures, in the order of the decisions.
    boxes : ndarray of shape (n, 4)
        The person's crops in fractions.
    weight : ndarray of shape (n,)
        Weight of each row.
    clusters : ndarray of shape (n,)
        Rows of one cluster were probably decided together.
    splits : tuple of ndarray of shape (n,)
        Fold of each row, for each way to hold rows out. The first holds out whole projects where
        there are several, and alone decides on shrinkage and threshold. A scorer that has never
        seen a project but also lacks a third of the data errs more than the one that will be used,
        one that has seen part of the project errs less: probabilities are calibrated on both.
    project : ndarray of shape (n,) or None
        Project of each row.
    """

    features: PictureFeatures
    boxes: Floats
    weight: Floats
    clusters: Ints
    splits: tuple[Ints, ...]
    project: Labels | None = None

    @classmethod
    def of(
        cls,
        features: PictureFeatures,
        boxes: Floats,
        weight: Floats,
        groups: ArrayLike | None,
        folds: int,
    ) -> CropTrainingSet:
        """Assign rows to clusters and inner folds.

        Parameters
        ----------
        features : PictureFeatures
            n pictures, in the order of the decisions.
        boxes : ndarray of shape (n, 4)
            The person's crops in fractions.
        weight : ndarray of shape (n,)
            Weight of each row.
        groups : array-like of shape (n,) or None
            Project of each row.
        folds : int
            Most folds of a split.

        Returns
        -------
        CropTrainingSet
        """
        clusters = assign_blocks(len(boxes), groups)
        mixed = folds if len(boxes) < _MANY_CROPS else 2
        splits = (assign_inner_folds(len(boxes), groups, folds), assign_folds(clusters, mixed))
        if groups is None:
            return cls(features, boxes, weight, clusters, splits[:1])
        return cls(features, boxes, weight, clusters, splits, np.asarray(groups))


@dataclass(frozen=True)
class CropModel:
    """A fitted window scorer and what is laid over it.

    Attributes
    ----------
    scorer : WindowScorer
        Predicts the expected IoU of windows.
    constant : ndarray of shape (4,)
        The best constant box.
    shrink : float
        Share of the way from the constant box to the scored one.
    keep : KeepClassifier
        Probability that the picture is kept whole.
    threshold : float
        Probability from which keeping whole is proposed.
    bands : EdgeBands
        Conformal bands of the edges.
    similar : SimilarityModel
        Platt scaling of expected IoU to the probability of a similar crop.
    inner_iou : dict of str to float
        Mean held-out IoU of the `constant` box, the `scored` one and what was `chosen`.
    held_out : HeldOutCrops or None
        Proposals for the training crops, in their order; None in a model that was exported.
    people_shrink : float or None
        As `shrink`, for pictures with windows around a person; None if it is the same.
    """

    scorer: WindowScorer
    constant: Floats
    shrink: float
    keep: KeepClassifier
    threshold: float
    bands: EdgeBands
    similar: SimilarityModel
    inner_iou: dict[str, float]
    held_out: HeldOutCrops | None = None
    people_shrink: float | None = None

    def crops(self, scores: WindowScores) -> Floats:
        """Return the best crop of each picture, kept whole or not.

        Parameters
        ----------
        scores : WindowScores
            Of n pictures.

        Returns
        -------
        ndarray of shape (n, 4)
            In fractions.
        """
        return shrink_towards(self.constant, scores.boxes, self.shares(scores))

    def shares(self, scores: WindowScores) -> Floats:
        """Return the share of the way from the constant box to the scored one, for each picture.

        Parameters
        ----------
        scores : WindowScores
            Of n pictures.

        Returns
        -------
        ndarray of shape (n,)
        """
        return shares(scores, self.shrink, self.people_shrink)

    @property
    def uses_pictures(self) -> bool:
        """Tell whether any picture gets another crop than the constant box."""
        return max(self.shrink, self.people_shrink or 0.0) > 0.0

    def boxes(self, scores: WindowScores) -> Floats:
        """Return the proposed box of each picture.

        Parameters
        ----------
        scores : WindowScores
            Of n pictures.

        Returns
        -------
        ndarray of shape (n, 4)
            In fractions; the full frame where keeping whole is proposed.
        """
        return _full_frame_where(self.keep.predict(scores) >= self.threshold, self.crops(scores))

    def probability(self, features: PictureFeatures) -> Floats:
        """Return the probability that the person would do nearly the same as `boxes` proposes.

        Parameters
        ----------
        features : PictureFeatures
            n pictures.

        Returns
        -------
        ndarray of shape (n,)
        """
        candidates = self.scorer.score_candidates(features)
        scores = self.scorer.predict_from_scores(candidates, self.scorer.candidates(features))
        keep, share = self.keep.predict(scores), self.shares(scores)
        # The crop lies between the constant box, the last window but one, and the best windows.
        crop_iou = share * scores.best_iou + (1.0 - share) * candidates[:, -2]
        return np.where(keep >= self.threshold, keep, self.similar.predict(crop_iou))

    def band(self, scores: WindowScores, project: Labels | None = None) -> Floats:
        """Return the bands of the edges of each picture.

        Parameters
        ----------
        scores : WindowScores
            Of n pictures.
        project : ndarray of shape (n,), optional
            Their projects; none that is known by default.

        Returns
        -------
        ndarray of shape (n, 4, 2)
            In fractions.
        """
        return self.bands.predict(band_features(scores, self.uses_pictures), project)


FitScorer = Callable[[PictureFeatures, Floats, Floats], WindowScorer]


def fit_crop_model(
    crops: CropTrainingSet,
    make_scorer: Callable[[], WindowScorer],
    make_bands: Callable[[], EdgeBands],
    n_jobs: int | None = None,
) -> CropModel:
    """Fit a crop model, or a constant one where the pictures say nothing of the crops.

    Parameters
    ----------
    crops : CropTrainingSet
        Crops to learn from.
    make_scorer, make_bands : callable
        Return an unfitted one.
    n_jobs : int or None, default=None
        Threads, in which scorers are fitted side by side; None means 1.

    Returns
    -------
    CropModel
        With `shrink` 0 and an infinite `threshold` where nothing beats the constant box.
    """

    def fit_prior(features: PictureFeatures, boxes: Floats, weight: Floats) -> WindowScorer:
        return make_scorer().fit_prior(boxes, weight)

    def fit(features: PictureFeatures, boxes: Floats, weight: Floats) -> WindowScorer:
        return make_scorer().fit(features, boxes, weight)

    if len(crops.boxes) >= _MIN_CROPS:
        model = _fit_model(crops, fit, make_bands, n_jobs)
        if model.uses_pictures or model.keep.uses_features:
            return model
    return _fit_model(crops, fit_prior, make_bands, n_jobs)


def _fit_model(
    crops: CropTrainingSet,
    fit: FitScorer,
    make_bands: Callable[[], EdgeBands],
    n_jobs: int | None,
) -> CropModel:
    """Fit the scorer on all rows, and the rest on its out-of-fold predictions."""
    scorer, passes = _cross_fit(crops, fit, n_jobs)
    scores, out_of_fold = passes[0].scores, OutOfFold.concatenate(passes)
    constant, threshold = optimal_box(crops.boxes, crops.weight), float("inf")
    pair: tuple[float, float | None] = (0.0, None)
    if scorer.uses_features:
        pair = select_shrinkage(scores, crops.boxes, crops.clusters, constant)
    share = shares(scores, *pair)
    clusters = np.tile(crops.clusters, len(passes))
    keep = KeepClassifier().fit(out_of_fold.scores, is_whole(out_of_fold.boxes), clusters)
    probability, shrunk = keep.predict(scores), shrink_towards(constant, scores.boxes, share)
    if scorer.uses_features:
        threshold = _select_threshold(probability, shrunk, crops)
    return CropModel(
        scorer=scorer,
        constant=constant,
        shrink=pair[0],
        people_shrink=pair[1],
        keep=keep,
        threshold=threshold,
        bands=_fit_bands(make_bands(), out_of_fold, bool(share.any()), crops),
        similar=SimilarityModel().fit(out_of_fold.window_iou.ravel(), out_of_fold.similar.ravel()),
        inner_iou={
            "constant": _mean_iou(constant[None], crops),
            "scored": _mean_iou(scores.boxes, crops),
            "chosen": _mean_iou(_full_frame_where(probability >= threshold, shrunk), crops),
        },
        held_out=hold_out(passes[0], shrunk, (crops.clusters, crops.splits[0]), share, threshold),
    )


def _fit_bands(
    bands: EdgeBands, out_of_fold: OutOfFold, uses_pictures: bool, crops: CropTrainingSet
) -> EdgeBands:
    """Fit the bands on the rows of all splits; those of the last are of projects seen in part."""
    passes, n = len(crops.splits), len(crops.boxes)
    return bands.fit(
        band_features(out_of_fold.scores, uses_pictures),
        out_of_fold.boxes,
        np.tile(assign_folds(crops.clusters, _BAND_FOLDS), passes),
        None if crops.project is None else np.tile(crops.project, passes),
        np.arange(passes * n) >= (passes - 1) * n,
    )


def _cross_fit(
    crops: CropTrainingSet, fit: FitScorer, n_jobs: int | None
) -> tuple[WindowScorer, list[OutOfFold]]:
    """Fit a scorer on all rows, and predict them, for each split, by scorers without their fold."""
    tests = [[np.flatnonzero(split == fold) for fold in np.unique(split)] for split in crops.splits]
    tasks = [None, *(test for folds in tests for test in folds)]
    (scorer, _), *found = map_in_threads(partial(_fit_without, crops, fit), tasks, n_jobs)
    parts = [part for _, part in found if part is not None]
    passes = []
    for folds in tests:
        rows, parts = OutOfFold.concatenate(parts[: len(folds)]), parts[len(folds) :]
        passes.append(rows.take(np.argsort(np.concatenate(folds))))
    return scorer, passes


def _fit_without(
    crops: CropTrainingSet, fit: FitScorer, test: Ints | None
) -> tuple[WindowScorer, OutOfFold | None]:
    """Fit a scorer without some rows, and predict these; on all rows where there are none."""
    if test is None:
        return fit(crops.features, crops.boxes, crops.weight), None
    train = np.setdiff1d(np.arange(len(crops.boxes)), test)
    train = train if len(train) else test
    scorer = fit(crops.features[train], crops.boxes[train], crops.weight[train])
    candidates = scorer.score_candidates(crops.features[test])
    given = scorer.candidates(crops.features[test])
    scores = scorer.predict_from_scores(candidates, given)
    windows, window_iou = scorer.sample_windows(candidates, _SAMPLED_WINDOWS, given)
    out_of_fold = OutOfFold(scores, candidates[:, -2], crops.boxes[test], windows, window_iou)
    return scorer, out_of_fold


def _select_threshold(probability: Floats, boxes: Floats, crops: CropTrainingSet) -> float:
    """Return the threshold with the largest significant gain, infinite where there is none."""
    baseline = iou(boxes, crops.boxes)
    best, most = float("inf"), 0.0
    for threshold in np.unique(np.quantile(probability, np.linspace(0.01, 0.99, 99))):
        chosen = _full_frame_where(probability >= threshold, boxes)
        gain = iou(chosen, crops.boxes) - baseline
        if gain.mean() > most and is_significant(gain, crops.clusters):
            best, most = float(threshold), float(gain.mean())
    return best


def _full_frame_where(keep: Bools, boxes: Floats) -> Floats:
    return np.where(keep[:, None], np.array(FULL_FRAME), boxes)


def _mean_iou(boxes: Floats, crops: CropTrainingSet) -> float:
    return float(np.average(iou(boxes, crops.boxes), weights=crops.weight))


def band_features(scores: WindowScores, uses_pictures: bool) -> Floats:
    """Return what the bands of the edges depend on.

    Parameters
    ----------
    scores : WindowScores
        Of n pictures.
    uses_pictures : bool
        Whether crops depend on what the scores say, see `CropModel`.

    Returns
    -------
    ndarray of shape (n, n_features)
    """
    if not uses_pictures:
        # Scores that say nothing of the box still tell the folds apart, and with them projects.
        return np.zeros((len(scores.best_iou), 1))
    side = scores.boxes[:, 2] - scores.boxes[:, 0]
    return np.column_stack([scores.boxes, side, scores.best_iou, scores.full_iou])
