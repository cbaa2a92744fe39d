"""What each family of the ranker's columns is worth: left out, and alone; with what it costs.

python benchmarks/families.py [--live FOLDER] [--mef FOLDER] [--sample FOLDER] [--encoder NAME]
    [--seeds N] [--families NAME ...] [--records FOLDER] [--out FILE]

Each FOLDER is a workspace; LIVE and MEF are embedded with the encoder first. prefml's ranker is
fitted on held-out projects with all columns, without a family, and with that alone; intervals are
of the difference to all columns, paired, projects drawn anew (scenes on MEF). A family of cues also
has the time that its module takes to measure a photograph. Every run leaves a record in the folder
of records and is not measured again when the command is repeated. Writes
`benchmarks/results/families.json`.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from _machine import machine
from _rival_tuning import held_out
from _rivals import Rows
from rivals import DATA, FOLDS, clusters_of, digest, read, rows_of

from prefml.evaluation.folds import make_folds
from prefml.features import ChoiceTable
from prefml.imaging import cues, detail, naturalness, saliency, shape, tone
from prefml.imaging.picture import Picture
from prefml.ranking import metrics

HERE = Path(__file__).resolve().parent
RUNS = {
    "families": {
        "quick": ["--sample", "{workspace}", "--seeds", "1", "--families", "tone", "closeness"],
        "full": [
            "--live", "{live}", "--mef", "{mef}", "--sample", "{workspace}",
            "--encoder", "{mobilenet}",
        ],
    }
}  # fmt: skip
MODULES = {
    "shape": shape, "detail": detail, "tone": tone, "naturalness": naturalness,
    "saliency": saliency,
}  # fmt: skip
KINDS = ("cue__", "cue_mean__", "cue_lower__")
FAMILIES: dict[str, tuple[str, ...]] = {
    **{
        name: tuple(f"{kind}{cue}" for kind in KINDS for cue in module.NAMES)
        for name, module in MODULES.items()
    },
    "cues relative to the set": ("cue_mean__",),
    "cues relative to the stage below": ("cue_lower__",),
    "closeness": ("near__",),
    "stage": ("stage",),
    "size of the set": ("set_size",),
    "embedding": ("emb__",),
    "embedding relative to the set": ("emb_mean__",),
    "all cues": KINDS,
    "embedding in any form": ("emb__", "emb_mean__", "near__"),
}
REPEATS = 7


def main() -> None:
    options = parse()
    result = json.loads(options.out.read_text()) if options.out.exists() else {"data": {}}
    for part in DATA:
        if (folder := getattr(options, part)) is None:
            continue
        table = read(part, folder, options.encoder)
        runs = measure(part, table, options)
        result |= {"benchmark": "families", "machine": machine(), "milliseconds": milliseconds()}
        result["data"][part] = {"sets": table.n_sets, "seeds": options.seeds, "runs": runs}
        options.out.parent.mkdir(exist_ok=True)
        options.out.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for part in DATA:
        parser.add_argument(f"--{part}", type=Path, help="a workspace")
    parser.add_argument("--encoder", help="embed LIVE and MEF with it first")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--records", type=Path, default=HERE.parent / "build" / "families")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "families.json")
    return parser.parse_args()


def measure(part: str, table: ChoiceTable, options: argparse.Namespace) -> dict[str, Any]:
    """Return accuracy of every run, and its difference to all columns with an interval."""
    rows, order = rows_of(table)
    clusters = clusters_of(part, table)
    records = options.records / f"{part}-{digest(table)}"
    runs = {"all": rows.X.shape[1] * [True]}
    for name in options.families:
        own = np.array([column.startswith(FAMILIES[name]) for column in rows.columns])
        runs |= {f"without {name}": ~own, f"{name} alone": own}
    hits, found = {}, {}
    for name, kept in runs.items():
        scores = scores_of(name, subset(rows, np.array(kept)), table.session_id[order], records,
                           options.seeds)  # fmt: skip
        if scores is None:
            continue
        hits[name] = np.mean([metrics.top1_by_set(rows.y, s, rows.set_id) for s in scores], axis=0)
        low, high = metrics.paired_interval(hits[name], hits["all"], clusters)
        found[name] = {
            "columns": int(np.sum(kept)),
            "top1": float(np.nanmean(hits[name])),
            "pair_accuracy": float(
                np.mean([metrics.pair_accuracy(rows.y, s, rows.set_id) for s in scores])
            ),
            "against_all": [low, high],
        }
        print(f"{part} {name:44s} {found[name]}", flush=True)
    return found


def subset(rows: Rows, kept: np.ndarray) -> Rows:
    """Return some of the columns, those left out that say nothing here."""
    known = kept & np.isfinite(rows.X).any(axis=0)
    columns = [name for name, wanted in zip(rows.columns, known, strict=True) if wanted]
    return replace(rows, X=rows.X[:, known], columns=columns)


def scores_of(
    name: str, rows: Rows, session: np.ndarray, records: Path, seeds: int
) -> list[list[float]] | None:
    """Return the scores with each seed, measured or read; None without a column."""
    if not rows.columns:
        return None
    found = []
    for seed in range(seeds):
        path = records / f"{name.replace(' ', '_')}-{seed}.json"
        if not path.exists():
            made = make_folds(rows.project, session, rows.set_id, rows.hashes, FOLDS, seed)
            folds = [(fold.train, fold.test) for fold in made.folds]
            run = held_out("prefml", rows, folds, seed, [0.0] * len(folds))
            records.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(run) + "\n")
        found.append(json.loads(path.read_text())["scores"])
    return found


def milliseconds() -> dict[str, float]:
    """Return the processor time in which each module measures a photograph of 2048 pixels."""
    import cv2
    from sklearn.datasets import load_sample_images

    photographs = [
        cv2.resize(image, (2048, 2048), interpolation=cv2.INTER_CUBIC)
        for image in load_sample_images().images
    ]
    spent: dict[str, list[float]] = {name: [] for name in MODULES}
    for _ in range(REPEATS):
        for pixels in photographs:
            picture = Picture(np.ascontiguousarray(pixels))
            cues.prepare(picture)
            for name, module in MODULES.items():
                began = time.process_time()
                module.measure(picture)
                spent[name].append(1e3 * (time.process_time() - began))
    return {name: round(float(np.median(values)), 2) for name, values in spent.items()}


if __name__ == "__main__":
    main()
