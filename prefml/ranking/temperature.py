"""Estimate an inverse temperature, and its spread over projects: random-effects meta-analysis.

Scores that are worth much in some projects are worth less in others. Each project's inverse
temperature is estimated by itself; that of a project not seen yet is drawn from what they show.

References
----------
R. DerSimonian, N. Laird, "Meta-analysis in clinical trials", Controlled Clinical Trials 7, 1986;
K.-Y. Liang, S. L. Zeger, "Longitudinal data analysis using generalized linear models", Biometrika
73, 1986 (variance that is robust to dependence inside clusters).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prefml._typing import Floats, Ints
from prefml.sets import Sets, index_sets

__all__ = [
    "LEAST_SETS",
    "CalibrationSets",
    "Estimate",
    "effective_number",
    "fit_inverse_temperature",
    "pool_estimates",
    "predict_new_project",
    "softmax_in_sets",
]

# With fewer sets than this a project says too little by itself; all such are taken together.
LEAST_SETS = 20
# One imagined coin toss keeps the estimate finite when every choice was right.
_PRIOR_PRECISION = 0.01
_STEPS = 100
_LEAST_VARIANCE = 1e-12


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
class CalibrationSets:
    """Sets to calibrate on.

    Attributes
    ----------
    scores : ndarray of shape (n_rows,)
        Out-of-fold scores.
    share : ndarray of shape (n_rows,)
        Share of each row in its set's win; sums to 1 in each set.
    sets : Sets
        The grouping of the rows.
    weight : ndarray of shape (n_sets,)
        Weight of each set.
    cluster : ndarray of shape (n_sets,)
        Sets of one cluster are not independent.
    """

    scores: Floats
    share: Floats
    sets: Sets
    weight: Floats
    cluster: Ints

    def take(self, kept: Ints) -> CalibrationSets:
        """Return some of the sets.

        Parameters
        ----------
        kept : ndarray of int
            Their numbers.

        Returns
        -------
        CalibrationSets
        """
        chosen = np.zeros(len(self.sets), bool)
        chosen[kept] = True
        rows = np.flatnonzero(chosen[self.sets.codes])
        sets = index_sets(self.sets.codes[rows])
        numbers = self.sets.codes[rows][sets.order[sets.starts]]
        return CalibrationSets(
            self.scores[rows], self.share[rows], sets, self.weight[numbers], self.cluster[numbers]
        )


@dataclass(frozen=True)
class Estimate:
    """An estimate and its sampling variance."""

    value: float
    variance: float


def effective_number(weight: Floats, cluster: Ints) -> float:
    """Return how many independent observations clusters are worth: Kish's effective sample size.

    Parameters
    ----------
    weight : ndarray of shape (n,)
        Weight of each observation.
    cluster : ndarray of shape (n,)
        Its cluster, counted as one observation.

    Returns
    -------
    float
        The number of observations where each is a cluster by itself and all weigh the same.

    References
    ----------
    L. Kish, "Survey Sampling", 1965, section 8.2.
    """
    totals = np.bincount(np.unique(cluster, return_inverse=True)[1], weight)
    return float(totals.sum() ** 2 / (totals**2).sum()) if totals.any() else 0.0


def fit_inverse_temperature(data: CalibrationSets) -> Estimate:
    """Return the inverse temperature of least log loss: a conditional logit of one parameter.

    Parameters
    ----------
    data : CalibrationSets
        The sets.

    Returns
    -------
    Estimate
        Negative where higher scores lose; 1 with no variance where all scores of a set are equal.
        The variance is that of independent sets or of independent clusters, the larger of both.

    References
    ----------
    D. McFadden, "Conditional logit analysis of qualitative choice behavior", 1974.
    """
    unit = data.sets.spread(data.scores)
    if unit == 0:
        return Estimate(1.0, 0.0)
    scaled, factor = data.sets.center(data.scores) / unit, 1.0
    for _ in range(_STEPS):
        slopes, curvatures = _derivatives(data, scaled, factor)
        information = data.weight @ curvatures + _PRIOR_PRECISION
        step = (data.weight @ slopes - _PRIOR_PRECISION * factor) / information
        factor += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-9:
            break
    slopes, curvatures = _derivatives(data, scaled, factor)
    certainty = (float(data.weight @ curvatures) + _PRIOR_PRECISION) * unit
    return Estimate(factor / unit, _score_variance(data, slopes, curvatures) / certainty**2)


def _derivatives(data: CalibrationSets, scores: Floats, factor: float) -> tuple[Floats, Floats]:
    """Return each set's slope of the log likelihood, and its curvature downwards."""
    sets = data.sets
    chance = softmax_in_sets(scores, sets, factor)
    mean = sets.reduce(np.add, chance * scores)
    square = sets.reduce(np.add, chance * scores**2)
    return sets.reduce(np.add, data.share * scores) - mean, np.maximum(square - mean**2, 0.0)


def _score_variance(data: CalibrationSets, slopes: Floats, curvatures: Floats) -> float:
    """Return the variance of the weighted slope's sum; never less than if the model were right."""
    totals = np.bincount(np.unique(data.cluster, return_inverse=True)[1], data.weight * slopes)
    between = float((totals**2).sum()) * len(totals) / max(len(totals) - 1, 1)
    return max(between, float(data.weight**2 @ curvatures) + _PRIOR_PRECISION)


def pool_estimates(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean over projects, and the variance of a new project's value around it.

    Parameters
    ----------
    estimates : sequence of Estimate
        One a project, at least one.

    Returns
    -------
    Estimate
        Its variance is that between projects and that of the mean together; that of the estimate
        alone where there is one project.
    """
    values = np.array([one.value for one in estimates])
    variances = np.maximum([one.variance for one in estimates], _LEAST_VARIANCE)
    between = _variance_between(values, variances)
    weight = 1 / (variances + between)
    mean = float(np.average(values, weights=weight))
    return Estimate(mean, between + float(1 / weight.sum()))


def _variance_between(values: Floats, variances: Floats) -> float:
    """Return the variance by which the weighted scatter exceeds chance (DerSimonian and Laird)."""
    if len(values) < 2:
        return 0.0
    weight = 1 / variances
    scatter = weight @ (values - np.average(values, weights=weight)) ** 2
    freedom = weight.sum() - (weight**2).sum() / weight.sum()
    return float(max(scatter - (len(values) - 1), 0.0) / freedom)


def predict_new_project(data: CalibrationSets, project: Ints | None) -> Estimate:
    """Return the inverse temperature to expect in a project that has not been seen.

    Parameters
    ----------
    data : CalibrationSets
        The sets.
    project : ndarray of shape (n_sets,) or None
        The project of each; None where it is not known.

    Returns
    -------
    Estimate
        The variance is that of a new project.
    """
    if project is None:
        return fit_inverse_temperature(data)
    codes = np.unique(project, return_inverse=True)[1]
    few = np.bincount(codes) < LEAST_SETS
    codes = np.where(few[codes], -1, codes)
    parts = (data.take(np.flatnonzero(codes == code)) for code in np.unique(codes))
    return pool_estimates([fit_inverse_temperature(part) for part in parts])
