"""Other rankers, each on all of prefml's columns, and what is tried for each of them.

`RIVALS` names them. A rival is made from a candidate of its own, fitted on `Rows`, and scores
others. The candidates come in the order in which they are tried: what is cheap and usually good
first, for the time to tune is limited. Boosted trees are judged after several numbers of trees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression

from prefml.ranking.blocks import columns_starting_with
from prefml.ranking.defaults import COMPRESS, default_ranker
from prefml.ranking.design import Design
from prefml.ranking.scaler import WithinSetScaler
from prefml.sets import Sets, index_sets, winning_pairs

Candidate = Mapping[str, Any]


@dataclass(frozen=True)
class Rows:
    """Pictures of whole sets, the rows of a set together.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_columns)
        prefml's columns, NaN where missing.
    columns : sequence of str
        Their names.
    y : ndarray of shape (n_rows,)
        1 for the picture that was chosen.
    set_id, project, hashes, cluster, weight : ndarray of shape (n_rows,)
        As in `prefml.features.ChoiceTable`.
    """

    X: np.ndarray
    columns: Sequence[str]
    y: np.ndarray
    set_id: np.ndarray
    project: np.ndarray
    hashes: np.ndarray
    cluster: np.ndarray
    weight: np.ndarray

    def take(self, rows: np.ndarray) -> Rows:
        """Return some rows, whole sets of them."""
        names = ("X", "y", "set_id", "project", "hashes", "cluster", "weight")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    @property
    def sets(self) -> Sets:
        """The grouping."""
        return index_sets(self.set_id)


class Model(Protocol):
    """What is asked of a rival; `trees` is the number of trees to score with."""

    def fit(self, rows: Rows) -> None: ...

    def scores(self, rows: Rows, trees: int | None = None) -> np.ndarray: ...


@dataclass(frozen=True)
class Rival:
    """One ranker.

    Attributes
    ----------
    title : str
        What a person reads.
    make : callable
        Candidate and seed -> model.
    candidates : tuple of mapping
        What is tried; the first is used where there is no time for any.
    needs : str
        The module it needs.
    """

    title: str
    make: Callable[[Candidate, int], Model]
    candidates: tuple[Candidate, ...] = field(default=({},))
    needs: str = "numpy"

    @property
    def missing(self) -> bool:
        """Tell whether what it needs is not installed."""
        return find_spec(self.needs) is None


@dataclass
class Prefml:
    """The ranker of this package, as `prefml evaluate` fits it."""

    candidate: Candidate
    seed: int

    def fit(self, rows: Rows) -> None:
        import pandas as pd

        self.columns = list(rows.columns)
        self.model = default_ranker(self.seed).fit(
            pd.DataFrame(rows.X, columns=self.columns, copy=False), rows.y, set_id=rows.set_id,
            groups=rows.project, sample_weight=rows.weight, cluster_id=rows.cluster,
            hashes=rows.hashes,
        )  # fmt: skip

    def scores(self, rows: Rows, trees: int | None = None) -> np.ndarray:
        import pandas as pd

        return self.model.predict(pd.DataFrame(rows.X, columns=self.columns, copy=False))


@dataclass
class Boosted:
    """LightGBM, XGBoost or CatBoost, fitted on groups."""

    library: str
    candidate: Candidate
    seed: int

    def fit(self, rows: Rows) -> None:
        given = {name: value for name, value in self.candidate.items() if name != "trees"}
        trees, sizes = max(self.candidate["trees"]), rows.sets.sizes
        if self.library == "lightgbm":
            from lightgbm import LGBMRanker

            self.model = LGBMRanker(
                n_estimators=trees, random_state=self.seed, n_jobs=1, verbose=-1, **given
            )
            self.model.fit(rows.X, rows.y, group=sizes)
        elif self.library == "xgboost":
            from xgboost import XGBRanker

            self.model = XGBRanker(
                n_estimators=trees, random_state=self.seed, n_jobs=1, tree_method="hist", **given
            )
            self.model.fit(rows.X, rows.y, qid=rows.sets.codes)
        else:
            from catboost import CatBoostRanker

            self.model = CatBoostRanker(
                iterations=trees, random_seed=self.seed, thread_count=1, verbose=0,
                allow_writing_files=False, **given,
            )  # fmt: skip
            self.model.fit(rows.X, rows.y, group_id=rows.sets.codes)

    def scores(self, rows: Rows, trees: int | None = None) -> np.ndarray:
        if self.library == "lightgbm":
            return np.asarray(self.model.booster_.predict(rows.X, num_iteration=trees or -1))
        if self.library == "xgboost":
            return np.asarray(self.model.predict(rows.X, iteration_range=(0, trees or 0)))
        return np.asarray(self.model.predict(rows.X, ntree_end=trees or 0))


@dataclass
class Linear:
    """Logistic Bradley-Terry of scikit-learn, a logistic regression on differences in sets."""

    candidate: Candidate
    seed: int
    prefixes: tuple[str, ...] = ("",)
    components: int = 0

    def fit(self, rows: Rows) -> None:
        self.kept = columns_starting_with(rows.columns, self.prefixes)
        if self.components:
            self.wide = columns_starting_with(rows.columns, ("emb__",))
            self.pca = PCA(self.components, random_state=self.seed).fit(rows.X[:, self.wide])
        values = self._inputs(rows)
        self.scaler = WithinSetScaler().fit(values, rows.sets)
        scaled = self.scaler.transform(values)
        better, worse = winning_pairs(rows.y, rows.sets)
        gaps = scaled[better] - scaled[worse]
        weight = np.tile(2.0 / rows.sets.sizes[rows.sets.codes[better]], 2)
        self.model = LogisticRegression(C=self.candidate["C"], fit_intercept=False, max_iter=300)
        sides = np.repeat([1, 0], len(gaps))
        self.model.fit(np.vstack([gaps, -gaps]), sides, sample_weight=weight / 2)

    def scores(self, rows: Rows, trees: int | None = None) -> np.ndarray:
        return self.scaler.transform(self._inputs(rows)) @ self.model.coef_[0]

    def _inputs(self, rows: Rows) -> np.ndarray:
        values = rows.X[:, self.kept].astype(np.float64)
        if not self.components:
            return values
        return np.hstack([values, self.pca.transform(rows.X[:, self.wide])])


@dataclass
class PairTrees:
    """Extra trees that tell from the difference of two pictures which of them was chosen."""

    candidate: Candidate
    seed: int

    def fit(self, rows: Rows) -> None:
        values = np.nan_to_num(rows.X)
        better, worse = winning_pairs(rows.y, rows.sets)
        gaps = values[better] - values[worse]
        self.model = ExtraTreesClassifier(random_state=self.seed, n_jobs=1, **self.candidate)
        self.model.fit(np.vstack([gaps, -gaps]), np.repeat([1, 0], len(gaps)))

    def scores(self, rows: Rows, trees: int | None = None) -> np.ndarray:
        """Return the mean chance to be preferred to the other pictures of the set."""
        values, found = np.nan_to_num(rows.X), np.zeros(len(rows.X))
        first, second = all_pairs(rows.sets)
        chance = self.model.predict_proba(values[first] - values[second])[:, 1]
        np.add.at(found, first, chance)
        return found / np.maximum(rows.sets.sizes[rows.sets.codes] - 1, 1)


def all_pairs(sets: Sets) -> tuple[np.ndarray, np.ndarray]:
    """Return both orders of every two rows of a set."""
    members = [np.asarray(rows) for rows in sets.members()]
    pairs = [np.stack(np.meshgrid(rows, rows, indexing="ij"), -1).reshape(-1, 2)
             for rows in members]  # fmt: skip
    first, second = np.concatenate(pairs).T
    return first[first != second], second[first != second]


@dataclass
class Net:
    """The net that came with the task, or a small one on prefml's compressed columns."""

    candidate: Candidate
    seed: int
    nets: int = 1
    compressed: bool = False

    def fit(self, rows: Rows) -> None:
        from prefml.evaluation.neural import NeuralRanker

        values = rows.X
        if self.compressed:
            names = list(rows.columns)
            self.design = Design(COMPRESS, None, None, self.seed).fit(rows.X, names)
            values = self.design.transform(rows.X)
        self.models = [
            NeuralRanker(random_state=3 * self.seed + n, **self.candidate).fit(
                values, rows.y, set_id=rows.set_id
            )
            for n in range(self.nets)
        ]

    def scores(self, rows: Rows, trees: int | None = None) -> np.ndarray:
        values = self.design.transform(rows.X) if self.compressed else rows.X
        return np.mean([model.predict(values) for model in self.models], axis=0)


