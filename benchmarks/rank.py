"""prefml's ranker beside others: accuracy on held-out projects, time and memory.

`python benchmarks/rank.py [WORKSPACE] [--full]`. Without a workspace only time and memory are
measured, on made-up embeddings. The quick form (default) takes one seed and 1,000 sets; `--full`
takes five seeds and 10,000 sets. Writes `benchmarks/results/rank.json`, in
the quick form `rank.quick.json`.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _machine import machine

from prefml.evaluation.folds import make_folds
from prefml.evaluation.neural import NeuralRanker
from prefml.features import ChoiceTable, choice_table
from prefml.ranking import (
    HighestStage,
    LinearPairwise,
    PairwiseLogistic,
    RawLambdaRank,
    SetRanker,
    default_ranker,
    metrics,
)
from prefml.sets import content_order, index_sets

# Accuracy beside every other library takes an hour: CatBoost alone minutes a fold.
RUNS = {"rank": {"quick": [], "full": ["{workspace}", "--full"]}}
RESULTS = Path(__file__).parent / "results"
PARTS = ("accuracy", "latency", "speed")
SIZE_OF_SETS = 3
DIM = 512


class Grouped:
    """Adapt a ranker that wants rows sorted by set and the sets' sizes or numbers."""

    def __init__(self, model: Any, argument: str) -> None:
        self.model = model
        self.argument = argument

    def fit(self, X: np.ndarray, y: np.ndarray, set_id: np.ndarray) -> Grouped:
        """Sort as prefml does, and fit."""
        order, sizes = content_order(np.column_stack([X, y]), index_sets(set_id))
        numbers = np.repeat(np.arange(len(sizes)), sizes)
        value = {"group": sizes, "qid": numbers, "group_id": numbers}[self.argument]
        self.model.fit(X[order], y[order], **{self.argument: value})
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Score rows."""
        return np.asarray(self.model.predict(X))


def _lightgbm(seed: int) -> Grouped:
    from lightgbm import LGBMRanker

    return Grouped(LGBMRanker(random_state=seed, n_jobs=2, verbose=-1), "group")


def _xgboost(seed: int) -> Grouped:
    from xgboost import XGBRanker

    return Grouped(XGBRanker(objective="rank:ndcg", random_state=seed, n_jobs=2), "qid")


def _catboost(seed: int) -> Grouped:
    from catboost import CatBoostRanker

    options = {"loss_function": "YetiRank", "iterations": 200, "thread_count": 2}
    return Grouped(
        CatBoostRanker(**options, random_seed=seed, verbose=0, allow_writing_files=False),
        "group_id",
    )


# Name -> what it sees ("raw": the embedding, "all": prefml's columns) and how it is made.
MODELS: dict[str, tuple[str, Callable[[int], Any]]] = {
    "prefml": ("all", lambda seed: default_ranker(seed, n_jobs=2)),
    "LGBMRanker, embedding": ("raw", _lightgbm),
    "LGBMRanker, all inputs": ("all", _lightgbm),
    "XGBRanker, embedding": ("raw", _xgboost),
    "XGBRanker, all inputs": ("all", _xgboost),
    "CatBoost YetiRank, embedding": ("raw", _catboost),
    "CatBoost YetiRank, all inputs": ("all", _catboost),
    "neural net, embedding": ("raw", lambda seed: NeuralRanker(random_state=seed)),
    "neural net, all inputs": ("all", lambda seed: NeuralRanker(random_state=seed)),
    "logistic Bradley-Terry, embedding": ("raw", lambda seed: PairwiseLogistic(0.01)),
}
ON_TABLES = (SetRanker, HighestStage, LinearPairwise, RawLambdaRank)


def fit(model: Any, X: pd.DataFrame, y: Any, set_id: Any, groups: Any) -> Any:
    """Fit any of the models on a table."""
    if isinstance(model, SetRanker):
        return model.fit(X, y, set_id=set_id, groups=groups)
    return model.fit(X if kind_of(model) else plain(X), y, set_id=set_id)


def plain(X: pd.DataFrame) -> np.ndarray:
    """Return the numbers of a table, 0 where a value is missing everywhere."""
    values = X.to_numpy(np.float64, copy=True)
    values[:, np.isnan(values).all(axis=0)] = 0
    return values


def inputs(X: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return what a kind of model sees."""
    raw = [name for name in X.columns if name.startswith("emb__")]
    return X[raw] if kind == "raw" else X


def accuracy(table: ChoiceTable, name: str, seeds: int) -> dict[str, Any]:
    """Return held-out accuracy, the median over seeds, and the first seed's share by set."""
    kind, make = MODELS[name]
    X = inputs(table.X, kind)
    folds = make_folds(table.project, table.session_id, table.set_id, table.hashes, 4).folds
    runs = []
    for seed in range(seeds):
        scores = np.zeros(len(table))
        started = time.perf_counter()
        for fold in folds:
            tr = fold.train
            model = fit(make(seed), X.iloc[tr], table.y[tr], table.set_id[tr], table.project[tr])
            test = X.iloc[fold.test]
            scores[fold.test] = model.predict(test if kind_of(model) else plain(test))
        runs.append((scores, time.perf_counter() - started))
    rows = [(table.y, scores, table.set_id) for scores, _ in runs]
    return {
        "top1": float(np.median([metrics.top1(*row) for row in rows])),
        "pair_accuracy": float(np.median([metrics.pair_accuracy(*row) for row in rows])),
        "ndcg": float(np.median([metrics.ndcg(*row) for row in rows])),
        "seconds_for_four_folds": float(np.median([seconds for _, seconds in runs])),
        "by_set": np.mean([metrics.top1_by_set(*row) for row in rows], axis=0).tolist(),
    }


