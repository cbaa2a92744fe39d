"""Calibrate scores: temperature scaling and isotonic regression to the probability of winning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression

from prefml._typing import Floats, Ints
from prefml.sets import Sets, index_sets

__all__ = ["PiecewiseLinear", "WinCalibrator", "softmax_in_sets", "temperature_correction"]


# Shrinkage: with fewer sets of one size than this, its factor is mostly the factor of all sizes.
_PRIOR_SETS = 500
# Isotonic regression spends about one parameter for every thirty sets, so it needs many.
_SETS_FOR_ISOTONIC = 1000
_FLOOR = 1e-6
_MOST_GROWTH = 1.25
# With so many sets, half of the temperature correction is over.
_HALFWAY = 3000
# With less skill than this the temperature correction is whole.
_LITTLE_SKILL = 0.2


def softmax_in_sets(scores: Floats, sets: Sets, factor: Floats | float = 1.0) -> Floats:
    """Return probabilities that sum to 1 in each set.

    Parameters
    ----------
    scores : ndarray of shape (n_rows,)
        Scores.
    sets : Sets
        The grouping of the rows.
    factor : float or ndarray of shape (n_rows,)
        Inverse temperature: the scores are multiplied by it.

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    raised = scores * factor
    raised = np.exp(raised - sets.reduce(np.maximum, raised)[sets.codes])
    return np.asarray(raised / sets.reduce(np.add, raised)[sets.codes])


@dataclass(frozen=True)
class PiecewiseLinear:
    """A rising line through points, level beyond the first and the last.

    Attributes
    ----------
    x, y : ndarray of shape (n_points,)
        The points.
    """

    x: Floats
    y: Floats

    def predict(self, values: Floats) -> Floats:
        """Return the height of the line at each value.

        Parameters
        ----------
        values : ndarray of shape (n,)
            Places along `x`.

        Returns
        -------
        ndarray of shape (n,)
        """
        return np.asarray(np.interp(values, self.x, self.y))


class WinCalibrator:
    """Temperature scaling for each set size, then isotonic regression of the top choice.

    The temperature of a size is shrunk towards that of all sizes, the more the fewer its sets.

    Parameters
    ----------
    isotonic_from : int, default=1000
        Sets needed for isotonic regression.

    Attributes
    ----------
    factor_ : float
        Inverse temperature of sets of any size.
    factors_ : dict of int to float
        Inverse temperature of each size of a set.
    isotonic_ : PiecewiseLinear or None
        Isotonic regression of the top probability; None where there were too few sets.

    References
    ----------
    C. Guo et al., "On calibration of modern neural networks", ICML 2017 (temperature);
    B. Zadrozny, C. Elkan, "Transforming classifier scores into accurate multiclass probability
    estimates", KDD 2002 (isotonic).
    """

    def __init__(self, isotonic_from: int = _SETS_FOR_ISOTONIC) -> None:
        self.isotonic_from = isotonic_from

    def fit(self, scores: Floats, y: ArrayLike, sets: Sets) -> WinCalibrator:
        """Fit on out-of-fold scores.

        Parameters
        ----------
        scores : ndarray of shape (n_rows,)
            Scores from models that were fitted without the row's project.
        y : ndarray of shape (n_rows,)
            Labels; the highest of a set win it, sharing where several are.
        sets : Sets
            The grouping of the rows.

        Returns
        -------
        WinCalibrator
        """
        share = _win_share(y, sets)
        self.factor_ = _fit_inverse_temperature(scores, share, sets)
        self.factors_ = {}
        for size in np.unique(sets.sizes[sets.sizes > 1]):
            rows = sets.sizes[sets.codes] == size
            part = index_sets(sets.codes[rows])
            own = _fit_inverse_temperature(scores[rows], share[rows], part)
            trust = len(part) / (len(part) + _PRIOR_SETS)
            self.factors_[int(size)] = float(self.factor_ * (own / self.factor_) ** trust)
        self.isotonic_ = self._fit_isotonic(scores, share, sets)
        return self

    def skill(self, scores: Floats, y: ArrayLike, sets: Sets) -> float:
        """Return the share of the log loss of chance that the probabilities save.

        Parameters
        ----------
        scores, y, sets
            As in `fit`.

        Returns
        -------
        float
            1 for certainty that is always right, 0 for chance and where nothing was to choose;
            McFadden's pseudo R squared.
        """
        share = _win_share(y, sets)
        chance = float((share * np.log(sets.sizes[sets.codes])).sum())
        stated = np.log(np.maximum(self.predict(scores, sets), _FLOOR))
        return 1 + float((share * stated).sum()) / chance if chance else 0.0

    def sharpen(self, factor: float) -> None:
        """Raise the inverse temperatures, where the final model is better than the inner ones.

        Parameters
        ----------
        factor : float
            By which they are multiplied, see `temperature_correction`.
        """
        self.factor_ *= factor
        self.factors_ = {size: own * factor for size, own in self.factors_.items()}

    def _fit_isotonic(self, scores: Floats, share: Floats, sets: Sets) -> PiecewiseLinear | None:
        if int((sets.sizes > 1).sum()) < self.isotonic_from:
            return None
        probability = self._temperature_scaled(scores, sets)
        top = _top_rows(probability, sets)
        kept = top[sets.sizes[sets.codes[top]] > 1]
        model = IsotonicRegression(y_min=_FLOOR, y_max=1 - _FLOOR, out_of_bounds="clip")
        model.fit(probability[kept], share[kept])
        return PiecewiseLinear(model.X_thresholds_, model.y_thresholds_)

    def _temperature_scaled(self, scores: Floats, sets: Sets) -> Floats:
        sizes = sets.sizes[sets.codes]
        factor = np.full(len(scores), self.factor_)
        for size, own in self.factors_.items():
            factor[sizes == size] = own
        return softmax_in_sets(scores, sets, factor)

    def predict(self, scores: Floats, sets: Sets) -> Floats:
        """Return the probability of each row to win its set.

        Parameters
        ----------
        scores : ndarray of shape (n_rows,)
            Scores.
        sets : Sets
            The grouping of the rows.

        Returns
        -------
        ndarray of shape (n_rows,)
            Sums to 1 in each set; in the order of the scores.
        """
        probability = self._temperature_scaled(scores, sets)
        if self.isotonic_ is None:
            return probability
        return _with_isotonic_top(probability, sets, self.isotonic_)


