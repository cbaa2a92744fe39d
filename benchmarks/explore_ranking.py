"""What each part of the ranker is worth on held-out projects; writes JSON.

Run as `python benchmarks/explore_ranking.py WORKSPACE [WORKSPACE ...]`, on embedded workspaces.
`docs/experiments.md` is written from the files this leaves in `benchmarks/results/`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from prefml.decisions import read_decisions
from prefml.evaluation.folds import make_folds
from prefml.features import ChoiceTable, choice_table
from prefml.imaging import naturalness
from prefml.ranking import SetRanker, default_ranker, metrics
from prefml.sidecars.store import read_sidecars
from prefml.workspace import Workspace

RESULTS = Path(__file__).parent / "results"
# Columns of a variant: prefixes kept, and prefixes dropped from those.
Columns = tuple[tuple[str, ...], tuple[str, ...]]
ALL: Columns = (("",), ())

BASIC = (
    "sharpness", "gradient", "noise", "edge_density", "exposure", "luma", "contrast", "clipped",
    "colourfulness", "saturation", "entropy",
)  # fmt: skip
KINDS = ("cue__", "cue_mean__", "cue_best__", "cue_least__")
NATURAL = (*naturalness.NAMES,)
CUES = (("cue__", "stage", "near__"),)
BOTH = (("cue__", "stage", "near__"), ("cue__", "stage", "near__", "emb__"))
RELATIVE = tuple(f"{kind}{name}" for kind in KINDS for name in BASIC)


def plain(**changes: Any) -> Callable[[int], SetRanker]:
    """Return a maker of LambdaRank without a linear start."""
    return tuned(linear=None, **changes)


def tuned(**changes: Any) -> Callable[[int], SetRanker]:
    """Return a maker of the default recipe with changes, not calibrated."""
    single = {"calibration": None, "n_bags": 1}
    return lambda seed: default_ranker(seed).set_params(**(single | changes))


def linear_only(*columns: tuple[str, ...]) -> Callable[[int], SetRanker]:
    """Return a maker of the linear start with a single stump of weight almost 0."""
    return tuned(linear=columns, n_estimators=1, learning_rate=1e-9)


VARIANTS: dict[str, tuple[Columns, Callable[[int], SetRanker]]] = {
    "default": (ALL, lambda seed: default_ranker(seed)),
    "trees, raw embedding": ((("emb__",), ()), lambda seed: SetRanker(random_state=seed)),
    "trees, compressed embedding": ((("emb",), ()), plain(n_estimators=150)),
    "trees, basic cues": ((RELATIVE, ()), plain(n_estimators=150)),
    "trees, all cues": ((KINDS, ()), plain(n_estimators=150)),
    "trees, all cues, not relative": ((("cue__",), ()), plain(n_estimators=150)),
    "trees, everything": (ALL, plain(n_estimators=150)),
    "trees, everything, rank_xendcg": (ALL, plain(n_estimators=150, objective="rank_xendcg")),
    "linear, embedding": (ALL, linear_only(("emb__",))),
    "linear, basic cues": (ALL, linear_only(tuple(f"cue__{name}" for name in BASIC))),
    "linear, all cues": (ALL, linear_only(*CUES)),
    "linear, cues and embedding": (ALL, linear_only(("cue__", "stage", "near__", "emb__"))),
    "linear, mean of both": (ALL, linear_only(*BOTH)),
    "linear, mean of three": (ALL, linear_only(*BOTH, ("emb__",))),
    "linear with extremes": (
        ALL,
        linear_only(("cue__", "cue_best__", "cue_least__", "stage", "near__"), BOTH[1]),
    ),
    "start, then 30 trees": (ALL, tuned(n_estimators=30)),
    "start, then 60 trees": (ALL, tuned(n_estimators=60)),
    "start, then 120 trees": (ALL, tuned(n_estimators=120)),
    "start, then 250 trees": (ALL, tuned(n_estimators=250)),
    "start, three bags": (ALL, tuned(n_bags=3)),
    "start, 63 bins": (ALL, tuned(lgbm_params={"max_bin": 63})),
    "start, rank_xendcg": (ALL, tuned(objective="rank_xendcg")),
    "start, 15 leaves": (ALL, tuned(num_leaves=15)),
    "start, 3 leaves": (ALL, tuned(num_leaves=3)),
    "start, 32 components": (ALL, tuned(compress={"emb__": 32, "emb_mean__": 32})),
    "start, 128 components": (ALL, tuned(compress={"emb__": 128, "emb_mean__": 128})),
    "start, trees on cues only": (ALL, tuned(trees=("cue", "stage", "near", "set_size"))),
    "start, trees without extremes": (
        ALL, tuned(trees=("cue__", "cue_mean__", "stage", "near", "emb", "set_size")),
    ),
    "start from cues only": (ALL, tuned(linear=CUES)),
    "without natural scene statistics": (
        (("",), tuple(f"{kind}{name}" for kind in KINDS for name in NATURAL)), tuned()
    ),
    "without the embedding": (((*KINDS, "stage", "near", "set_size"), ()), tuned(linear=CUES)),
}  # fmt: skip


def load(path: str) -> ChoiceTable:
    """Read the table of an embedded workspace."""
    workspace = Workspace.open(path)
    return choice_table(read_decisions(workspace).items, read_sidecars(workspace.sidecars))


def chosen_columns(table: ChoiceTable, columns: Columns) -> pd.DataFrame:
    kept, dropped = columns
    names = [n for n in table.X.columns if n.startswith(kept) and not n.startswith(dropped or "\0")]
    return table.X[names]


def held_out(
    table: ChoiceTable, X: pd.DataFrame, make: Callable[[int], SetRanker], seed: int, split: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return scores and probabilities of every row from models that never saw its project."""
    scores, probability = np.zeros(len(table)), np.zeros(len(table))
    folds = make_folds(
        table.project, table.session_id, table.set_id, table.hashes, n_folds=4, seed=split
    )
    for fold in folds.folds:
        ranker = make(seed).fit(
            X.iloc[fold.train],
            table.y[fold.train],
            set_id=table.set_id[fold.train],
            groups=table.project[fold.train],
            sample_weight=table.weight[fold.train],
        )
        scores[fold.test] = ranker.predict(X.iloc[fold.test])
        probability[fold.test] = ranker.win_probability(X.iloc[fold.test], table.set_id[fold.test])
    return scores, probability


