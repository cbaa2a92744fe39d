"""From crops to a model: a scorer, and what inner folds support of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Bools, Floats, Ints
from prefml.boxes import FULL_FRAME, is_whole
from prefml.cropping.bands import EdgeBands
from prefml.cropping.baselines import optimal_box
from prefml.cropping.held_out import assign_folds, blocks, inner_folds, is_supported, lower_bound
from prefml.cropping.inputs import Rows
from prefml.cropping.keep import KeepClassifier
from prefml.cropping.metrics import SIMILAR, iou
from prefml.cropping.scorer import WindowScorer, WindowScores
from prefml.cropping.similar import SimilarityModel

__all__ = ["CropModel", "Crops", "learn"]


# With fewer crops than this nothing but a constant can be told from chance.
_FEWEST = 40
_SHRINKAGES = (0.25, 0.5, 0.75, 1.0)
_SAMPLED = 12
_BAND_FOLDS = 5


@dataclass(frozen=True)
class Crops:
    """Crops to learn from.

    Attributes
    ----------
    rows : Rows
        n pictures, in the order of the decisions.
    boxes : ndarray of shape (n, 4)
        The person's crops in fractions.
    weight : ndarray of shape (n,)
        What each counts.
    clusters : ndarray of shape (n,)
        What was probably decided together.
    splits : tuple of ndarray of shape (n,)
        Ways to hold rows out. The first holds out whole projects where there are several, and
        alone decides what is supported. A scorer that has never seen a project but also lacks
        a third of the data errs more than the one that will be used, one that has seen part of
        the project errs less: how sure to be is learned from both.
    """

    rows: Rows
    boxes: Floats
    weight: Floats
    clusters: Ints
    splits: tuple[Ints, ...]

    @classmethod
    def of(
        cls, rows: Rows, boxes: Floats, weight: Floats, groups: ArrayLike | None, folds: int
    ) -> Crops:
        """Assign rows to clusters and inner folds."""
        clusters = blocks(len(boxes), groups)
        splits = (inner_folds(len(boxes), groups, folds), assign_folds(clusters, folds))
        return cls(rows, boxes, weight, clusters, splits if groups is not None else splits[:1])


@dataclass(frozen=True)
class CropModel:
    """What was learned.

    Attributes
    ----------
    scorer : WindowScorer
        Judges pictures.
    constant : ndarray of shape (4,)
        The best constant box.
    shrink : float
        Share of the way from the constant box to the scored one.
    keep : KeepClassifier
    threshold : float
        Probability from which keeping whole is proposed.
    bands : EdgeBands
    similar : SimilarityModel
    inner_iou : dict of str to float
        Mean held-out overlap of the `constant` box, the `scored` one and what was `chosen`.
    """

    scorer: WindowScorer
    constant: Floats
    shrink: float
    keep: KeepClassifier
    threshold: float
    bands: EdgeBands
    similar: SimilarityModel
    inner_iou: dict[str, float]

    def crops(self, scored: WindowScores) -> Floats:
        """Return the best crop of each judged picture, kept whole or not, shape (n, 4)."""
        return _towards(self.constant, scored.boxes, self.shrink)

    def boxes(self, scored: WindowScores) -> Floats:
        """Return what is proposed for each judged picture, shape (n, 4)."""
        return _or_full(self.crops(scored), self.keep.predict(scored) >= self.threshold)

    def band(self, scored: WindowScores) -> Floats:
        """Return the bands of the edges of each judged picture, shape (n, 4, 2)."""
        return self.bands.predict(_band_features(scored, self.shrink))


@dataclass(frozen=True)
class _HeldOut:
    """Judgements by scorers that had not seen the picture, and some windows with their scores."""

    scored: WindowScores
    boxes: Floats
    windows: Floats
    scores: Floats

    def joined(self, other: _HeldOut) -> _HeldOut:
        scored = self.scored.joined(other.scored)
        pairs = ((self.boxes, other.boxes), (self.windows, other.windows))
        boxes, windows = (np.concatenate(pair) for pair in pairs)
        return _HeldOut(scored, boxes, windows, np.concatenate([self.scores, other.scores]))


Fit = Callable[[Rows, Floats, Floats], WindowScorer]


def learn(
    crops: Crops, make_scorer: Callable[[], WindowScorer], make_bands: Callable[[], EdgeBands]
) -> CropModel:
    """Learn a crop model.

    Parameters
    ----------
    crops : Crops
    make_scorer, make_bands : callable
        Return an unfitted one.

    Returns
    -------
    CropModel
        With `shrink` 0 and an infinite `threshold` where nothing beats the constant box.
    """

    def fit_prior(rows: Rows, boxes: Floats, weight: Floats) -> WindowScorer:
        return make_scorer().learn_prior(boxes, weight)

    def fit(rows: Rows, boxes: Floats, weight: Floats) -> WindowScorer:
        return make_scorer().fit(rows, boxes, weight)

    if len(crops.boxes) >= _FEWEST:
        model = _assemble(crops, fit, make_bands)
        if model.shrink > 0.0 or model.keep.uses_features:
            return model
    return _assemble(crops, fit_prior, make_bands)


def _assemble(crops: Crops, fit: Fit, make_bands: Callable[[], EdgeBands]) -> CropModel:
    passes = [_held_out(crops, split, fit) for split in crops.splits]
    scored, seen = passes[0].scored, reduce(_HeldOut.joined, passes)
    scorer = fit(crops.rows, crops.boxes, crops.weight)
    constant = optimal_box(crops.boxes, crops.weight)
    shrink = _shrinkage(scored, crops, constant) if scorer.uses_features else 0.0
    clusters = np.tile(crops.clusters, len(passes))
    keep = KeepClassifier().fit(seen.scored, is_whole(seen.boxes), clusters)
    probability, drawn = keep.predict(scored), _towards(constant, scored.boxes, shrink)
    threshold = _threshold(probability, drawn, crops) if scorer.uses_features else float("inf")
    similar = iou(seen.windows, seen.boxes[:, None]) > SIMILAR
    folds = np.tile(assign_folds(crops.clusters, _BAND_FOLDS), len(passes))
    return CropModel(
        scorer=scorer,
        constant=constant,
        shrink=shrink,
        keep=keep,
        threshold=threshold,
        bands=make_bands().fit(_band_features(seen.scored, shrink), seen.boxes, folds),
        similar=SimilarityModel().fit(seen.scores.ravel(), similar.ravel()),
        inner_iou={
            "constant": _mean_iou(constant[None], crops),
            "scored": _mean_iou(scored.boxes, crops),
            "chosen": _mean_iou(_or_full(drawn, probability >= threshold), crops),
        },
    )


def _held_out(crops: Crops, folds: Ints, fit: Fit) -> _HeldOut:
    """Judge every row by a scorer that was fitted without its fold."""
    n = len(crops.boxes)
    found, levels = np.zeros((n, 4)), np.zeros((n, 2))
    windows, scores = np.zeros((n, _SAMPLED, 4)), np.zeros((n, _SAMPLED))
    for fold in np.unique(folds):
        test = np.flatnonzero(folds == fold)
        train = np.setdiff1d(np.arange(n), test)
        train = train if len(train) else test
        scorer = fit(crops.rows[train], crops.boxes[train], crops.weight[train])
        candidates = scorer.score_candidates(crops.rows[test])
        scored = scorer.predict_from_scores(candidates)
        found[test] = scored.boxes
        levels[test] = np.column_stack([scored.best, scored.full])
        windows[test], scores[test] = scorer.sample(candidates, _SAMPLED)
    return _HeldOut(WindowScores(found, levels[:, 0], levels[:, 1]), crops.boxes, windows, scores)


def _shrinkage(scored: WindowScores, crops: Crops, constant: Floats) -> float:
    start = iou(constant[None], crops.boxes)
    bounds = {0.0: 0.0}
    for share in _SHRINKAGES:
        moved = _towards(constant, scored.boxes, share)
        bounds[share] = lower_bound(iou(moved, crops.boxes) - start, crops.clusters)
    return max(bounds, key=lambda share: bounds[share])


def _threshold(probability: Floats, drawn: Floats, crops: Crops) -> float:
    start = iou(drawn, crops.boxes)
    best, most = float("inf"), 0.0
    for threshold in np.unique(np.quantile(probability, np.linspace(0.01, 0.99, 99))):
        chosen = _or_full(drawn, probability >= threshold)
        gain = iou(chosen, crops.boxes) - start
        if gain.mean() > most and is_supported(gain, crops.clusters):
            best, most = float(threshold), float(gain.mean())
    return best


def _towards(constant: Floats, boxes: Floats, share: float) -> Floats:
    return constant + share * (boxes - constant)


def _or_full(boxes: Floats, keep: Bools) -> Floats:
    return np.where(keep[:, None], np.array(FULL_FRAME), boxes)


def _mean_iou(boxes: Floats, crops: Crops) -> float:
    return float(np.average(iou(boxes, crops.boxes), weights=crops.weight))


def _band_features(scored: WindowScores, shrink: float) -> Floats:
    if shrink == 0.0:
        # Scores that say nothing of the box still tell the folds apart, and with them projects.
        return np.zeros((len(scored.best), 1))
    side = scored.boxes[:, 2] - scored.boxes[:, 0]
    return np.column_stack([scored.boxes, side, scored.best, scored.full])