def temperature_correction(n_sets: int, n_folds: int, skill: float) -> float:
    """Return the factor by which a model of all rows is surer than the models of the inner folds.

    Those learn from less, so their scores are worse, and calibration on them makes the final model
    timid. While choices are few and say little, the inverse temperature that calibrates grows about
    as fast as their number; where they say much, the models know it already and it hardly grows.

    Parameters
    ----------
    n_sets : int
        Training sets.
    n_folds : int
        Inner folds.
    skill : float
        Share of the log loss of chance that the models of the inner folds save.

    Returns
    -------
    float
        Between 1 and 1.25; `docs/experiments.md` has the figures behind it.
    """
    more = n_folds / (n_folds - 1) - 1
    unknown = min((1 - min(skill, 1.0)) / (1 - _LITTLE_SKILL), 1.0)
    return float(min(1 + more * unknown * _HALFWAY / (_HALFWAY + n_sets), _MOST_GROWTH))


def _with_isotonic_top(probability: Floats, sets: Sets, line: PiecewiseLinear) -> Floats:
    """Move the top choice to its isotonic value; the others share the rest as before."""
    top = _top_rows(probability, sets)
    before = probability[top]
    rest = 1 - before
    others = probability.copy()
    others[top] = 0
    second = sets.reduce(np.maximum, others)
    # The top choice may fall to a tie with the second, never below it.
    least = np.where(rest > 0, second / np.maximum(rest + second, _FLOOR), 1.0)
    wanted = np.maximum(line.predict(before), least)
    # Rows that tie for the lead stay equal.
    after = np.where(second == before, before, np.where(sets.sizes > 1, wanted, 1.0))
    scale = np.where(rest > 0, (1 - after) / np.maximum(rest, _FLOOR), 0.0)
    result = others * scale[sets.codes]
    result[top] = after
    return np.asarray(result / sets.reduce(np.add, result)[sets.codes])


def _win_share(y: ArrayLike, sets: Sets) -> Floats:
    """Return the share of each row in its set's win: winners of equal labels share it."""
    labels = np.asarray(y)
    best = (labels == sets.reduce(np.maximum, labels)[sets.codes]).astype(float)
    return np.asarray(best / sets.reduce(np.add, best)[sets.codes])


def _top_rows(probability: Floats, sets: Sets) -> Ints:
    order = np.lexsort((-probability, sets.codes))
    return np.asarray(order[sets.starts])


def _fit_inverse_temperature(scores: Floats, share: Floats, sets: Sets) -> float:
    """Return the inverse temperature of least log loss, 0.001 to 1000 on scores of unit spread."""
    spread = scores - sets.mean(scores)[sets.codes]
    unit = float(np.sqrt((spread**2).mean())) if len(scores) else 0.0
    if unit == 0:
        return 1.0

    def loss(log_factor: float) -> float:
        probability = softmax_in_sets(spread, sets, np.exp(log_factor) / unit)
        # One imagined coin toss keeps the factor finite when every choice was right.
        penalty = 0.5 * (np.exp(log_factor) * 0.1) ** 2
        return float(-(share * np.log(np.maximum(probability, _FLOOR))).sum() + penalty)

    found = minimize_scalar(loss, bounds=(np.log(1e-3), np.log(1e3)), method="bounded")
    return float(np.exp(found.x) / unit)
