"""LambdaRank trees, boosted from zero or from a linear init score, averaged over bags.

Small neural nets may take part in the mean of the linear scores; trees may be left out.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypedDict

import numpy as np
from sklearn.utils import gen_batches

from prefml._typing import Floats, Ints
from prefml.ranking.blocks import ROWS_AT_ONCE, columns_starting_with, take_columns
from prefml.ranking.linear_init import LinearInit
from prefml.ranking.pairwise_net import PairwiseNet, fit_nets
from prefml.ranking.table import Table
from prefml.ranking.tree_backend import FittedTrees, Settings, TreeData, fit_trees

if TYPE_CHECKING:
    from lightgbm.callback import CallbackEnv

__all__ = [
    "ALTERABLE",
    "BoostedScore",
    "BoostingConfig",
    "BoostingParams",
    "different_configs",
    "make_config",
]

Callback: TypeAlias = "Callable[[CallbackEnv], None]"


class BoostingParams(TypedDict):
    """Hyperparameters of `SetRanker` that make a `BoostingConfig`; it says what they mean."""

    objective: str
    n_estimators: int
    learning_rate: float
    num_leaves: int
    min_child_samples: int
    reg_lambda: float
    colsample_bytree: float
    subsample: float
    subsample_freq: int
    random_state: int | None
    n_jobs: int
    lgbm_params: Settings | None
    monotone: Mapping[str, int] | None
    linear: Sequence[Sequence[str]] | None
    trees: Sequence[str] | None
    net: Sequence[str] | None
    optional: Sequence[str] | None
    n_bags: int
    callbacks: Sequence[Callback] | None


@dataclass(frozen=True)
class BoostingConfig:
    """Settings of a `BoostedScore`, for certain columns.

    Attributes
    ----------
    settings : mapping
        Parameters of `lightgbm.LGBMRanker`.
    linear : tuple of ndarray of int
        Columns of each linear score to start from; empty: trees start from zero.
    trees : ndarray of int
        Columns the trees see.
    n_bags : int
        Rankers, and nets, to average, each with its own seed.
    callbacks : sequence of callable
        LightGBM callbacks.
    net : ndarray of int
        Columns that the nets see; none: there are no nets.
    """

    settings: Settings
    linear: tuple[Ints, ...]
    trees: Ints
    n_bags: int = 1
    callbacks: Sequence[Callback] = field(default_factory=tuple)
    net: Ints = field(default_factory=lambda: np.empty(0, np.intp))


# Hyperparameters that LightGBM is given as they are.
_SETTINGS = (
    "objective", "n_estimators", "learning_rate", "num_leaves", "min_child_samples", "reg_lambda",
    "colsample_bytree", "subsample", "subsample_freq",
)  # fmt: skip
ALTERABLE = frozenset(_SETTINGS) | {
    "lgbm_params", "monotone", "linear", "trees", "net", "n_bags",
}  # fmt: skip


def make_config(
    params: BoostingParams, columns: Sequence[str], also: Ints | None = None
) -> BoostingConfig:
    """Turn the hyperparameters of a `SetRanker` into a config for certain columns.

    Parameters
    ----------
    params : BoostingParams
        Its hyperparameters; others are ignored.
    columns : sequence of str
        Names of the columns that the parameters' prefixes refer to.
    also : ndarray of int, optional
        Columns that every linear score, the trees and the nets see, too. By default the optional
        ones are seen by none.

    Returns
    -------
    BoostingConfig
    """
    optional = columns_starting_with(columns, params["optional"] or ())

    def seen(prefixes: Sequence[str]) -> Ints:
        found = np.setdiff1d(columns_starting_with(columns, prefixes), optional)
        return found if also is None or not len(found) else np.union1d(found, also)

    trees = seen(("",) if params["trees"] is None else params["trees"])
    linear = [seen(prefixes) for prefixes in params["linear"] or ()]
    passed_on = {*_SETTINGS, "random_state", "n_jobs"}
    settings = {name: value for name, value in params.items() if name in passed_on}
    settings |= {"verbose": -1, "deterministic": True, "force_row_wise": True}
    if params["monotone"]:
        signs = list(params["monotone"].items())
        settings["monotone_constraints"] = [
            next((sign for prefix, sign in signs if columns[i].startswith(prefix)), 0)
            for i in trees.tolist()
        ]
    return BoostingConfig(
        settings=settings | dict(params["lgbm_params"] or {}),
        linear=tuple(chosen for chosen in linear if len(chosen)),
        trees=trees,
        n_bags=params["n_bags"],
        callbacks=tuple(params["callbacks"] or ()),
        net=seen(params["net"] or ()),
    )


def different_configs(configs: Sequence[BoostingConfig], X: Floats) -> list[int]:
    """Return the configs that can learn something else than each one before.

    Parameters
    ----------
    configs : sequence of BoostingConfig
        Any number.
    X : ndarray of shape (n_rows, n_columns)
        The rows to learn from. Columns in which nothing is known, or all is alike, teach nothing.

    Returns
    -------
    list of int
        Their numbers; of configs that are alike on these rows the first.
    """
    with np.errstate(invalid="ignore"):
        # NaN counts for nothing in either, and gives the bare ends where nothing is known.
        least, most = np.fmin.reduce(X, initial=np.inf), np.fmax.reduce(X, initial=-np.inf)
    varies = least < most
    first: dict[str, int] = {}
    for number, config in enumerate(configs):
        linear = [own[varies[own]].tolist() for own in config.linear]
        trees, net = (own[varies[own]].tolist() for own in (config.trees, config.net))
        settings = sorted((name, repr(value)) for name, value in config.settings.items())
        first.setdefault(repr((settings, linear, trees, net, config.n_bags)), number)
    return list(first.values())


class BoostedScore:
    """A linear init plus the mean of bagged LambdaRank models that were boosted from it.

    Nets stand beside the linear scores: the mean is over these and the score of the nets, which
    counts as one.

    Parameters
    ----------
    config : BoostingConfig
        Its settings.

    Attributes
    ----------
    linear_ : LinearInit or None
        The linear init; None where trees start from zero.
    rankers_ : list of FittedTrees
        One for each bag; empty without trees.
    net_ : PairwiseNet or None
        The nets; None without any.

    References
    ----------
    C. Burges, "From RankNet to LambdaRank to LambdaMART", MSR-TR-2010-82; G. Ke et al.,
    "LightGBM: a highly efficient gradient boosting decision tree", NeurIPS 2017.
    """

    def __init__(self, config: BoostingConfig) -> None:
        self.config = config

    def fit(
        self, table: Table, linear: LinearInit | None = None, validation: Table | None = None
    ) -> BoostedScore:
        """Boost trees from the out-of-fold scores of the linear init.

        Parameters
        ----------
        table : Table
            Training rows.
        linear : LinearInit, optional
            Fitted on these rows; trees start from zero without one.
        validation : Table, optional
            Rows for LightGBM's early stopping.

        Returns
        -------
        BoostedScore
        """
        self.linear_ = linear
        self.net_: PairwiseNet | None = None
        if len(self.config.net):
            seed = self.config.settings.get("random_state") or 0
            self.net_ = fit_nets(table, self.config.net, self.config.n_bags, seed)
        bags = range(self.config.n_bags if self.config.settings.get("n_estimators", 1) else 0)
        self.rankers_ = [self._fit_trees(table, validation, bag) for bag in bags]
        return self

    def _fit_trees(self, table: Table, validation: Table | None, bag: int) -> FittedTrees:
        settings = dict(self.config.settings)
        eval_at = settings.pop("eval_at", None)
        if bag:
            settings["random_state"] = (settings.get("random_state") or 0) + 1009 * bag
        init_score = None if self.linear_ is None else self.linear_.out_of_fold_
        part = take_columns(table.X, self.config.trees)
        rows = TreeData(part, table.grades, table.sets.sizes, table.weight, init_score)
        options: dict[str, object] = {}
        if validation is not None:
            options = self._validation_options(validation)
            if eval_at is not None:
                options["eval_at"] = eval_at
        if self.config.callbacks:
            options["callbacks"] = copy.deepcopy(list(self.config.callbacks))
        return fit_trees(settings, rows, options)

    def _validation_options(self, table: Table) -> dict[str, object]:
        init_score = None if self.linear_ is None else [self.linear_.predict(table.X)]
        return {
            "eval_set": [(table.X[:, self.config.trees], table.grades)],
            "eval_group": [table.sets.sizes],
            "eval_init_score": init_score,
        }

    def predict(self, X: Floats) -> Floats:
        """Return the score of each row.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Features.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        total = np.zeros(len(X))
        for rows in gen_batches(len(X), ROWS_AT_ONCE):
            if self.linear_ is not None:
                total[rows] = (1 - self._share_of_nets) * self.linear_.predict(X[rows])
            if self.net_ is not None:
                seen = take_columns(X[rows], self.config.net)
                total[rows] += self._share_of_nets * self.net_.predict(seen)
            if self.rankers_:
                total[rows] += self._mean_over_bags(X[rows])
        return total

    @property
    def _share_of_nets(self) -> float:
        """Share in the mean over the linear scores and that of the nets."""
        return 0.0 if self.net_ is None else 1 / (1 + len(self.config.linear))

    def _mean_over_bags(self, X: Floats, pred_contrib: bool = False) -> Floats:
        part = np.ascontiguousarray(X[:, self.config.trees])
        outputs = [
            ranker.booster_.predict(
                part,
                num_iteration=ranker.best_iteration_ or -1,
                num_threads=1,
                validate_features=False,
                pred_contrib=pred_contrib,
            )
            for ranker in self.rankers_
        ]
        return np.asarray(np.mean(outputs, axis=0) if len(outputs) > 1 else outputs[0])

    def contributions(self, X: Floats) -> Floats:
        """Return what each column adds to each row's score, and the constant in the last column.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Features.

        Returns
        -------
        ndarray of shape (n_rows, n_columns + 1)
            Each row sums to its score.

        References
        ----------
        S. Lundberg et al., "From local explanations to global understanding with explainable AI
        for trees", Nature Machine Intelligence 2, 2020 (the trees' part).
        """
        total = np.zeros((X.shape[0], X.shape[1] + 1))
        if self.rankers_:
            found = self._mean_over_bags(X, pred_contrib=True)
            total[:, self.config.trees] += found[:, :-1]
            total[:, -1] = found[:, -1]
        if self.linear_ is not None:
            total[:, :-1] += (1 - self._share_of_nets) * self.linear_.contributions(X)
        if self.net_ is not None:
            own = self.net_.contributions(take_columns(X, self.config.net))
            total[:, self.config.net] += self._share_of_nets * own
        return total
