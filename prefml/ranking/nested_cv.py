"""Select hyperparameters by nested cross-validation, and calibrate on its out-of-fold scores.

Each candidate config is fitted without every inner fold in turn, from a linear init that is itself
cross-fitted, and is tested on the fold. A config that falls clearly behind leaves the race early.

References
----------
O. Maron, A. W. Moore, "Hoeffding races: accelerating model selection search for classification and
function approximation", NIPS 1993 (racing); L. Breiman et al., "Classification and regression
trees", 1984, section 3.4.3 (the one-standard-error rule, of which the rule here is a stricter
form).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import getitem

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Floats, Ints, Labels
from prefml.ranking.boosted import BoostedScore, BoostingConfig
from prefml.ranking.calibration import WinCalibrator
from prefml.ranking.cross_fitting import CrossFittedInit
from prefml.ranking.linear_init import grouped_folds, held_out_losses
from prefml.ranking.near_duplicates import hash_bits
from prefml.ranking.table import Table, take
from prefml.ranking.tree_backend import in_threads, runs_in_threads
from prefml.ranking.validation import (
    check_column,
    check_of_sets,
    check_sample_weight,
    to_grades,
)
from prefml.sets import content_order, index_sets

__all__ = ["ModelSelection", "calibrate", "sort_by_set"]


# Standard errors by which an alternative must beat the first: one in twenty passes by chance.
_SELECTION_Z = 1.64
# Standard errors behind the leader at which a config is tried on no more folds: one in two hundred.
_RACING_Z = 2.58
# Sets after which they are compared for the first time.
_FIRST_RACE_SETS = 1000
# Sets, about, from which the scale of a fold's model is found.
_SCALING_SETS = 4000


def sort_by_set(
    X: Floats,
    y: ArrayLike,
    set_id: Labels,
    groups: ArrayLike | None,
    weight: ArrayLike | None,
    item_order: str,
    cluster_id: ArrayLike | None = None,
    calibration_weight: ArrayLike | None = None,
    hashes: ArrayLike | None = None,
    gather: Callable[[Floats, Ints], Floats] = getitem,
) -> tuple[Table, Ints]:
    """Sort rows so that sets are contiguous.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Features.
    y, set_id, groups, weight : array-like of shape (n_rows,)
        Labels, sets, and, if not None, projects and weights.
    item_order : {"content", "given"}
        See `SetRanker`.
    cluster_id, calibration_weight, hashes : array-like of shape (n_rows,), optional
        See `SetRanker.fit`. Where there are not several projects, clusters stay together instead,
        and hashes do not count.
    gather : callable, optional
        `X` and an order of its rows -> the features of the sorted rows; those of `X` by default.

    Returns
    -------
    table : Table
        The sorted rows.
    order : ndarray of shape (n_rows,)
        Position in `X` of each of them.
    """
    sets = index_sets(set_id, len(X))
    graded = to_grades(y, sets)
    weights = check_sample_weight(weight, X)
    cluster = check_of_sets(cluster_id, sets, "cluster_id")
    calibrating = check_sample_weight(calibration_weight, X)
    check_of_sets(calibrating, sets, "calibration_weight")
    together = sets.codes if cluster is None else index_sets(cluster).codes
    bits = None if hashes is None else hash_bits(check_column(hashes, len(X), "hashes"))
    several = False
    if groups is not None:
        projects = index_sets(check_column(groups, len(X), "groups")).codes
        several = bool(projects.any())
        together = projects if several else together
    order = sets.order
    if item_order == "content":
        order, _ = content_order(X, sets, graded, *([] if weights is None else [weights]))
    table = Table(
        X=gather(X, order),
        grades=graded[order],
        sets=index_sets(sets.codes[order]),
        groups=index_sets(together[order]).codes,
        weight=None if weights is None else weights[order],
        cluster=None if cluster is None else index_sets(cluster[order]).codes,
        calibration_weight=None if calibrating is None else calibrating[order],
        hashes=bits[order] if several and bits is not None else None,
    )
    return table, order


class ModelSelection:
    """Nested cross-validation of several configs, and the one that was selected.

    Parameters
    ----------
    configs : sequence of BoostingConfig
        The first is selected unless another is clearly better.
    table : Table
        Training rows.
    n_folds : int
        Inner folds.
    n_jobs : int or None
        Threads.

    Attributes
    ----------
    best_ : int
        Number of the config that was selected.
    out_of_fold_ : ndarray of shape (n_rows,) or None
        Its out-of-fold scores; None where there is only one set.
        After `fit` on the scale of the model of all rows.
    fold_models_ : list of BoostedScore
        The models of the selected config that they came from, one for each fold; empty where no
        fold was held out.
    fold_scales_ : list of float
        The factor, from `fit` on, that brings the scores of each of them to that scale.
    """

    def __init__(
        self, configs: Sequence[BoostingConfig], table: Table, n_folds: int, n_jobs: int | None
    ) -> None:
        self.configs = configs
        self.table = table
        self.n_jobs = n_jobs
        self.folds = grouped_folds(table.groups, table.sets, n_folds, table.hashes)
        self._inits = [self._init_of(config) for config in configs]
        self.best_: int = 0
        self.out_of_fold_: Floats | None = None
        self.fold_models_: list[BoostedScore] = []
        self.fold_scales_: list[float] = []
        self._fitted: dict[tuple[int, int], BoostedScore] = {}

    def _init_of(self, config: BoostingConfig) -> CrossFittedInit | None:
        if not config.linear:
            return None
        return CrossFittedInit(config.linear, self.table, self.folds, n_jobs=self.n_jobs)

    def select(self) -> ModelSelection:
        """Select a config; one that is clearly behind after the first folds is tried on no more.

        Returns
        -------
        ModelSelection
        """
        if not self.folds:
            return self
        for init in self._inits:
            if init is not None:
                init.prepare()
        racing = list(range(len(self.configs)))
        scores = np.zeros((len(racing), len(self.table.X)))
        last = len(self.folds)
        first = self._first_race_folds() if len(racing) > 1 else 0
        for begin, end in ((0, first), (first, last)):
            self._fill_scores(scores, racing, range(begin, end))
            if len(racing) > 1 and begin < end < last:
                racing = self._racing_survivors(scores, racing, end)
        losses, cluster = self._losses(scores[racing], last)
        self.best_ = racing[_select_best(losses, cluster)]
        self.out_of_fold_ = scores[self.best_]
        self.fold_models_ = [self._fitted[self.best_, fold] for fold in range(last)]
        self._fitted.clear()
        return self

    def challenge(self, config: BoostingConfig) -> bool:
        """Try one more config against the selected one, and select it if it is clearly better.

        Its lead must be clear from one set to the next and from one group to the next: what helps
        in one project and does not in another is no lead.

        Parameters
        ----------
        config : BoostingConfig
            After `select`.

        Returns
        -------
        bool
            Whether it is selected.
        """
        if self.out_of_fold_ is None:
            return False
        number, last = len(self.configs), len(self.folds)
        self.configs = [*self.configs, config]
        self._inits.append(self._init_of(config))
        if (init := self._inits[number]) is not None:
            init.prepare()
        scores = np.zeros((number + 1, len(self.table.X)))
        scores[0] = self.out_of_fold_
        self._fill_scores(scores, [number], range(last))
        (before, after), cluster = self._losses(scores[[0, number]], last)
        # The folds' tests are all rows, in rising order, as `_losses` has them.
        groups = self.table.groups[self.table.sets.order[self.table.sets.starts]]
        gap = before - after
        margin = max(_standard_errors(gap, _SELECTION_Z, one) for one in (cluster, groups))
        better = bool(gap.mean() > margin)
        if better:
            self.best_, self.out_of_fold_ = number, scores[number]
            self.fold_models_ = [self._fitted[number, fold] for fold in range(last)]
        self._fitted.clear()
        return better

    def _first_race_folds(self) -> int:
        """Return the number of folds that hold enough sets for a first comparison."""
        sets = [len(np.unique(self.table.sets.codes[test])) for _, test in self.folds]
        return min(int(np.searchsorted(np.cumsum(sets), _FIRST_RACE_SETS)) + 1, len(self.folds))

    def _fill_scores(self, scores: Floats, racing: Sequence[int], folds: Sequence[int]) -> None:
        """Fill in the scores of the folds' rows, each from a model that was fitted without them."""
        tasks = [(number, fold) for number in reversed(racing) for fold in folds]
        fitted = in_threads(self._fit_fold, tasks, self.n_jobs)
        for (number, fold), model in zip(tasks, fitted, strict=True):
            test = self.folds[fold][1]
            scores[number, test] = model.predict(self.table.X[test])
            self._fitted[number, fold] = model

    def _fit_fold(self, task: tuple[int, int]) -> BoostedScore:
        """Fit without a fold, one bag, for an average over bags is only a little less noisy."""
        number, fold = task
        train, _ = self.folds[fold]
        init = self._inits[number]
        config = replace(self.configs[number], n_bags=1, callbacks=())
        if runs_in_threads(self.n_jobs):
            config = replace(config, settings={**config.settings, "n_jobs": 1})
        rest = take(self.table, train)
        linear = None if init is None else init.init_without(fold, rest)
        return BoostedScore(config).fit(rest, linear)

    def _losses(self, scores: Floats, n_folds: int) -> tuple[list[Floats], Ints]:
        """Return, for each config, the log loss of each set of the first folds; and their clusters.

        Sets come in the order of both.
        """
        rows = np.sort(np.concatenate([test for _, test in self.folds[:n_folds]]))
        part = take(self.table, rows)
        losses = [held_out_losses(own[rows], part.grades, part.sets, part.weight) for own in scores]
        return losses, part.cluster_of_sets()

    def _racing_survivors(self, scores: Floats, racing: list[int], n_folds: int) -> list[int]:
        """Return the configs that are not clearly behind the leader after the first folds."""
        losses, cluster = self._losses(scores[racing], n_folds)
        leader = losses[int(np.argmin([loss.mean() for loss in losses]))]
        kept = zip(racing, losses, strict=True)
        return [
            number
            for number, loss in kept
            if (loss - leader).mean() <= _standard_errors(loss - leader, _RACING_Z, cluster)
        ]

    def fit(self, validation: Table | None = None) -> BoostedScore:
        """Fit the selected config on all rows.

        A model of some of the rows may shrink its scores more than that of all rows does. A
        temperature, and a threshold, that are found out of fold hold for the model of all rows if
        its scores spread like theirs; that is made so on the rows that both were fitted on.

        Parameters
        ----------
        validation : Table, optional
            Rows for LightGBM's early stopping.

        Returns
        -------
        BoostedScore
        """
        init = self._inits[self.best_]
        linear = None if init is None else init.init_for_all()
        score = BoostedScore(self.configs[self.best_]).fit(self.table, linear, validation)
        if self.out_of_fold_ is not None:
            self.fold_scales_ = self._scales_of_folds(score.predict(self.table.X))
            for (_, test), scale in zip(self.folds, self.fold_scales_, strict=True):
                self.out_of_fold_[test] *= scale
        return score

    def _scales_of_folds(self, scores: Floats) -> list[float]:
        """Return by how much these scores spread more than those of each fold's model."""
        scales = []
        for (rows, _), model in zip(self.folds, self.fold_models_, strict=True):
            # Some sets, evenly from all: a ratio of spreads needs no more.
            codes = np.unique(self.table.sets.codes[rows])
            some = codes[:: max(1, len(codes) // _SCALING_SETS)]
            train = rows[np.isin(self.table.sets.codes[rows], some)]
            sets = index_sets(self.table.sets.codes[train])
            own = sets.spread(model.predict(self.table.X[train]))
            whole = sets.spread(scores[train])
            scales.append(whole / own if own > 0 and whole > 0 else 1.0)
        return scales


def _standard_errors(gap: Floats, times: float, cluster: Ints) -> float:
    """Return so many standard errors of the mean gap, which resembles itself inside clusters."""
    totals = np.bincount(np.unique(cluster, return_inverse=True)[1], gap - gap.mean())
    return times * float(np.sqrt((totals**2).sum())) / len(gap)


def _select_best(losses: Sequence[Floats], cluster: Ints) -> int:
    """Return the config furthest ahead of the first by more than its margin, else the first."""
    ahead = [losses[0] - other for other in losses]
    clear = [
        gap.mean() if gap.mean() > _standard_errors(gap, _SELECTION_Z, cluster) else 0.0
        for gap in ahead
    ]
    return int(np.argmax(clear))


def calibrate(table: Table, out_of_fold: Floats) -> WinCalibrator:
    """Fit a calibrator on out-of-fold scores.

    Parameters
    ----------
    table : Table
        The rows.
    out_of_fold : ndarray of shape (n_rows,)
        Their out-of-fold scores.

    Returns
    -------
    WinCalibrator
    """
    return WinCalibrator().fit(
        out_of_fold,
        table.grades,
        table.sets,
        table.calibration_weight,
        table.groups,
        table.cluster,
    )