def kind_of(model: Any) -> bool:
    """Say whether a model takes tables, not arrays."""
    return isinstance(model, ON_TABLES)


def compare(table: ChoiceTable, models: list[str], seeds: int) -> dict[str, Any]:
    """Measure every model on the same folds, with paired intervals over projects."""
    found = {}
    for name in models:
        found[name] = accuracy(table, name, seeds)
        print(f"{name:36s} top-1 {found[name]['top1']:.3f} pairs {found[name]['pair_accuracy']:.3f}"
              f" in {found[name]['seconds_for_four_folds']:.0f} s", flush=True)  # fmt: skip
    first = pd.Series(table.project).groupby(table.set_id, sort=False).first().to_numpy()
    ours = found["prefml"]["by_set"]
    for result in found.values():
        result["top1_ci"] = metrics.bootstrap_interval(result["by_set"], first)
        result["prefml_ahead_by"] = metrics.paired_interval(ours, result["by_set"], first)
    for result in found.values():
        del result["by_set"]
    return {"sets": table.n_sets, "projects": len(np.unique(first)), "seeds": seeds,
            "models": found}  # fmt: skip


def made_up(n_sets: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Return sets of three unit vectors with a linear taste and some noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_sets * SIZE_OF_SETS, DIM)).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    worth = X @ rng.normal(size=DIM) + 0.5 * rng.normal(size=len(X))
    winner = worth.reshape(n_sets, -1).argmax(1)
    y = (np.arange(SIZE_OF_SETS) == winner[:, None]).astype(int).ravel()
    inside = X - X.reshape(n_sets, SIZE_OF_SETS, DIM).mean(1).repeat(SIZE_OF_SETS, 0)
    names = [f"{kind}__{i:04d}" for kind in ("emb", "emb_mean") for i in range(DIM)]
    table = pd.DataFrame(np.hstack([X, inside]), columns=names, copy=False)
    set_id = np.arange(n_sets).repeat(SIZE_OF_SETS)
    return table, y, set_id, set_id % 20


def speed(name: str, n_sets: int) -> dict[str, float]:
    """Fit and predict once, in a process of its own, and report time and peak memory."""
    kind, make = MODELS[name]
    table, y, set_id, groups = made_up(n_sets)
    X = inputs(table, kind)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    model = fit(make(0), X, y, set_id, groups)
    fitted = time.perf_counter()
    model.predict(X if kind_of(model) else plain(X))
    ended = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 2**20 if sys.platform != "darwin" else 2**30
    return {"fit_seconds": fitted - started, "predict_seconds": ended - fitted,
            "peak_gb": peak / unit, "grown_gb": (peak - before) / unit}  # fmt: skip


def speeds(n_sets: int, models: list[str]) -> dict[str, Any]:
    """Measure every model, one process after another."""
    found = {}
    for name in models:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            found[name] = pool.submit(speed, name, n_sets).result()
        print(f"{name:36s}", {k: round(v, 2) for k, v in found[name].items()}, flush=True)
    return {"sets": n_sets, "set_size": SIZE_OF_SETS, "dim": DIM, "models": found}


def latency(table: ChoiceTable | None) -> dict[str, float]:
    """Return the time to load a model and to score one set of four, in milliseconds."""
    import joblib

    if table is None:
        X, y, set_id, groups = made_up(300)
    else:
        X, y, set_id, groups = table.X, table.y, table.set_id, table.project
    model = default_ranker().fit(X, y, set_id=set_id, groups=groups)
    one, same = X.iloc[:4], np.zeros(4, int)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ranker.joblib"
        joblib.dump(model, path)
        loading = _median_ms(lambda: joblib.load(path), 5)
        size = path.stat().st_size / 1e6
    return {
        "load_ms": loading,
        "file_mb": size,
        "score_set_of_four_ms": _median_ms(lambda: model.predict(one), 50),
        "probability_of_set_of_four_ms": _median_ms(lambda: model.win_probability(one, same), 50),
        "explain_set_of_four_ms": _median_ms(lambda: model.explain(one, same), 20),
    }


def _median_ms(call: Callable[[], Any], repeats: int) -> float:
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - started))
    return float(np.median(taken))


def load_table(path: str) -> ChoiceTable:
    """Read the table of an embedded workspace."""
    from prefml.decisions import read_decisions
    from prefml.sidecars.store import read_sidecars
    from prefml.workspace import Workspace

    workspace = Workspace.open(path)
    return choice_table(read_decisions(workspace).items, read_sidecars(workspace.sidecars))


def main() -> None:
    """Parse the command line, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", nargs="?", help="an embedded workspace")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="one seed, 1,000 sets (the default)")
    size.add_argument("--full", action="store_true", help="five seeds, 10,000 sets")
    parser.add_argument("--seeds", type=int, help="instead of the one or five")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    table = load_table(arguments.workspace) if arguments.workspace else None
    target = arguments.out or RESULTS / f"rank{'' if arguments.full else '.quick'}.json"
    for part in arguments.parts:
        if part == "accuracy" and table is None:
            continue
        found = measured(part, table, arguments) | {"machine": machine()}
        # Beside what earlier runs found in the other parts.
        result = json.loads(target.read_text()) if target.exists() else {"benchmark": "rank"}
        result |= {"quick": not arguments.full, part: found}
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(result, indent=1) + "\n")


def measured(part: str, table: ChoiceTable | None, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what one part of the benchmark found."""
    if part == "accuracy" and table is not None:
        seeds = arguments.seeds or (5 if arguments.full else 1)
        return compare(table, arguments.models, seeds)
    if part == "latency":
        found = latency(table)
        print(found, flush=True)
        return dict(found)
    return speeds(10_000 if arguments.full else 1_000, arguments.models)


if __name__ == "__main__":
    main()
