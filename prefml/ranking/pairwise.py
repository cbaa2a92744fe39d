"""Fit a linear Bradley-Terry model: logistic regression on differences of rows inside a set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted, validate_data

from prefml._estimators import as_frame, check_features
from prefml._typing import Features, Floats, Grades, Ints
from prefml.ranking.scaler import WithinSetScaler
from prefml.ranking.scoring import RankerMixin
from prefml.ranking.validation import (
    check_sample_weight,
    check_set_id,
    to_grades,
    warn_of_few_choices,
)
from prefml.sets import Sets, index_sets, winning_pairs

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["PairwiseLogistic", "fit_weights", "log_evidence", "pair_differences", "pair_weights"]

_MAX_STEPS = 25
# Newton's method squares the error in each step: after one of this size it is a hundred-millionth.
_TOLERANCE = 1e-4
_TINY = 1e-300
# Pairs worked on at a time.
_CACHED = 1024


def pair_weights(
    better: Ints,
    worse: Ints,
    sets: Sets,
    row_weight: Floats | None = None,
) -> Floats:
    """Return a weight for each pair, so that a set of many pictures does not drown the others.

    Parameters
    ----------
    better, worse : ndarray of shape (n_pairs,)
        The rows of each pair.
    sets : Sets
        The grouping of the rows.
    row_weight : ndarray of shape (n_rows,), optional
        Weight of each row; a row of weight 2 counts like the row twice.

    Returns
    -------
    ndarray of shape (n_pairs,)
    """
    if row_weight is None:
        return np.asarray(2.0 / sets.sizes[sets.codes[better]])
    total = np.maximum(sets.reduce(np.add, row_weight), _TINY)[sets.codes[better]]
    return np.asarray(2.0 * row_weight[better] * row_weight[worse] / total)


def pair_differences(scaled: Floats, better: Ints, worse: Ints) -> Floats:
    """Return winner minus loser of each pair.

    Parameters
    ----------
    scaled : ndarray of shape (n_rows, n_columns)
        Scaled columns.
    better, worse : ndarray of shape (n_pairs,)
        The rows of each pair.

    Returns
    -------
    ndarray of shape (n_pairs, n_columns)
    """
    result = np.empty((len(better), scaled.shape[1]))
    for part in gen_batches(len(better), _CACHED):
        np.subtract(scaled[better[part]], scaled[worse[part]], out=result[part])
    return result


def fit_weights(
    differences: Floats, weight: Floats, prior_variance: float, start: Floats | None = None
) -> Floats:
    """Fit the Bradley-Terry weights by Newton's method.

    Parameters
    ----------
    differences : ndarray of shape (n_pairs, n_columns)
        Winner minus loser.
    weight : ndarray of shape (n_pairs,)
        Weight of each pair.
    prior_variance : float
        Prior variance of a weight, one over the ridge penalty: the smaller, the more shrinkage.
    start : ndarray of shape (n_columns,), optional
        Where to begin.

    Returns
    -------
    ndarray of shape (n_columns,)

    References
    ----------
    R. A. Bradley, M. E. Terry, "Rank analysis of incomplete block designs", Biometrika 39, 1952.
    """
    found = np.zeros(differences.shape[1]) if start is None else start.copy()
    ridge = 1.0 / prior_variance
    newton_step = _newton_step_dual if len(differences) < len(found) else _newton_step_primal
    for _ in range(_MAX_STEPS):
        step = newton_step(differences, weight, ridge, found)
        found += step
        if np.abs(step).max(initial=0.0) < _TOLERANCE * (1 + np.abs(found).max(initial=0.0)):
            break
    return found


def log_evidence(
    differences: Floats, weight: Floats, prior_variance: float, found: Floats
) -> float:
    """Return the log marginal likelihood of a prior variance, by Laplace's approximation.

    Parameters
    ----------
    differences : ndarray of shape (n_pairs, n_columns)
        Winner minus loser.
    weight : ndarray of shape (n_pairs,)
        Weight of each pair.
    prior_variance : float
        Prior variance of a weight.
    found : ndarray of shape (n_columns,)
        The weights that `fit_weights` finds with it.

    Returns
    -------
    float

    References
    ----------
    D. J. C. MacKay, "The evidence framework applied to classification networks", Neural
    Computation 4, 1992.
    """
    _, curve = _loss_derivatives(differences, weight, found)
    bent = differences * np.sqrt(curve)[:, None]
    gram = bent @ bent.T if len(bent) < len(found) else bent.T @ bent
    _, log_volume = np.linalg.slogdet(np.eye(len(gram)) + prior_variance * gram)
    likelihood = -float(weight @ np.logaddexp(0.0, -(differences @ found)))
    return likelihood - 0.5 * float(found @ found) / prior_variance - 0.5 * float(log_volume)


def _loss_derivatives(differences: Floats, weight: Floats, found: Floats) -> tuple[Floats, Floats]:
    """Return the first derivative, its sign turned, and the second of each pair's loss."""
    losing = expit(-(differences @ found))
    slope = weight * losing
    return slope, slope * (1 - losing)


