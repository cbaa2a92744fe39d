"""Cross-fit the linear init for all rows, and for the rows outside each fold, from shared fits.

Trees that are tested on one fold are boosted from linear scores of the others that are themselves
out of fold: nested cross-validation. A fit without two folds serves both: it scores the rows of
either for the trees that are tested on the other. With five folds that makes sixteen fits instead
of thirty-six.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from prefml._typing import Floats, Ints
from prefml.ranking.blocks import take_columns
from prefml.ranking.evidence import FEW_SETS, fit_averaged
from prefml.ranking.linear_init import Fold, LinearInit, argmin_loss, grouped_folds
from prefml.ranking.pairwise import (
    PairwiseLogistic,
    fit_weights,
    pair_differences,
    pair_weights,
)
from prefml.ranking.scaler import WithinSetScaler
from prefml.ranking.table import Table, count_choices, take
from prefml.ranking.tree_backend import in_threads
from prefml.sets import winning_pairs

__all__ = ["PRIOR_VARIANCES", "CrossFittedInit"]

# Numbers of the folds that a fit does without, none, one or two, in rising order.
LeftOut = tuple[int, ...]

# Prior variances tried, the most shrinkage first. A wider choice is made differently from one set
# of projects to the next, and the scale of the scores with it.
PRIOR_VARIANCES = (3e-3, 1e-2, 3e-2)


@dataclass(frozen=True)
class _RegularizationPath:
    """Fits of the same rows, one for each prior variance, in the order of `prior_variances`.

    With few sets there is one, an average.
    """

    prior_variances: Sequence[float]
    scaler: WithinSetScaler
    weights: Floats

    def scores(self, X: Floats) -> Floats:
        """Return the scores of each fit, shape (n_variances, n_rows)."""
        return np.asarray((self.scaler.transform(X) @ self.weights.T).T)

    def model(self, number: int) -> PairwiseLogistic:
        """Return one of the fits."""
        return PairwiseLogistic.from_weights(
            self.scaler, self.weights[number], self.prior_variances[number]
        )


class CrossFittedInit:
    """Cross-fitted linear inits on given columns, as inner folds need them.

    Parameters
    ----------
    columns : sequence of ndarray of int
        Columns of each score; the init is the mean of the scores.
    table : Table
        All rows.
    folds : sequence of (train, test)
        The inner folds; each row is in one test part.
    prior_variances : sequence of float, optional
        Values of the hyperparameter to try; the one with the least out-of-fold log loss is taken.
        By default `PRIOR_VARIANCES`, and with few sets an average, see `prefml.ranking.evidence`.
    n_jobs : int or None
        Threads.

    References
    ----------
    V. Chernozhukov et al., "Double/debiased machine learning for treatment and structural
    parameters", The Econometrics Journal 21, 2018 (cross-fitting).
    """

    def __init__(
        self,
        columns: Sequence[Ints],
        table: Table,
        folds: Sequence[Fold],
        prior_variances: Sequence[float] | None = None,
        n_jobs: int | None = 1,
    ) -> None:
        self.columns = columns
        self.table = table
        self.folds = folds
        self.prior_variances = prior_variances
        # The same in all folds, so that their scores are of one kind.
        self._averages = prior_variances is None and count_choices(table) < FEW_SETS
        self.n_jobs = n_jobs
        self._paths: dict[LeftOut, list[_RegularizationPath]] = {}

    def init_for_all(self) -> LinearInit:
        """Fit the init of all rows.

        Returns
        -------
        LinearInit
            Without folds, the scores of the fit itself stand in for those out of fold.
        """
        self._fit_missing(self._single_folds)
        if self.folds:
            return self._init((), self.table)
        init = LinearInit(self.columns, [path.model(0) for path in self._paths[()]])
        init.out_of_fold_ = init.predict(self.table.X)
        return init

    def init_without(self, fold: int, rest: Table) -> LinearInit:
        """Return the init of the rows outside a fold, from what `prepare` fitted.

        Parameters
        ----------
        fold : int
            Number of the fold.
        rest : Table
            Its training rows.

        Returns
        -------
        LinearInit
            Its out-of-fold scores are in the order of the fold's training rows.
        """
        if self._too_few_folds:
            inner = grouped_folds(rest.groups, rest.sets, len(self.folds), rest.hashes)
            return CrossFittedInit(self.columns, rest, inner, self.prior_variances).init_for_all()
        return self._init((fold,), rest)

    def prepare(self) -> None:
        """Fit, in threads, everything that `init_without` needs, and `init_for_all`."""
        pairs = [] if self._too_few_folds else combinations(range(len(self.folds)), 2)
        self._fit_missing([*self._single_folds, *pairs])

    @property
    def _single_folds(self) -> list[LeftOut]:
        return [(), *((fold,) for fold in range(len(self.folds)))]

    @property
    def _too_few_folds(self) -> bool:
        """Tell whether nothing is left without two folds, so that one's rows are split anew."""
        return len(self.folds) < 3

    def _fit_missing(self, wanted: Iterable[LeftOut]) -> None:
        missing = [left for left in wanted if left not in self._paths]
        found = in_threads(self._fit_paths, missing, self.n_jobs)
        self._paths.update(zip(missing, found, strict=True))

    def _init(self, left: LeftOut, part: Table) -> LinearInit:
        """Choose the prior variances on the rows that are left, from fits without one more fold."""
        rows = self._remaining_rows(left)
        total, models, paths = np.zeros(len(rows)), [], self._paths[left]
        for number, path in enumerate(paths):
            held_out = self._out_of_fold(number, left)[:, rows]
            best = argmin_loss(held_out, part.grades, part.sets, part.weight)
            total += held_out[best] / len(paths)
            models.append(path.model(best))
        return LinearInit(self.columns, models, total)

    def _out_of_fold(self, number: int, left: LeftOut) -> Floats:
        scores = np.zeros((len(self._paths[left][number].weights), len(self.table.X)))
        for fold, (_, test) in enumerate(self.folds):
            if fold not in left:
                path = self._paths[tuple(sorted((*left, fold)))][number]
                scores[:, test] = path.scores(self.table.X[np.ix_(test, self.columns[number])])
        return scores

    def _remaining_rows(self, left: LeftOut) -> Ints:
        kept = np.ones(len(self.table.X), bool)
        for fold in left:
            trained = np.zeros(len(self.table.X), bool)
            trained[self.folds[fold][0]] = True
            kept &= trained
        return np.flatnonzero(kept)

    def _fit_paths(self, left: LeftOut) -> list[_RegularizationPath]:
        """Fit a path on the columns of each score, each prior variance from the one before."""
        used = np.unique(np.concatenate(self.columns))
        part = take(self.table, self._remaining_rows(left), used)
        better, worse = winning_pairs(part.grades, part.sets)
        pairs = pair_weights(better, worse, part.sets, part.weight)
        scaler = WithinSetScaler().fit(part.X, part.sets, part.weight)
        differences = pair_differences(scaler.transform(part.X), better, worse)
        paths = []
        for columns in self.columns:
            own = np.searchsorted(used, columns)
            variances, weights = self._fit_path(take_columns(differences, own), pairs)
            paths.append(_RegularizationPath(variances, scaler.subset(own), weights))
        return paths

    def _fit_path(self, differences: Floats, pairs: Floats) -> tuple[Sequence[float], Floats]:
        """Return prior variances, and the weights that are fitted with each."""
        if self._averages:
            averaged, variance = fit_averaged(differences, pairs)
            return (variance,), averaged[None]
        variances, weights = self.prior_variances or PRIOR_VARIANCES, []
        found = np.zeros(differences.shape[1])
        for prior_variance in variances:
            found = fit_weights(differences, pairs, prior_variance, found)
            weights.append(found)
        return variances, np.array(weights)
