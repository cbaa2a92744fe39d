"""Calibrate scores: temperature scaling and isotonic regression to the probability of winning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import ArrayLike
from sklearn.isotonic import IsotonicRegression

from prefml._typing import Floats, Labels
from prefml.ranking.temperature import (
    CalibrationSets,
    effective_number,
    fit_inverse_temperature,
    predict_new_project,
    softmax_in_sets,
)
from prefml.sets import Sets

__all__ = ["PiecewiseLinear", "WinCalibrator", "softmax_in_sets"]


# Shrinkage: with fewer sets of one size than this, its factor is mostly the factor of all sizes.
_PRIOR_SETS = 500
# Isotonic regression spends about one parameter for every thirty sets, so it needs many.
_SETS_FOR_ISOTONIC = 1000
_FLOOR = 1e-6
# Least inverse temperature, as a share of that of scores of unit spread.
_LEAST_FACTOR = 1e-3
# Standard normal values and their weights, by which probabilities are averaged (Gauss-Hermite).
_NODES, _NODE_WEIGHTS = hermegauss(7)
_NODE_WEIGHTS = _NODE_WEIGHTS / _NODE_WEIGHTS.sum()


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
    """Temperature scaling for a new project, then isotonic regression of the top choice.

    The inverse temperature differs from project to project. Probabilities are averaged over what
    the projects seen say of a new one's, so that they are not surer than scores are reliable.
    That of a set's size is shrunk towards that of all sizes, the more the fewer its sets.

    Parameters
    ----------
    isotonic_from : int, default=1000
        Effective number of independent sets needed for isotonic regression.

    Attributes
    ----------
    factor_ : float
        Mean inverse temperature of sets of any size.
    factors_ : dict of int to float
        Mean inverse temperature of each size of a set.
    spread_ : float
        Standard deviation of a new project's inverse temperature, as a share of the mean.
    isotonic_ : PiecewiseLinear or None
        Isotonic regression of the top probability; None where there were too few sets.

    References
    ----------
    C. Guo et al., "On calibration of modern neural networks", ICML 2017 (temperature);
    B. Zadrozny, C. Elkan, "Transforming classifier scores into accurate multiclass probability
    estimates", KDD 2002 (isotonic); J. P. T. Higgins, S. G. Thompson, D. J. Spiegelhalter, "A
    re-evaluation of random-effects meta-analysis", JRSS A 172, 2009 (prediction of a new unit).
    """

    def __init__(self, isotonic_from: int = _SETS_FOR_ISOTONIC) -> None:
        self.isotonic_from = isotonic_from

    def fit(
        self,
        scores: Floats,
        y: ArrayLike,
        sets: Sets,
        weight: Floats | None = None,
        groups: Labels | None = None,
        cluster_id: Labels | None = None,
    ) -> WinCalibrator:
        """Fit on out-of-fold scores.

        Parameters
        ----------
        scores : ndarray of shape (n_rows,)
            Scores from models that were fitted without the row's project.
        y : ndarray of shape (n_rows,)
            Labels; the highest of a set win it, sharing where several are.
        sets : Sets
            The grouping of the rows.
        weight : ndarray of shape (n_rows,), optional
            Weight of each row, constant in a set, such as the inverse of the probability with
            which the set was drawn; 1 by default.
        groups : ndarray of shape (n_rows,), optional
            The project of each row, constant in a set; one for all by default.
        cluster_id : ndarray of shape (n_rows,), optional
            Sets of one cluster are not independent; each is one by itself by default.

        Returns
        -------
        WinCalibrator
        """
        first = sets.order[sets.starts]
        cluster = np.arange(len(sets)) if cluster_id is None else cluster_id[first]
        data = CalibrationSets(
            scores,
            _win_share(y, sets),
            sets,
            np.ones(len(sets)) if weight is None else weight[first],
            np.unique(cluster, return_inverse=True)[1].astype(np.intp),
        )
        self._fit_temperature(data, None if groups is None else groups[first])
        self.factors_ = self._factors_by_size(data)
        self.isotonic_ = self._fit_isotonic(data)
        return self

    def _fit_temperature(self, data: CalibrationSets, project: Labels | None) -> None:
        codes = None if project is None else np.unique(project, return_inverse=True)[1]
        found = predict_new_project(data, codes)
        unit = data.sets.spread(data.scores) or 1.0
        self.factor_ = max(found.value, _LEAST_FACTOR / unit)
        # Where higher scores do not win, there is nothing to be sure or unsure of.
        self.spread_ = float(np.sqrt(found.variance) / self.factor_) if found.value > 0 else 0.0

    def _factors_by_size(self, data: CalibrationSets) -> dict[int, float]:
        """Return the mean factor of each size: its ratio to all sizes, shrunk towards 1."""
        whole, factors = fit_inverse_temperature(data).value, {}
        for size in np.unique(data.sets.sizes[data.sets.sizes > 1]):
            part = data.take(np.flatnonzero(data.sets.sizes == size))
            own = fit_inverse_temperature(part).value
            known = effective_number(part.weight, part.cluster)
            trust = known / (known + _PRIOR_SETS)
            ratio = own / whole if own > 0 and whole > 0 else 1.0
            factors[int(size)] = float(self.factor_ * ratio**trust)
        return factors

    def _fit_isotonic(self, data: CalibrationSets) -> PiecewiseLinear | None:
        sets = data.sets
        several = sets.sizes > 1
        known = effective_number(data.weight[several], data.cluster[several])
        if known < self.isotonic_from * (1 - 1e-9):
            return None
        probability = self._temperature_scaled(data.scores, sets)
        kept = sets.top_rows(probability)[several]
        model = IsotonicRegression(y_min=_FLOOR, y_max=1 - _FLOOR, out_of_bounds="clip")
        model.fit(probability[kept], data.share[kept], sample_weight=data.weight[several])
        return PiecewiseLinear(model.X_thresholds_, model.y_thresholds_)

    def _temperature_scaled(self, scores: Floats, sets: Sets) -> Floats:
        sizes = sets.sizes[sets.codes]
        factor = np.full(len(scores), self.factor_)
        for size, own in self.factors_.items():
            factor[sizes == size] = own
        if self.spread_ == 0:
            return softmax_in_sets(scores, sets, factor)
        drawn = np.maximum(1 + self.spread_ * _NODES, 0)
        parts = [softmax_in_sets(scores, sets, factor * one) for one in drawn]
        return np.asarray(np.tensordot(_NODE_WEIGHTS, parts, 1))

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


def _with_isotonic_top(probability: Floats, sets: Sets, line: PiecewiseLinear) -> Floats:
    """Move the top choice to its isotonic value; the others share the rest as before."""
    top = sets.top_rows(probability)
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