def measure(table: ChoiceTable, name: str, seeds: int, splits: int) -> dict[str, Any]:
    """Return medians over seeds on the reported folds, and over other random folds."""
    columns, make = VARIANTS[name]
    X = chosen_columns(table, columns)
    started = time.perf_counter()
    runs = [_numbers(table, *held_out(table, X, make, seed, 0)) for seed in range(seeds)]
    others = [_numbers(table, *held_out(table, X, make, 0, 1 + s)) for s in range(splits)]
    result = {key: float(np.median([run[key] for run in runs])) for key in runs[0]}
    result |= {
        f"{key}_other_folds": float(np.mean([r[key] for r in others])) for key in runs[0] if others
    }
    result["seconds"] = (time.perf_counter() - started) / (seeds + splits)
    return result


def _numbers(table: ChoiceTable, scores: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    rows = (table.y, scores, table.set_id)
    found = {"top1": metrics.top1(*rows), "pair_accuracy": metrics.pair_accuracy(*rows)}
    found["ece"] = metrics.ece(table.y, probability, table.set_id)
    if not np.isnan(table.stage).all():
        found["lower_stage_top1"] = metrics.lower_stage_top1(*rows, table.stage)
    return found


def main() -> None:
    """Parse the command line, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspaces", nargs="+")
    parser.add_argument("--only", nargs="*", help="variants whose name contains one of these")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--splits", type=int, default=3, help="other random folds to average")
    arguments = parser.parse_args()
    for path in arguments.workspaces:
        table = load(path)
        target = RESULTS / f"explore_ranking_{Path(path).name}.json"
        found = json.loads(target.read_text()) if target.exists() else {}
        for name in VARIANTS:
            if arguments.only and not any(word in name for word in arguments.only):
                continue
            found[name] = measure(table, name, arguments.seeds, arguments.splits)
            print(f"{name:36s}", {k: round(v, 3) for k, v in found[name].items()}, flush=True)
            target.parent.mkdir(exist_ok=True)
            target.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
