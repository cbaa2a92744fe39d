"""LambdaRank trees, grown from zero or from a linear score, averaged over bags."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from lightgbm import LGBMRanker
from numpy.typing import NDArray

from prefml.ranking.blocks import starting_with
from prefml.ranking.growing import Rows, grow_trees
from prefml.ranking.linear_start import Fold, LinearStart, grouped_folds
from prefml.ranking.sets import Sets, index_sets

__all__ = ["ALTERABLE", "BoostedScore", "Recipe", "Table", "make_recipe", "out_of_fold"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Table:
    """Rows to learn from, sets contiguous.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Features, NaN where missing.
    grades : ndarray of shape (n_rows,)
        Whole numbers, the higher the better.
    sets : Sets
        The grouping of the rows, each set's rows together.
    groups : ndarray of shape (n_rows,)
        Number of what must stay on one side of a fold: the project.
    weight : ndarray of shape (n_rows,) or None
        Weight of each row.
    """

    X: Floats
    grades: NDArray[np.int64]
    sets: Sets
    groups: Ints
    weight: Floats | None


@dataclass(frozen=True)
class Recipe:
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
    n_folds : int
        Inner folds that keep the linear start out of fold.
    callbacks : sequence of callable
        LightGBM callbacks.
    """

    settings: Mapping[str, Any]
    linear: tuple[Ints, ...]
    trees: Ints
    n_bags: int = 1
    n_folds: int = 5
    callbacks: Sequence[Any] = field(default_factory=tuple)


# Parameters of `SetRanker` that make a `Recipe`.
_SETTINGS = (
    "objective", "n_estimators", "learning_rate", "num_leaves", "min_child_samples", "reg_lambda",
    "colsample_bytree", "subsample", "subsample_freq",
)  # fmt: skip
ALTERABLE = frozenset(_SETTINGS) | {"lgbm_params", "monotone", "linear", "trees", "n_bags"}


def make_recipe(params: Mapping[str, Any], columns: Sequence[str]) -> Recipe:
    """Turn the parameters of a `SetRanker` into a recipe for certain columns.

    Parameters
    ----------
    params : mapping
        Its parameters.
    columns : sequence of str
        Names of the columns that the parameters' prefixes refer to.

    Returns
    -------
    Recipe
    """
    trees = np.arange(len(columns))
    if params["trees"] is not None:
        trees = starting_with(columns, params["trees"])
    linear = [starting_with(columns, prefixes) for prefixes in params["linear"] or ()]
    settings = {name: params[name] for name in (*_SETTINGS, "random_state", "n_jobs")}
    settings |= {"verbose": -1, "deterministic": True, "force_row_wise": True}
    if params["monotone"]:
        signs = [(prefix, sign) for prefix, sign in params["monotone"].items()]
        settings["monotone_constraints"] = [
            next((sign for prefix, sign in signs if columns[i].startswith(prefix)), 0)
            for i in trees.tolist()
        ]
    return Recipe(
        settings=settings | dict(params["lgbm_params"] or {}),
        linear=tuple(chosen for chosen in linear if len(chosen)),
        trees=trees,
        n_bags=params["n_bags"],
        n_folds=params["n_folds"],
        callbacks=tuple(params["callbacks"] or ()),
    )


def out_of_fold(recipe: Recipe, table: Table, folds: Sequence[Fold]) -> Floats:
    """Return scores of all rows from models that did not see their fold.

    Parameters
    ----------
    recipe : Recipe
        What to fit; one bag is fitted, for an average over bags is only a little less noisy.
    table : Table
        Rows to learn from.
    folds : sequence of (train, test)
        The folds.

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    single = replace(recipe, n_bags=1, callbacks=())
    scores = np.zeros(len(table.X))
    for train, test in folds:
        model = BoostedScore(single).fit(_rows(table, train))
        scores[test] = model.predict(table.X[test])
    return scores


def _rows(table: Table, rows: Ints) -> Table:
    weight = None if table.weight is None else table.weight[rows]
    groups = index_sets(table.groups[rows]).codes
    sets = index_sets(table.sets.codes[rows])
    return Table(table.X[rows], table.grades[rows], sets, groups, weight)


class BoostedScore:
    """A linear start plus the mean of bagged LambdaRank models that were grown from it.

    Parameters
    ----------
    recipe : Recipe
        What it is made of.

    References
    ----------
    C. Burges, "From RankNet to LambdaRank to LambdaMART", MSR-TR-2010-82; G. Ke et al.,
    "LightGBM: a highly efficient gradient boosting decision tree", NeurIPS 2017.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def fit(self, table: Table, validation: Table | None = None) -> BoostedScore:
        """Fit the linear start, then the trees on what it leaves over.

        Parameters
        ----------
        table : Table
            Rows to learn from.
        validation : Table, optional
            Rows for LightGBM's early stopping.

        Returns
        -------
        BoostedScore
        """
        self.linear_ = self._fit_linear(table) if self.recipe.linear else None
        bags = range(self.recipe.n_bags)
        self.rankers_: list[Any] = [self._fit_trees(table, validation, bag) for bag in bags]
        return self

    def _fit_linear(self, table: Table) -> LinearStart:
        folds = grouped_folds(table.groups, table.sets, self.recipe.n_folds)
        start = LinearStart(self.recipe.linear)
        return start.fit(table.X, table.grades, table.sets, folds, table.weight)

    def _fit_trees(self, table: Table, validation: Table | None, bag: int) -> LGBMRanker:
        settings = dict(self.recipe.settings)
        depths = settings.pop("eval_at", None)
        if bag:
            settings["random_state"] = (settings.get("random_state") or 0) + 1009 * bag
        start = None if self.linear_ is None else self.linear_.out_of_fold_
        part = table.X[:, self.recipe.trees]
        rows = Rows(part, table.grades, table.sets.sizes, table.weight, start)
        options = self._validation(validation, depths)
        if self.recipe.callbacks:
            options["callbacks"] = copy.deepcopy(list(self.recipe.callbacks))
        return grow_trees(settings, rows, options)

    def _validation(self, table: Table | None, depths: Any) -> dict[str, Any]:
        if table is None:
            return {}
        start = None if self.linear_ is None else [self.linear_.predict(table.X)]
        return {
            "eval_set": [(table.X[:, self.recipe.trees], table.grades)],
            "eval_group": [table.sets.sizes],
            "eval_init_score": start,
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
        part = np.ascontiguousarray(X[:, self.recipe.trees])
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
            total[:, self.recipe.trees] += found[:, :-1]
            total[:, -1] = found[:, -1]
        if self.linear_ is not None:
            total[:, :-1] += self.linear_.contributions(X)
        return total