def _newton_step_primal(differences: Floats, weight: Floats, ridge: float, found: Floats) -> Floats:
    """Return Newton's step; pairs are gone through in parts that stay in the processor's cache."""
    system = np.diag(np.full(len(found), ridge))
    gradient = -ridge * found
    for at in range(0, len(differences), _CACHED):
        part = differences[at : at + _CACHED]
        slope, curve = _loss_derivatives(part, weight[at : at + _CACHED], found)
        gradient += slope @ part
        bent = part * np.sqrt(curve)[:, None]
        system += bent.T @ bent
    factor = cho_factor(system, check_finite=False, overwrite_a=True)
    return np.asarray(cho_solve(factor, gradient, check_finite=False))


def _newton_step_dual(differences: Floats, weight: Floats, ridge: float, found: Floats) -> Floats:
    """Return Newton's step by Woodbury's identity, where there are fewer pairs than columns."""
    slope, curve = _loss_derivatives(differences, weight, found)
    gradient = slope @ differences - ridge * found
    bent = differences * np.sqrt(curve)[:, None]
    system = bent @ bent.T
    system[np.diag_indices_from(system)] += ridge
    factor = cho_factor(system, check_finite=False, overwrite_a=True)
    inner = cho_solve(factor, bent @ gradient, check_finite=False)
    return np.asarray((gradient - bent.T @ inner) / ridge)


class PairwiseLogistic(RankerMixin, BaseEstimator):
    """Logistic Bradley-Terry model on the columns of a table.

    Parameters
    ----------
    prior_variance : float, default=0.03
        Prior variance of a weight, on columns scaled to unit spread inside sets.
    clip : float, default=4.0
        Scaled values beyond this are pulled in.
    allow_missing_set_id : bool, default=False
        Treat all rows as one set when `set_id` is not given, instead of raising.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features_in_,)
        Weights of the scaled columns.
    """

    __metadata_request__fit = {"set_id": True}  # noqa: RUF012

    def __init__(
        self, prior_variance: float = 0.03, clip: float = 4.0, allow_missing_set_id: bool = False
    ) -> None:
        self.prior_variance = prior_variance
        self.clip = clip
        self.allow_missing_set_id = allow_missing_set_id

    def __sklearn_tags__(self) -> Tags:
        """Declare that labels are needed and that NaN is allowed."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = True
        return tags

    def fit(
        self,
        X: Features,
        y: ArrayLike,
        set_id: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> PairwiseLogistic:
        """Fit the weights.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features, NaN where missing.
        y : array-like of shape (n_rows,)
            Grades; the higher, the better.
        set_id : array-like of shape (n_rows,)
            The set of each row.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row.

        Returns
        -------
        PairwiseLogistic

        Raises
        ------
        ValueError
            If `set_id` is missing (unless that was allowed), or a length is wrong.

        Warns
        -----
        UserWarning
            If fewer than three sets have labels that differ: scores then mean nothing for others.
        """
        rows, labels = validate_data(
            self, as_frame(X), y, ensure_all_finite="allow-nan", dtype=np.float64,
            ensure_min_samples=2,
        )  # fmt: skip
        sets = index_sets(check_set_id(set_id, len(rows), self.allow_missing_set_id))
        weight = check_sample_weight(sample_weight, rows)
        graded = to_grades(labels, sets)
        warn_of_few_choices(graded, sets)
        return self.fit_checked(rows, graded, sets, weight)

    @classmethod
    def from_weights(
        cls, scaler: WithinSetScaler, coef: Floats, prior_variance: float = 0.03
    ) -> PairwiseLogistic:
        """Return a fitted model from a scaler and the weights of the scaled columns.

        Parameters
        ----------
        scaler : WithinSetScaler
            Fitted.
        coef : ndarray of shape (n_columns,)
            Weights of the scaled columns.
        prior_variance : float, default=0.03
            With which they were fitted.

        Returns
        -------
        PairwiseLogistic
        """
        model = cls(prior_variance, scaler.clip)
        model.scaler_, model.coef_ = scaler, coef
        return model

    def fit_checked(
        self, X: Floats, graded: Grades, sets: Sets, weight: Floats | None = None
    ) -> PairwiseLogistic:
        """Fit on arrays that are known to be sound; see `fit`.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Features, NaN where missing.
        graded : ndarray of shape (n_rows,)
            Relevance grades.
        sets : Sets
            The grouping of the rows.
        weight : ndarray of shape (n_rows,), optional
            Weight of each row.

        Returns
        -------
        PairwiseLogistic
        """
        self.scaler_ = WithinSetScaler(self.clip).fit(X, sets, weight)
        better, worse = winning_pairs(graded, sets)
        differences = pair_differences(self.scaler_.transform(X), better, worse)
        pairs = pair_weights(better, worse, sets, weight)
        self.coef_ = fit_weights(differences, pairs, self.prior_variance)
        return self

    def predict(self, X: Features) -> Floats:
        """Return a score for each row, in logits of winning against a row of score 0.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        check_is_fitted(self)
        return row_sums(self.contributions(check_features(self, X, None)))

    def contributions(self, X: Floats) -> Floats:
        """Return the contribution of each column to each row's score.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Features.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            Each row sums to its score.
        """
        return np.asarray(self.scaler_.transform(X) * self.coef_)


def row_sums(values: Floats) -> Floats:
    """Return the sum of each row, the same whatever rows stand beside it.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        Numbers.

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    return np.asarray(np.ascontiguousarray(values).sum(axis=1))
