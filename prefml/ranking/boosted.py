"""LambdaRank trees, grown from zero or from a linear score, averaged over bags."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from lightgbm import LGBMRanker

from prefml._typing import Floats, Ints
from prefml.ranking.blocks import columns_starting_with
from prefml.ranking.linear_init import LinearInit
from prefml.ranking.table import Table
from prefml.ranking.tree_backend import TreeData, fit_trees

__all__ = ["ALTERABLE", "BoostedScore", "BoostingConfig", "make_config"]


@dataclass(frozen=True)
class BoostingConfig:
    """What `BoostedScore` is made of.

    Attributes
    ----------
    settings : mapping
        Parameters of `lightgbm.LGBMRanker`.
    linear : tuple of ndarray of int
        Columns of each linear score to start from; empty: trees start from zero.
    trees : ndarray of int
        Columns the trees see.
    n_bags : int
        Rankers to average, each with its own seed.
    callbacks : sequence of callable
        LightGBM callbacks.
    """

    settings: Mapping[str, Any]
    linear: tuple[Ints, ...]
    trees: Ints
    n_bags: int = 1
    callbacks: Sequence[Any] = field(default_factory=tuple)


# Parameters of `SetRanker` that make a `BoostingConfig`.
_SETTINGS = (
    "objective", "n_estimators", "learning_rate", "num_leaves", "min_child_samples", "reg_lambda",
    "colsample_bytree", "subsample", "subsample_freq",
)  # fmt: skip
ALTERABLE = frozenset(_SETTINGS) | {"lgbm_params", "monotone", "linear", "trees", "n_bags"}


def make_config(params: Mapping[str, Any], columns: Sequence[str]) -> BoostingConfig:
    """Turn the parameters of a `SetRanker` into a config for certain columns.

    Parameters
    ----------
    params : mapping
        Its parameters.
    columns : sequence of str
        Names of the columns that the parameters' prefixes refer to.

    Returns
    -------
    BoostingConfig
    """
    trees = np.arange(len(columns))
    if params["trees"] is not None:
        trees = columns_starting_with(columns, params["trees"])
    linear = [columns_starting_with(columns, prefixes) for prefixes in params["linear"] or ()]
    settings = {name: params[name] for name in (*_SETTINGS, "random_state", "n_jobs")}
    settings |= {"verbose": -1, "deterministic": True, "force_row_wise": True}
    if params["monotone"]:
        signs = [(prefix, sign) for prefix, sign in params["monotone"].items()]
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
    )


class BoostedScore:
    """A linear start plus the mean of bagged LambdaRank models that were grown from it.

    Parameters
    ----------
    config : BoostingConfig
        What it is made of.

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
        """Grow the trees on what the linear start leaves over.

        Parameters
        ----------
        table : Table
            TreeData to learn from.
        linear : LinearInit, optional
            The start, fitted on these rows; trees start from zero without one.
        validation : Table, optional
            TreeData for LightGBM's early stopping.

        Returns
        -------
        BoostedScore
        """
        self.linear_ = linear
        bags = range(self.config.n_bags)
        self.rankers_: list[Any] = [self._fit_trees(table, validation, bag) for bag in bags]
        return self

    def _fit_trees(self, table: Table, validation: Table | None, bag: int) -> LGBMRanker:
        settings = dict(self.config.settings)
        depths = settings.pop("eval_at", None)
        if bag:
            settings["random_state"] = (settings.get("random_state") or 0) + 1009 * bag
        init_score = None if self.linear_ is None else self.linear_.out_of_fold_
        part = table.X[:, self.config.trees]
        rows = TreeData(part, table.grades, table.sets.sizes, table.weight, init_score)
        options = self._validation(validation, depths)
        if self.config.callbacks:
            options["callbacks"] = copy.deepcopy(list(self.config.callbacks))
        return fit_trees(settings, rows, options)

    def _validation(self, table: Table | None, depths: Any) -> dict[str, Any]:
        if table is None:
            return {}
        init_score = None if self.linear_ is None else [self.linear_.predict(table.X)]
        return {
            "eval_set": [(table.X[:, self.config.trees], table.grades)],
            "eval_group": [table.sets.sizes],
            "eval_init_score": init_score,
            **({} if depths is None else {"eval_at": depths}),
        }

    def predict(self, X: Floats, n_trees: int | None = None) -> Floats:
        """Return the score of each row.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Features.
        n_trees : int, optional
            Use only the first trees of each bag.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        total = np.zeros(len(X)) if self.linear_ is None else self.linear_.predict(X)
        return np.asarray(total + self._tree_output(X, n_trees))

    def _tree_output(self, X: Floats, n_trees: int | None, **options: Any) -> Any:
        if n_trees == 0:
            return 0.0
        part = np.ascontiguousarray(X[:, self.config.trees])
        outputs = [
            ranker.booster_.predict(
                part,
                num_iteration=n_trees or ranker.best_iteration_ or -1,
                num_threads=1,
                validate_features=False,
                **options,
            )
            for ranker in self.rankers_
        ]
        return np.mean(outputs, axis=0) if len(outputs) > 1 else outputs[0]

    def contributions(self, X: Floats, n_trees: int | None = None) -> Floats:
        """Return what each column adds to each row's score, and the constant in the last column.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Features.
        n_trees : int, optional
            Use only the first trees of each bag.

        Returns
        -------
        ndarray of shape (n_rows, n_columns + 1)

        References
        ----------
        S. Lundberg et al., "From local explanations to global understanding with explainable AI
        for trees", Nature Machine Intelligence 2, 2020 (the trees' part).
        """
        total = np.zeros((X.shape[0], X.shape[1] + 1))
        if n_trees != 0:
            found = self._tree_output(X, n_trees, pred_contrib=True)
            total[:, self.config.trees] += found[:, :-1]
            total[:, -1] = found[:, -1]
        if self.linear_ is not None:
            total[:, :-1] += self.linear_.contributions(X)
        return total
