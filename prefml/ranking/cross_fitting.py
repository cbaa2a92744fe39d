"""Linear starts for all rows, and for the rows outside each fold, from fits that they share.

Trees that are to be judged on one fold grow from a linear score of the others that is itself out of
fold. A fit without two folds serves both: it scores the rows of either for the trees that are
judged on the other. With five folds that makes sixteen fits instead of thirty-six.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from prefml._typing import Floats, Ints
from prefml.ranking.blocks import side_by_side
from prefml.ranking.linear_init import Fold, LinearInit, grouped_folds, least_loss
from prefml.ranking.pairwise import PairwiseLogistic, WithinSetScaler, fit_weights, pair_weights
from prefml.ranking.table import Table, take
from prefml.ranking.tree_backend import in_threads
from prefml.sets import winning_pairs

__all__ = ["STRENGTHS", "CrossFittedInit"]

Left = tuple[int, ...]

# Prior variances tried, the most cautious first. A wider choice is made differently from one set of
# projects to the next, and the scale of the scores with it.
STRENGTHS = (3e-3, 1e-2, 3e-2)


@dataclass(frozen=True)
class _Path:
    """Fits of the same rows, one for each strength."""

    strengths: Sequence[float]
    scaler: WithinSetScaler
    weights: Floats

    def scores(self, X: Floats) -> Floats:
        return np.asarray((self.scaler.transform(X) @ self.weights.T).T)

    def model(self, number: int) -> PairwiseLogistic:
        return PairwiseLogistic.of(self.scaler, self.weights[number], self.strengths[number])


class CrossFittedInit:
    """Linear starts on given columns, as inner folds need them.

    Parameters
    ----------
    columns : sequence of ndarray of int
        Columns of each score; the start is the mean of the scores.
    table : Table
        All rows.
    folds : sequence of (train, test)
        The inner folds; their test rows share out all rows.
    strengths : sequence of float
        Prior variances to try; the one with the least out-of-fold log loss is taken.
    n_jobs : int or None
        Threads.
    """

    def __init__(
        self,
        columns: Sequence[Ints],
        table: Table,
        folds: Sequence[Fold],
        strengths: Sequence[float] = STRENGTHS,
        n_jobs: int | None = 1,
    ) -> None:
        self.columns = columns
        self.table = table
        self.folds = folds
        self.strengths = strengths
        self.n_jobs = n_jobs
        self._paths: dict[Left, list[_Path]] = {}

    def whole(self) -> LinearInit:
        """Return the start of all rows.

        Returns
        -------
        LinearInit
            Without folds, the scores of the fit itself stand in for those out of fold.
        """
        self._prepare(self._alone)
        if self.folds:
            return self._init((), self.table)
        start = LinearInit(self.columns, [path.model(0) for path in self._paths[()]])
        start.out_of_fold_ = start.predict(self.table.X)
        return start

    def without(self, fold: int, rest: Table) -> LinearInit:
        """Return the start of the rows outside a fold; `prepare` has been called.

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
        if self._too_few_to_share:
            inner = grouped_folds(rest.groups, rest.sets, len(self.folds))
            return CrossFittedInit(self.columns, rest, inner, self.strengths).whole()
        return self._init((fold,), rest)

    def prepare(self) -> None:
        """Fit, in threads, everything that `without` needs, and `whole`."""
        pairs = [] if self._too_few_to_share else combinations(range(len(self.folds)), 2)
        self._prepare([*self._alone, *pairs])

    @property
    def _alone(self) -> list[Left]:
        return [(), *((fold,) for fold in range(len(self.folds)))]

    @property
    def _too_few_to_share(self) -> bool:
        """Whether nothing is left without two folds, so that the rows of one are split anew."""
        return len(self.folds) < 3

    def _prepare(self, wanted: Iterable[Left]) -> None:
        missing = [left for left in wanted if left not in self._paths]
        found = in_threads(self._path_without, missing, self.n_jobs)
        self._paths.update(zip(missing, found, strict=True))

    def _init(self, left: Left, part: Table) -> LinearInit:
        """Put the start of the rows that are left together, from fits without one more fold."""
        rows = self._rows(left)
        total, models, paths = np.zeros(len(rows)), [], self._paths[left]
        for number, path in enumerate(paths):
            held_out = self._held_out(number, left)[:, rows]
            best = least_loss(held_out, part.grades, part.sets, part.weight)
            total += held_out[best] / len(paths)
            models.append(path.model(best))
        return LinearInit(self.columns, models, total)

    def _held_out(self, number: int, left: Left) -> Floats:
        scores = np.zeros((len(self.strengths), len(self.table.X)))
        for fold, (_, test) in enumerate(self.folds):
            if fold not in left:
                path = self._paths[tuple(sorted((*left, fold)))][number]
                scores[:, test] = path.scores(self.table.X[np.ix_(test, self.columns[number])])
        return scores

    def _rows(self, left: Left) -> Ints:
        kept = np.ones(len(self.table.X), bool)
        for fold in left:
            kept[self.folds[fold][1]] = False
        return np.flatnonzero(kept)

    def _path_without(self, left: Left) -> list[_Path]:
        """Fit every strength, each from the last, on the columns of each score."""
        part = take(self.table, self._rows(left))
        better, worse = winning_pairs(part.grades, part.sets)
        pairs = pair_weights(better, worse, part.sets, part.weight)
        used = np.unique(np.concatenate(self.columns))
        scaler = WithinSetScaler().fit(part.X[:, used], part.sets, part.weight)
        scaled = scaler.transform(part.X[:, used])
        differences = scaled[better] - scaled[worse]
        paths = []
        for columns in self.columns:
            own = np.searchsorted(used, columns)
            seen, weights = side_by_side(differences, own), [np.zeros(len(own))]
            for strength in self.strengths:
                weights.append(fit_weights(seen, pairs, strength, weights[-1]))
            paths.append(_Path(self.strengths, scaler.of(own), np.array(weights[1:])))
        return paths