@dataclass
class HighestStage:
    """The highest stage; pictures without one are equal."""

    candidate: Candidate
    seed: int

    def fit(self, rows: Rows) -> None: ...

    def scores(self, rows: Rows, trees: int | None = None) -> np.ndarray:
        stage = rows.X[:, list(rows.columns).index("stage")]
        return np.nan_to_num(stage.astype(float), nan=-1.0)


@dataclass
class Chance:
    """All pictures alike: a tie counts as its share."""

    candidate: Candidate
    seed: int

    def fit(self, rows: Rows) -> None: ...

    def scores(self, rows: Rows, trees: int | None = None) -> np.ndarray:
        return np.zeros(len(rows.X))


def boosted(library: str) -> Callable[[Candidate, int], Model]:
    return lambda candidate, seed: Boosted(library, candidate, seed)


PICTURE = ("cue__", "stage", "near__")
LIGHTGBM = (
    {"trees": (50, 100, 200, 400), "learning_rate": 0.05, "num_leaves": 7, "colsample_bytree": 0.1,
     "subsample": 0.7, "subsample_freq": 1, "reg_lambda": 10.0, "max_bin": 63},
    {"trees": (50, 100, 200, 400), "learning_rate": 0.03, "num_leaves": 15, "max_bin": 63,
     "colsample_bytree": 0.05, "subsample": 0.7, "subsample_freq": 1, "reg_lambda": 30.0},
    {"trees": (100, 200, 400), "learning_rate": 0.05, "num_leaves": 4, "colsample_bytree": 0.1,
     "subsample": 0.5, "subsample_freq": 1, "reg_lambda": 1.0, "max_bin": 63},
    {"trees": (25, 50, 100)},
    {"trees": (50, 100, 200), "objective": "rank_xendcg", "learning_rate": 0.05, "num_leaves": 7,
     "colsample_bytree": 0.1, "max_bin": 63},
)  # fmt: skip
XGBOOST = (
    {"trees": (50, 100, 200, 400), "objective": "rank:pairwise", "learning_rate": 0.05,
     "max_depth": 3, "colsample_bytree": 0.1, "subsample": 0.7, "reg_lambda": 10.0, "max_bin": 64},
    {"trees": (50, 100, 200, 400), "objective": "rank:ndcg", "learning_rate": 0.05,
     "max_depth": 3, "colsample_bytree": 0.1, "subsample": 0.7, "reg_lambda": 10.0, "max_bin": 64},
    {"trees": (50, 100, 200, 400), "objective": "rank:pairwise", "learning_rate": 0.03,
     "max_depth": 5, "colsample_bytree": 0.05, "subsample": 0.7, "reg_lambda": 30.0,
     "max_bin": 64},
    {"trees": (25, 50, 100), "objective": "rank:ndcg"},
)  # fmt: skip
CATBOOST = (
    {"trees": (50, 100, 200), "loss_function": "PairLogit", "learning_rate": 0.08, "depth": 4,
     "rsm": 0.1, "border_count": 32},
    {"trees": (50, 100, 200), "loss_function": "YetiRank", "learning_rate": 0.08, "depth": 4,
     "rsm": 0.1, "border_count": 32},
    {"trees": (50, 100, 200), "loss_function": "PairLogit", "learning_rate": 0.05, "depth": 6,
     "rsm": 0.05, "border_count": 32, "l2_leaf_reg": 10},
    {"trees": (50, 100, 200), "loss_function": "YetiRank"},
)  # fmt: skip
FOREST = tuple(
    {"n_estimators": 300, "min_samples_leaf": leaf, "max_features": share}
    for leaf, share in ((3, "sqrt"), (10, "sqrt"), (3, 0.1), (1, "sqrt"), (10, 0.2))
)
PENALTIES = tuple({"C": 10.0**power} for power in (-2.0, -1.5, -2.5, -1.0, -3.0, -3.5, -0.5, -4.0))
SEEDS_NET = (
    {}, {"epochs": 15}, {"epochs": 30, "dropout": 0.5}, {"learning_rate": 3e-4},
    {"epochs": 60, "dropout": 0.5, "learning_rate": 3e-4}, {"epochs": 5},
)  # fmt: skip
SMALL_NET = tuple(
    {"hidden": (64,), "epochs": epochs, "dropout": dropout}
    for epochs, dropout in ((30, 0.5), (15, 0.5), (8, 0.5), (30, 0.3), (60, 0.7), (60, 0.5))
)

# Name -> ranker, in the order of the tables.
RIVALS: dict[str, Rival] = {
    "prefml": Rival("prefml", Prefml),
    "lightgbm": Rival("LightGBM, LambdaRank", boosted("lightgbm"), LIGHTGBM),
    "xgboost": Rival("XGBoost", boosted("xgboost"), XGBOOST, "xgboost"),
    "catboost": Rival("CatBoost", boosted("catboost"), CATBOOST, "catboost"),
    "ridge": Rival(
        "ridge Bradley-Terry, cues and 64 components",
        lambda candidate, seed: Linear(candidate, seed, PICTURE, 64), PENALTIES,
    ),
    "logistic": Rival("logistic Bradley-Terry", Linear, PENALTIES),
    "extra_trees": Rival("extra trees on pairs", PairTrees, FOREST),
    "net": Rival("neural net, 512-256-64-1", Net, SEEDS_NET, "torch"),
    "small_net": Rival(
        "small net, 64 units, three averaged",
        lambda candidate, seed: Net(candidate, seed, 3, True), SMALL_NET, "torch",
    ),
    "highest_stage": Rival("highest stage", HighestStage),
    "chance": Rival("chance", Chance),
}  # fmt: skip
