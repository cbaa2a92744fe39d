"""Model how far each project's probabilities are off, to bound the error among confident sets.

The chance that the suggested picture of a set of project k is the person's choice is taken to be

    (1 - lapse) * sigmoid(centre + slope * (logit(confidence) - centre) + shift_k),

with `centre` the mean logit and shifts normal over projects, of mean m and standard deviation t.
The posterior of lapse, slope, m and t is computed on a grid, so there is nothing to converge and
no chance in it; a shift is integrated out over its own grid. Priors: m normal(0, 1), t
half-normal(1), log(slope) normal(0, 0.3), lapse exponential with mean 0.01: a calibrated ranker
and a person who slips once in a hundred decisions, give or take.

References
----------
A. Gelman, J. B. Carlin, H. S. Stern, D. B. Dunson, A. Vehtari, D. B. Rubin, "Bayesian Data
Analysis", 3rd edition, 2013, chapter 5 (hierarchical models, their posterior on a grid).
A. Gelman, "Prior distributions for variance parameters in hierarchical models", Bayesian Analysis
1(3), 2006 (the prior of t).
F. A. Wichmann, N. J. Hill, "The psychometric function: I. Fitting, sampling, and goodness of fit",
Perception & Psychophysics 63, 2001 (the lapse rate, and why leaving it out biases the rest).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, gammainc, ndtr

from prefml._typing import Bools, Floats, Ints
from prefml.ranking.confidence_levels import BinnedSets

__all__ = ["SeenErrors", "ShiftPosterior", "fit_shifts"]

_LAPSES = np.array([0.0, 0.015, 0.04, 0.10])
_LAPSE_MEAN, _SLOPE_SD, _MEAN_SD, _SPREAD_SD = 0.01, 0.3, 1.0, 1.0
# Slopes tried for each lapse, in standard errors from the best one.
_SLOPE_STEPS = np.array([-1.95, -0.65, 0.65, 1.95])
_SPREADS = np.r_[0.0, np.geomspace(0.05, 2.8, 10)]
# Grid points with less than this share of the best one's probability are dropped.
_NEGLIGIBLE = 1e-3
# Points of each curve that stand for it where all projects' shifts are averaged.
_STRATA = 2


@dataclass(frozen=True)
class _Curves:
    """Chance of an error by (curve, shift, level); a curve is a lapse with a slope."""

    shifts: Floats
    error: Floats
    log_prior: Floats


@dataclass(frozen=True)
class ShiftPosterior:
    """Posterior of the errors among the sets down to each level of confidence.

    Attributes
    ----------
    sets : BinnedSets
        What it was computed from.
    error : ndarray of shape (n_curves, n_shifts, n_levels)
        Chance of an error of one set of each level, by curve (lapse and slope) and shift.
    likelihood : ndarray of shape (n_curves, n_shifts, n_projects)
        Of each project's answers.
    points : ndarray of shape (n_points,)
        Probability of each point of the grid that is not negligible; they sum to 1.
    curve : ndarray of shape (n_points,)
        The curve of each point.
    shifts : ndarray of shape (n_points, n_shifts)
        Distribution of the shifts of projects at each point.
    """

    sets: BinnedSets
    error: Floats
    likelihood: Floats
    points: Floats
    curve: Ints
    shifts: Floats

    def seen(self) -> SeenErrors:
        """Return the errors of new sets of the projects seen, in the mix they were seen in."""
        draws = [self._stratified(curve) for curve in np.unique(self.curve)]
        weight = np.concatenate([chance for chance, _, _ in draws])
        mean = np.concatenate([mean for _, mean, _ in draws])
        variance = np.concatenate([variance for _, _, variance in draws])
        return SeenErrors(weight, mean, variance, _sampling_variance(self.sets, weight @ mean))

    def _stratified(self, curve: int) -> tuple[Floats, Floats, Floats]:
        """Return weight, mean and variance of the error at points that stand for those of a curve.

        Points are put together by the mean of the shifts: what all projects share.
        """
        rows = np.flatnonzero(self.curve == curve)
        rows = rows[np.argsort(self.shifts[rows] @ np.arange(self.shifts.shape[1]))]
        chance = self.points[rows]
        stratum = (np.cumsum(chance) - chance / 2) / chance.sum() * _STRATA
        members = (stratum.astype(int) == np.arange(_STRATA)[:, None]) * chance
        members = members[members.sum(axis=1) > 0]
        weight = members.sum(axis=1)
        prior = members @ self.shifts[rows] / weight[:, None]
        return weight, *self._moments(curve, prior)

    def _moments(self, curve: int, prior: Floats) -> tuple[Floats, Floats]:
        """Return mean and variance of the error for some distributions of shifts."""
        chance = prior * self.likelihood[curve].T[:, None]
        chance /= chance.sum(axis=2, keepdims=True)
        used = np.flatnonzero(chance.max(axis=(0, 1)) > _NEGLIGIBLE)
        chance = chance[:, :, used]
        share = self.sets.weight[:, None] * self.error[curve, used] / self.sets.mass[-1]
        share = np.cumsum(share, axis=2) * (self.sets.mass[-1] / self.sets.mass)
        mean = chance @ share
        variance = np.maximum(chance @ share**2 - mean**2, 0)
        return mean.sum(axis=0), variance.sum(axis=0)

    def mixture_within(self, budget: float, seen: SeenErrors) -> Floats:
        """Return the probability that sets of projects like these err within the budget.

        Parameters
        ----------
        budget : float
            Largest share of errors.
        seen : SeenErrors
            Of the same posterior.

        Returns
        -------
        ndarray of shape (n_levels,)
        """
        within = ndtr((np.log(budget) - self._log_mixture) / seen.deviation)
        return np.asarray(self.points @ within)

    @cached_property
    def _log_mixture(self) -> Floats:
        """Return the log of the mean error over projects, (n_points, n_levels)."""
        found = np.empty((len(self.points), len(self.sets.threshold)))
        for curve in np.unique(self.curve):
            rows = self.curve == curve
            found[rows] = np.log(self.shifts[rows] @ self._pooled[curve])
        return found

    def next_within(self, budget: float, seen: SeenErrors) -> Floats:
        """Return the probability that the sets of one new project err within the budget.

        Parameters
        ----------
        budget : float
            Largest share of errors.
        seen : SeenErrors
            Of the same posterior.

        Returns
        -------
        ndarray of shape (n_levels,)
        """
        found = np.zeros(len(self.sets.threshold))
        for curve in np.unique(self.curve):
            rows = self.curve == curve
            shift = self.points[rows] @ self.shifts[rows]
            found += shift @ ndtr((np.log(budget) - np.log(self._pooled[curve])) / seen.deviation)
        return found

    @cached_property
    def _pooled(self) -> Floats:
        """Return the error down to each level if all sets had one shift, by curve and shift."""
        weight = self.sets.weight.sum(axis=0)
        return np.asarray(np.cumsum(self.error * weight, axis=2) / self.sets.mass)


@dataclass(frozen=True)
class SeenErrors:
    """Errors of new sets of the projects seen, down to each level of confidence.

    Attributes
    ----------
    weight : ndarray of shape (n_draws,)
        Probability of points of the posterior that stand for it; they sum to 1.
    mean, variance : ndarray of shape (n_draws, n_levels)
        Of the error at each.
    sampling : ndarray of shape (n_levels,)
        Relative variance because the sets seen are a sample of those to come.
    """

    weight: Floats
    mean: Floats
    variance: Floats
    sampling: Floats

    @property
    def deviation(self) -> Floats:
        """Return the relative standard deviation due to sampling, shape (n_levels,)."""
        return np.sqrt(self.sampling)

    @property
    def expected(self) -> Floats:
        """Return the posterior mean of the error, shape (n_levels,)."""
        return np.asarray(self.weight @ self.mean)

    def within(self, budget: float) -> Floats:
        """Return the probability that the error lies within the budget.

        At each point of the posterior the error is taken for gamma distributed.

        Parameters
        ----------
        budget : float
            Largest share of errors.

        Returns
        -------
        ndarray of shape (n_levels,)
        """
        relative = (1 + self.variance / self.mean**2) * (1 + self.sampling) - 1
        chance = gammainc(1 / relative, budget / (self.mean * relative))
        return np.asarray(self.weight @ chance)

    def explains(self, sets: BinnedSets, level: float = 0.01) -> Bools:
        """Return where the errors observed are not more than the model accounts for.

        Parameters
        ----------
        sets : BinnedSets
            What the model was fitted to.
        level : float, default=0.01
            Chance of a false alarm of the one-sided test (of Poisson counts) at one level.

        Returns
        -------
        ndarray of bool of shape (n_levels,)
        """
        observed = np.maximum(sets.error * sets.effective, 1e-9)
        return np.asarray(gammainc(observed, self.expected * sets.effective) > level)


def _sampling_variance(sets: BinnedSets, error: Floats) -> Floats:
    """Return the relative variance of the mean error of as many sets drawn anew."""
    weight = np.diff(sets.mass, prepend=0)
    each = np.diff(error * sets.mass, prepend=0) / weight
    spread = np.cumsum(weight * each**2) / sets.mass - error**2
    return np.asarray(np.maximum(spread, 0) / error**2 / sets.effective + 1e-8)


def fit_shifts(sets: BinnedSets) -> ShiftPosterior:
    """Compute the posterior of the errors from held-out answers.

    Weights do not enter: which sets were asked about may depend on confidence and project, but
    not on the answer. They matter where errors are averaged over all sets.

    Parameters
    ----------
    sets : BinnedSets
        Counted answers.

    Returns
    -------
    ShiftPosterior
    """
    curves, middle = _curves(sets)
    outcome = np.log(1 - curves.error) @ sets.right.T + np.log(curves.error) @ sets.wrong.T
    best = outcome.max(axis=1, keepdims=True)
    likelihood = np.exp(outcome - best)
    spread, mean = _SPREADS, middle + _dense_middle(2.5, 0.03, 0.25)
    shifts = _shift_distributions(curves.shifts, mean, spread)
    evidence = np.log(np.maximum(shifts @ likelihood, 1e-300)) + best
    log_density = evidence.sum(axis=2) + curves.log_prior[:, None]
    log_density += _log_hyper_prior(mean, spread)
    density = np.exp(log_density - log_density.max())
    curve, point = np.nonzero(density > _NEGLIGIBLE)
    kept = density[curve, point]
    return ShiftPosterior(sets, curves.error, likelihood, kept / kept.sum(), curve, shifts[point])


def _curves(sets: BinnedSets) -> tuple[_Curves, float]:
    """Return curves round the best slope of each lapse, and the middle of the shifts."""
    count = (sets.right + sets.wrong).sum(axis=0)
    centre = float(np.average(sets.logit, weights=count))
    offset = sets.logit - centre
    slope, error, middle = _best_slopes(sets, centre, offset)
    slopes = np.maximum(slope[:, None] + error[:, None] * _SLOPE_STEPS, 0.05 * slope[:, None])
    lapse = np.repeat(_LAPSES, len(_SLOPE_STEPS))[:, None, None]
    shifts = middle + _dense_middle(6.0, 0.02, 0.05)
    eta = centre + slopes.reshape(-1, 1, 1) * offset + shifts[:, None]
    wrong = lapse + (1 - lapse) * expit(-eta)
    edges = np.r_[0.0, (_LAPSES[1:] + _LAPSES[:-1]) / 2, np.inf]
    log_prior = np.log(-np.diff(np.exp(-edges / _LAPSE_MEAN)))[:, None] + np.log(error)[:, None]
    log_prior = log_prior - 0.5 * (np.log(slopes) / _SLOPE_SD) ** 2 - np.log(slopes)
    return _Curves(shifts, np.clip(wrong, 1e-12, 1 - 1e-12), log_prior.ravel()), middle


def _best_slopes(sets: BinnedSets, centre: float, offset: Floats) -> tuple[Floats, Floats, float]:
    """Return the best slope of each lapse, its standard error, and the mean shift.

    Penalized Fisher scoring, one shift a project.
    """
    count, keep = sets.right + sets.wrong, (1 - _LAPSES)[:, None, None]
    slope, shift = np.ones(len(_LAPSES)), np.zeros((len(_LAPSES), len(count)))
    for _ in range(7):
        chance = expit(centre + slope[:, None, None] * offset + shift[:, :, None])
        rate = keep * chance * (1 - chance)
        scale = rate / np.maximum(keep * chance * (1 - keep * chance), 1e-12)
        residual, weight = (sets.right - count * keep * chance) * scale, count * rate * scale
        cross, own = weight @ offset, weight.sum(axis=2) + 1
        curvature = (weight @ offset**2).sum(axis=1) + 1 / (_SLOPE_SD * slope) ** 2
        curvature -= (cross**2 / own).sum(axis=1)
        pull = residual.sum(axis=2) - shift
        gain = (residual @ offset).sum(axis=1) - np.log(slope) / slope / _SLOPE_SD**2
        step = (gain - (cross * pull / own).sum(axis=1)) / curvature
        step = np.clip(step, -0.5 * slope, 0.5 * slope)
        shift += np.clip((pull - cross * step[:, None]) / own, -2, 2)
        slope += step
    return slope, 1 / np.sqrt(curvature), float(np.average(shift[0], weights=own[0]))


def _dense_middle(reach: float, least: float, growth: float) -> Floats:
    """Return points from -reach to reach whose distance grows from `least` by `growth` a unit."""
    end = np.arcsinh(reach * growth / least)
    points = 2 * int(np.ceil(end / growth)) + 1
    return np.asarray(least / growth * np.sinh(np.linspace(-end, end, points)))


def _shift_distributions(shifts: Floats, mean: Floats, spread: Floats) -> Floats:
    """Return the distribution of shifts for each spread and mean, (n_points, n_shifts)."""
    edges = np.r_[-np.inf, (shifts[1:] + shifts[:-1]) / 2, np.inf]
    place = np.interp(mean, shifts, np.arange(len(shifts)))
    alike = np.maximum(1 - np.abs(place[:, None] - np.arange(len(shifts))), 0)
    distance = (edges - mean[:, None]) / spread[1:, None, None]
    normal = np.diff(ndtr(distance), axis=2).reshape(-1, len(shifts))
    return np.concatenate([alike, normal])


def _log_hyper_prior(mean: Floats, spread: Floats) -> Floats:
    """Return the log prior of each spread and mean with the size of its cell, (n_points,)."""
    cell = np.gradient(spread)
    cell[0] = spread[1] / 2
    of_spread = np.log(cell) - 0.5 * (spread / _SPREAD_SD) ** 2
    of_mean = np.log(np.gradient(mean)) - 0.5 * (mean / _MEAN_SD) ** 2
    return np.asarray((of_spread[:, None] + of_mean).ravel())
