"""State probabilities for held-out sets, by calibrators that have not seen them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Bools, Floats, Labels
from prefml.ranking.calibration import WinCalibrator
from prefml.ranking.linear_init import Fold, grouped_folds
from prefml.ranking.ranker import SetRanker
from prefml.sets import Sets, index_sets

__all__ = ["cross_calibrate"]

_FOLDS = 5
# With fewer sets than this a project says little of another one's temperature.
_LEAST_SETS = 20


def cross_calibrate(
    ranker: SetRanker,
    scores: Floats,
    y: ArrayLike,
    set_id: Labels,
    groups: Labels,
    decided: Bools,
) -> Floats:
    """Turn out-of-fold scores into probabilities, each by a calibrator of other sets.

    The ranker's own calibrator was fitted on these very scores; its probabilities of them would
    look better calibrated than those of new sets are.

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
        fitted_on = train[decided[train]]
        if len(fitted_on):
            calibrator = WinCalibrator().fit(
                scores[fitted_on], labels[fitted_on], index_sets(set_id[fitted_on])
            )
            stated[test] = calibrator.predict(scores[test], index_sets(set_id[test]))
    return stated


def _folds(sets: Sets, groups: Labels, decided: Bools) -> list[Fold]:
    """Hold out whole projects where at least two have sets enough, else sets."""
    codes = index_sets(groups).codes
    first = sets.order[sets.starts]
    counts = np.bincount(codes[first[decided[first]]], minlength=1)
    if (counts >= _LEAST_SETS).sum() < 2:
        codes = np.zeros(len(codes), np.intp)
    return grouped_folds(codes, sets, _FOLDS)
