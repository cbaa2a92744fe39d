"""State probabilities for held-out sets, by calibrators that have not seen them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Bools, Floats, Labels
from prefml.ranking.calibration import WinCalibrator
from prefml.ranking.linear_init import Fold, grouped_folds
from prefml.ranking.ranker import SetRanker
from prefml.ranking.temperature import LEAST_SETS
from prefml.sets import Sets, index_sets

__all__ = ["cross_calibrate"]

_FOLDS = 5


def cross_calibrate(
    ranker: SetRanker,
    scores: Floats,
    y: ArrayLike,
    set_id: Labels,
    groups: Labels,
    decided: Bools,
    weight: Floats | None = None,
    cluster_id: Labels | None = None,
) -> Floats:
    """Turn out-of-fold scores into probabilities, each by a calibrator of other sets.

    The ranker's own calibrator was fitted on these very scores; its probabilities of them would
    look better calibrated than those of new sets are. Its isotonic regression is kept all the
    same: the steps of another would put a threshold where the ranker has none, and sets of one
    step are all approved or all not.

    Parameters
    ----------
    ranker : SetRanker
        Fitted; one without a calibrator states the softmax.
    scores : ndarray of shape (n_rows,)
        Out-of-fold scores.
    y : array-like of shape (n_rows,)
        Labels.
    set_id, groups : ndarray of shape (n_rows,)
        Set and project of each row.
    decided : ndarray of bool, of shape (n_rows,)
        Rows of sets with a winner, which a calibrator may be fitted on.
    weight : ndarray of shape (n_rows,), optional
        Weight of each row in the calibration, constant in a set; 1 by default.
    cluster_id : ndarray of shape (n_rows,), optional
        Sets of one cluster are not independent; each is one by itself by default.

    Returns
    -------
    ndarray of shape (n_rows,)
        Sums to 1 in each set.
    """
    sets, labels = index_sets(set_id), np.asarray(y)
    stated = ranker.probability_of(scores, sets)
    if ranker.calibrator_ is None:
        return stated
    for train, test in _folds(sets, groups, decided):
        on = train[decided[train]]
        if len(on):
            calibrator = WinCalibrator().fit(
                scores[on],
                labels[on],
                index_sets(set_id[on]),
                None if weight is None else weight[on],
                groups[on],
                None if cluster_id is None else cluster_id[on],
            )
            calibrator.isotonic_ = ranker.calibrator_.isotonic_
            stated[test] = calibrator.predict(scores[test], index_sets(set_id[test]))
    return stated


def _folds(sets: Sets, groups: Labels, decided: Bools) -> list[Fold]:
    """Hold out whole projects where at least two have sets enough, else sets."""
    codes = index_sets(groups).codes
    first = sets.order[sets.starts]
    counts = np.bincount(codes[first[decided[first]]], minlength=1)
    if (counts >= LEAST_SETS).sum() < 2:
        codes = np.zeros(len(codes), np.intp)
    return grouped_folds(codes, sets, _FOLDS)
