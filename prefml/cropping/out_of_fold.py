"""Hold proposals for known crops against the crops, each by parts that have not seen it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prefml._typing import Bools, Floats, Ints
from prefml.boxes import FULL_FRAME, is_whole
from prefml.cropping.keep import KeepClassifier
from prefml.cropping.metrics import SIMILAR, iou
from prefml.cropping.scorer import WindowScores
from prefml.cropping.similar import SimilarityModel

__all__ = ["HeldOutCrops", "OutOfFold", "hold_out"]


@dataclass(frozen=True)
class OutOfFold:
    """Out-of-fold predictions, and some windows of each picture with their expected IoU.

    Attributes
    ----------
    scores : WindowScores
        Of n pictures, each by a scorer that was fitted without it.
    constant_iou : ndarray of shape (n,)
        Expected IoU of the scorer's constant box.
    boxes : ndarray of shape (n, 4)
        The person's crops in fractions.
    windows : ndarray of shape (n, count, 4)
        Some windows of each picture.
    window_iou : ndarray of shape (n, count)
        Their expected IoU.
    """

    scores: WindowScores
    constant_iou: Floats
    boxes: Floats
    windows: Floats
    window_iou: Floats

    @classmethod
    def concatenate(cls, parts: Sequence[OutOfFold]) -> OutOfFold:
        """Return the rows of all parts, one part after the other.

        Parameters
        ----------
        parts : sequence of OutOfFold
            At least one.

        Returns
        -------
        OutOfFold
        """
        return cls(
            WindowScores.concatenate([part.scores for part in parts]),
            np.concatenate([part.constant_iou for part in parts]),
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.windows for part in parts]),
            np.concatenate([part.window_iou for part in parts]),
        )

    def take(self, rows: Ints) -> OutOfFold:
        """Return some of the pictures.

        Parameters
        ----------
        rows : ndarray of int
            Which, in the order wanted.

        Returns
        -------
        OutOfFold
        """
        return OutOfFold(
            self.scores.take(rows),
            self.constant_iou[rows],
            self.boxes[rows],
            self.windows[rows],
            self.window_iou[rows],
        )

    @property
    def similar(self) -> Bools:
        """Tell which of the windows are similar to the person's crop, shape (n, count)."""
        return np.asarray(iou(self.windows, self.boxes[:, None]) > SIMILAR)


@dataclass(frozen=True)
class HeldOutCrops:
    """Proposals for the training crops, each by parts that were fitted without it.

    Attributes
    ----------
    boxes : ndarray of shape (n, 4)
        In fractions; the full frame where keeping whole was proposed.
    probability : ndarray of shape (n,)
        That the person would do nearly the same, see `prefml.boxes.nearly_same`.
    """

    boxes: Floats
    probability: Floats


def hold_out(
    out_of_fold: OutOfFold,
    crops: Floats,
    clusters_and_folds: tuple[Ints, Ints],
    share: Floats,
    threshold: float,
) -> HeldOutCrops:
    """Propose for every picture by a keep classifier and Platt scaling of the other folds.

    Parameters
    ----------
    out_of_fold : OutOfFold
        Predictions for n pictures.
    crops : ndarray of shape (n, 4)
        The out-of-fold crops in fractions, shrunk towards the constant box.
    clusters_and_folds : tuple of ndarray of shape (n,)
        Rows that were probably decided together, and the fold that each was held out in.
    share : ndarray of shape (n,)
        Of the way from the constant box to the scored one.
    threshold : float
        Of the fitted model, see `prefml.cropping.fitting.CropModel`.

    Returns
    -------
    HeldOutCrops
    """
    clusters, folds = clusters_and_folds
    scores, similar = out_of_fold.scores, out_of_fold.similar
    whole = is_whole(out_of_fold.boxes)
    crop_iou = share * scores.best_iou + (1.0 - share) * out_of_fold.constant_iou
    keep, alike = np.zeros(len(crops)), np.zeros(len(crops))
    for fold in np.unique(folds):
        test = folds == fold
        train = test if test.all() else ~test
        classifier = KeepClassifier().fit(scores.take(train), whole[train], clusters[train])
        keep[test] = classifier.predict(scores.take(test))
        platt = SimilarityModel()
        platt.fit(out_of_fold.window_iou[train].ravel(), similar[train].ravel())
        alike[test] = platt.predict(crop_iou[test])
    proposed = np.where((keep >= threshold)[:, None], np.array(FULL_FRAME), crops)
    return HeldOutCrops(proposed, np.where(keep >= threshold, keep, alike))
