"""What each part of the ranker is worth on held-out projects; writes JSON.

Run as `python benchmarks/explore_ranking.py WORKSPACE [WORKSPACE ...]`, on embedded workspaces.
`docs/experiments.md` is written from the files this leaves in `benchmarks/results/`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _machine import machine

from prefml.decisions import read_decisions
from prefml.evaluation.folds import make_folds
from prefml.features import ChoiceTable, choice_table
from prefml.imaging import naturalness
from prefml.ranking import SetRanker, default_ranker, metrics
from prefml.sidecars.store import read_sidecars
from prefml.workspace import Workspace

RUNS = {
    "explore_ranking_sample": {
        "quick": ["{workspace}", "--splits", "1", "--only", "basic cues"],
    },
    "explore_ranking_live_challenge_mobilenet": {"full": ["{live}", "--encoder", "{mobilenet}"]},
    "explore_ranking_mef": {
        "full": [
            "{mef}",
            "--encoder",
            "{mobilenet}",
            "--only",
            "default",
            "nets",
            "start, three bags",
            "linear, mean of three",
        ],
    },
}
RESULTS = Path(__file__).parent / "results"
# Columns of a variant: prefixes kept, and prefixes dropped from those.
Columns = tuple[tuple[str, ...], tuple[str, ...]]

# Columns that were tried and are in no table: made here.
TRIED = ("cue_best__", "cue_least__", "where__")
ALL: Columns = (("",), TRIED)
BASIC = (
    "sharpness", "gradient", "noise", "edge_density", "exposure", "luma", "contrast_local",
    "clipped", "colourfulness", "saturation", "entropy",
)  # fmt: skip
KINDS = ("cue__", "cue_mean__", "cue_lower__")
NATURAL = tuple(f"{kind}{name}" for kind in KINDS for name in naturalness.NAMES)
STEP = ("stage", "near__", "novelty__")
PICTURE = ("cue__", *STEP)
THREE = (PICTURE, (*PICTURE, "emb__"), ("emb__",))
LEAN = (*PICTURE, "cue_mean__", "emb_mean__", "set_size")
RELATIVE_BASIC = tuple(f"{kind}{name}" for kind in KINDS[:2] for name in BASIC)


def started(**changes: Any) -> Callable[[int], SetRanker]:
    """Return a maker of the config with its linear start, changed; one bag, not calibrated."""
    fixed = {"alternatives": None, "linear": THREE, "calibration": None, "n_bags": 1}
    return lambda seed: default_ranker(seed).set_params(**(fixed | changes))


def alone(**changes: Any) -> Callable[[int], SetRanker]:
    """Return a maker of trees without a linear start."""
    return started(**({"linear": None, "n_estimators": 150, "trees": None} | changes))


def linear_only(*columns: tuple[str, ...]) -> Callable[[int], SetRanker]:
    """Return a maker of linear scores with one tree of weight almost 0."""
    return started(linear=columns, n_estimators=1, learning_rate=1e-9)


# What is chosen among, project by project, by nested cross-validation: none of it with a look at
# the folds that are reported.
CANDIDATES = (
    {"linear": None, "n_estimators": 150, "trees": ("emb",)},
    {"linear": None, "n_estimators": 150, "trees": LEAN},
    {"linear": None, "n_estimators": 400, "trees": None},
    {"linear": (PICTURE,), "n_estimators": 60, "trees": LEAN},
    {"linear": THREE, "n_estimators": 30, "trees": LEAN},
    {"linear": THREE, "n_estimators": 60, "trees": LEAN},
    {"linear": THREE, "n_estimators": 150, "trees": None},
    {"linear": THREE, "n_estimators": 60, "trees": LEAN, "objective": "rank_xendcg"},
)

VARIANTS: dict[str, tuple[Columns, Callable[[int], SetRanker]]] = {
    "default": (ALL, lambda seed: default_ranker(seed)),
    "chosen by nested cross-validation": (
        ALL, lambda seed: default_ranker(seed).set_params(alternatives=CANDIDATES)
    ),
    "trees, raw embedding": ((("emb__",), ()), lambda seed: SetRanker(random_state=seed)),
    "trees, compressed embedding": ((("emb",), ()), alone()),
    "trees, basic cues": ((RELATIVE_BASIC, ()), alone()),
    "trees, all cues, not relative": ((("cue__",), ()), alone()),
    "trees, all cues": ((("cue__", "cue_mean__"), ()), alone()),
    "trees, all cues and extremes": ((("cue__", "cue_mean__", *TRIED[:2]), ()), alone()),
    "trees, everything": (ALL, alone()),
    "trees, everything, rank_xendcg": (ALL, alone(objective="rank_xendcg")),
    "linear, embedding": (ALL, linear_only(("emb__",))),
    "linear, basic cues": (ALL, linear_only(tuple(f"cue__{name}" for name in BASIC))),
    "linear, all cues": (ALL, linear_only(PICTURE)),
    "linear, all cues and where things lie": (
        (("",), TRIED[:2]), linear_only((*PICTURE, "where__"))
    ),
    "linear, cues and embedding": (ALL, linear_only((*PICTURE, "emb__"))),
    "linear, mean of three": (ALL, linear_only(*THREE)),
    "linear and nets": (ALL, started(net=("",), n_estimators=0, n_bags=3)),
    "linear, nets and trees": (ALL, started(net=("",), n_bags=3)),
    "start, then 30 trees": (ALL, started(n_estimators=30)),
    "start, then 60 trees": (ALL, started()),
    "start, then 150 trees": (ALL, started(n_estimators=150)),
    "start, trees see everything": (ALL, started(trees=None)),
    "start, trees see extremes": ((("",), TRIED[2:]), started(trees=(*LEAN, *TRIED[:2]))),
    "start, three bags": (ALL, started(n_bags=3)),
    "start, rank_xendcg": (ALL, started(objective="rank_xendcg")),
    "start, 255 bins": (ALL, started(lgbm_params=None)),
    "start, 128 components": (ALL, started(compress={"emb__": 128, "emb_mean__": 64})),
    "start without natural scene statistics": ((("",), (*TRIED, *NATURAL)), started()),
    "start without the embedding": (
        ((*KINDS, "stage", "near__", "set_size"), ()), started(linear=(PICTURE,))
    ),
    "start without novelty": (ALL, started(novelty=None)),
    "trees without novelty": (ALL, alone(trees=LEAN, novelty=None)),
    "trees, the columns of the config": (ALL, alone(trees=LEAN)),
}  # fmt: skip


def load(path: str) -> ChoiceTable:
    """Read the table of an embedded workspace, and add the columns that were only tried."""
    workspace = Workspace.open(path)
    sidecars = read_sidecars(workspace.sidecars)
    table = choice_table(read_decisions(workspace).items, sidecars)
    cues = table.X.filter(regex="^cue__")
    sets = cues.groupby(table.set_id)
    rows = sidecars.positions(table.project, table.filename)
    everything = sidecars.cues.iloc[rows].reset_index(drop=True).add_prefix("cue__")
    places = everything[[name for name in everything if name not in cues]]
    parts = [
        table.X,
        (cues - sets.transform("max")).rename(columns=lambda n: n.replace("cue", "cue_best", 1)),
        (cues - sets.transform("min")).rename(columns=lambda n: n.replace("cue", "cue_least", 1)),
        places.rename(columns=lambda n: n.replace("cue", "where", 1)),
    ]
    return replace(table, X=pd.concat(parts, axis=1))


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
        others = ~metrics.lower_stage_sets(table.y, table.stage, table.set_id)
        found["other_top1"] = metrics.top1(*(column[others] for column in rows))
    return found


def embed(workspace: str, encoder: str) -> None:
    """Compute what is missing of the sidecars."""
    from prefml.cli import main as prefml

    if status := prefml(["--workspace", workspace, "embed", "--encoder", encoder]):
        raise SystemExit(status)


def main() -> None:
    """Parse the command line, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspaces", nargs="+")
    parser.add_argument("--only", nargs="*", help="variants whose name contains one of these")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--splits", type=int, default=3, help="other random folds to average")
    parser.add_argument("--encoder", help="embed with it first")
    parser.add_argument("--out", type=Path, help="for one workspace")
    arguments = parser.parse_args()
    for path in arguments.workspaces:
        if arguments.encoder:
            embed(path, arguments.encoder)
        table = load(path)
        target = arguments.out or RESULTS / f"explore_ranking_{Path(path).name}.json"
        document = json.loads(target.read_text()) if target.exists() else {}
        found = document.get("variants", {})
        for name in VARIANTS:
            if arguments.only and not any(word in name for word in arguments.only):
                continue
            found[name] = measure(table, name, arguments.seeds, arguments.splits)
            found[name] |= {"seeds": arguments.seeds, "splits": arguments.splits}
            print(f"{name:36s}", {k: round(v, 3) for k, v in found[name].items()}, flush=True)
            target.parent.mkdir(exist_ok=True)
            document = {"benchmark": "explore_ranking", "machine": machine(), "variants": found}
            target.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
