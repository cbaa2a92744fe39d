"""prefml's ranker beside others that see the same columns and may tune for ten times its fit.

python benchmarks/rivals.py [--live FOLDER] [--mef FOLDER] [--sample FOLDER] [--encoder NAME]
    [--seeds N] [--rivals NAME ...] [--again NAME ...] [--records FOLDER] [--out FILE]

Each FOLDER is a workspace; LIVE and MEF are embedded with the encoder first. Outer folds hold out
projects. For each of them every rival is tuned in nested folds of the rest, near duplicates purged
there too, within ten times the processor time of prefml's own fit. Every data set, rival and seed
leaves a record in the folder of records, and is not measured again when the command is repeated,
except those named after `--again`. Times are of the processor, so other work on the machine matters
little. The summary with paired intervals (projects drawn anew; on MEF scenes) is
`benchmarks/results/rivals.json`; rivals that are not installed are named in it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _machine import machine
from _rival_tuning import BUDGET, INNER_FOLDS, held_out
from _rivals import RIVALS, Rows

from prefml.evaluation.folds import make_folds
from prefml.features import ChoiceTable
from prefml.ranking import metrics
from prefml.sets import content_order, index_sets

HERE = Path(__file__).resolve().parent
RUNS = {
    "rivals": {
        "quick": ["--sample", "{workspace}", "--seeds", "1", "--rivals", "ridge", "highest_stage"],
        "full": [
            "--live", "{live}", "--mef", "{mef}", "--sample", "{workspace}",
            "--encoder", "{mobilenet}",
        ],
    }
}  # fmt: skip
DATA = ("live", "mef", "sample")
SEEDS, FOLDS = 5, 4
# Left out of a result: one number a picture.
LONG = ("scores",)


def main() -> None:
    options = parse()
    names = ["prefml", *(name for name in options.rivals if name != "prefml")]
    missing = [name for name in names if RIVALS[name].missing]
    for name in missing:
        print(f"left out: {name}, because {RIVALS[name].needs} is not installed (extra bench)")
    result = json.loads(options.out.read_text()) if options.out.exists() else {"data": {}}
    for part in DATA:
        if (folder := getattr(options, part)) is None:
            continue
        table = read(part, folder, options.encoder)
        records = options.records / f"{part}-{digest(table)}"
        measure(table, [name for name in names if name not in missing], options, records)
        result |= {"benchmark": "rivals", "budget": BUDGET, "inner_folds": INNER_FOLDS,
                   "missing": missing, "machine": machine()}  # fmt: skip
        result["data"][part] = summary(part, table, records)
        options.out.parent.mkdir(exist_ok=True)
        options.out.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for part in DATA:
        parser.add_argument(f"--{part}", type=Path, help="a workspace")
    parser.add_argument("--encoder", help="embed LIVE and MEF with it first")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--rivals", nargs="+", choices=RIVALS, default=list(RIVALS))
    parser.add_argument("--again", nargs="+", choices=RIVALS, default=[])
    parser.add_argument("--records", type=Path, default=HERE.parent / "build" / "rivals")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "rivals.json")
    return parser.parse_args()


def read(part: str, folder: Path, encoder: str | None) -> ChoiceTable:
    """Read the choices of a workspace, embedded first where an encoder is named."""
    from explore_ranking import embed
    from rank import load_table

    if encoder and part != "sample":
        embed(str(folder), encoder)
    return load_table(str(folder))


def digest(table: ChoiceTable) -> str:
    """Return what changes with the data: records of other data are not taken for these."""
    content = hashlib.sha256(np.ascontiguousarray(table.X.to_numpy(np.float32)).tobytes())
    content.update("\n".join([*table.X.columns, *map(str, table.set_id)]).encode())
    content.update(np.asarray(table.y, np.int64).tobytes())
    return content.hexdigest()[:12]


def rows_of(table: ChoiceTable) -> tuple[Rows, np.ndarray]:
    """Return the rows by set, in an order that says nothing of which was chosen."""
    X = table.X.to_numpy(np.float32)
    order, _ = content_order(X, index_sets(table.set_id))
    names = ("set_id", "project", "hashes", "weight")
    parts = {name: np.asarray(getattr(table, name))[order] for name in names}
    rows = Rows(X[order], list(table.X.columns), table.y[order], cluster=table.cluster_id[order],
                **parts)  # fmt: skip
    return rows, order


def measure(
    table: ChoiceTable, names: list[str], options: argparse.Namespace, records: Path
) -> None:
    """Write the records that are not there yet, each measured in a process of its own."""
    rows, order = rows_of(table)
    session = table.session_id[order]
    for seed in range(options.seeds):
        made = make_folds(rows.project, session, rows.set_id, rows.hashes, FOLDS, seed)
        folds = [(fold.train, fold.test) for fold in made.folds]
        for name in names:
            path = records / f"{name}-{seed}.json"
            if path.exists() and name not in options.again:
                continue
            own = records / f"prefml-{seed}.json"
            fits = json.loads(own.read_text())["fit"] if name != "prefml" else [0.0] * len(folds)
            budgets = [BUDGET * fit for fit in fits]
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                found = pool.submit(held_out, name, rows, folds, seed, budgets).result()
            records.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(found | {"commit": machine()["commit"]}) + "\n")
            scored = (rows.y, found["scores"], rows.set_id)
            print(
                f"{records.name} seed {seed} {name:14s} top-1 {metrics.top1(*scored):.3f} "
                f"pairs {metrics.pair_accuracy(*scored):.3f} tuning {sum(found['tuning']):.0f} s, "
                f"fits {sum(found['fit']):.0f} s",
                flush=True,
            )


def summary(part: str, table: ChoiceTable, records: Path) -> dict[str, Any]:
    """Return every rival's accuracy, and prefml's lead with an interval, from the records."""
    rows, _ = rows_of(table)
    clusters = clusters_of(part, table)
    found = {name: runs_of(records, name) for name in RIVALS}
    hits = {
        name: {seed: metrics.top1_by_set(rows.y, run["scores"], rows.set_id)
               for seed, run in runs.items()}
        for name, runs in found.items()
    }  # fmt: skip
    return {
        "sets": len(clusters),
        "projects": len(np.unique(rows.project)),
        "clusters": len(np.unique(clusters)),
        "cluster_kind": "scene" if part == "mef" else "project",
        "models": {
            name: row_of(rows, runs) | lead(hits["prefml"], hits[name], clusters)
            for name, runs in found.items()
            if runs
        },
    }


def clusters_of(part: str, table: ChoiceTable) -> np.ndarray:
    """Return what each set is drawn with: its project, on MEF its scene, a session each."""
    rows, order = rows_of(table)
    origin = (table.session_id if part == "mef" else table.project)[order]
    return pd.Series(origin).groupby(rows.set_id, sort=False).first().to_numpy()


def runs_of(records: Path, name: str) -> dict[int, dict[str, Any]]:
    """Return the records of a rival by seed."""
    paths = sorted(records.glob(f"{name}-[0-9]*.json"))
    return {int(path.stem.rpartition("-")[2]): json.loads(path.read_text()) for path in paths}


def row_of(rows: Rows, runs: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """Return medians over seeds, and what was chosen in tuning."""

    def median(values: list[float]) -> float:
        return float(np.median(values))

    scored = [(rows.y, run["scores"], rows.set_id) for run in runs.values()]
    return {
        "seeds": len(runs),
        "top1": median([metrics.top1(*one) for one in scored]),
        "pair_accuracy": median([metrics.pair_accuracy(*one) for one in scored]),
        "fit_cpu_seconds": median([np.mean(run["fit"]) for run in runs.values()]),
        "tuning_cpu_seconds": median([np.mean(run["tuning"]) for run in runs.values()]),
        "candidates_tried": median([np.mean(run["tried"]) for run in runs.values()]),
        "predict_ms_per_1000": median([run["predict_ms_per_1000"] for run in runs.values()]),
        "peak_gb": max(run["peak_gb"] for run in runs.values()),
        "chosen": [run["chosen"] for run in runs.values()],
        "commits": sorted({str(run["commit"]) for run in runs.values()}),
    }


def lead(
    ours: dict[int, np.ndarray], theirs: dict[int, np.ndarray], clusters: np.ndarray
) -> dict[str, Any]:
    """Return by how much prefml is ahead, over the seeds that both have been run with."""
    seeds = sorted(set(ours) & set(theirs))
    if not seeds:
        return {"prefml_ahead": None, "prefml_ahead_by": [None, None], "verdict": None}
    first, second = (np.mean([one[seed] for seed in seeds], axis=0) for one in (ours, theirs))
    low, high = metrics.paired_interval(first, second, clusters)
    verdict = "ahead" if low > 0 else "behind" if high < 0 else "tie"
    return {"prefml_ahead": float(np.nanmean(first - second)), "prefml_ahead_by": [low, high],
            "verdict": verdict}  # fmt: skip


if __name__ == "__main__":
    main()
