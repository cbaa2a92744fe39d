"""How far stated probabilities are from what happens: the top choice of rankers, and crop bands.

`python benchmarks/calibration.py [--parts live mef bands] [--seeds N] [--cache DIR] [--out FILE]`.
`live` and `mef` are the workspaces beside the project, embedded with the encoder there; folds by
project, and for each seed other folds and another ranker. Intervals resample whole projects of
`live` and whole scenes of `mef`. Calibration was chosen on `live`, on made-up choices and on the
sample, never on `mef`. `bands` draws the sample anew for each seed (the chosen pictures alone) and
holds out each project in turn; its cropper has fewer trees than the default. Then the project's
first 50 crops move the bands, and the rest is measured. With --cache, what a
seed found is kept there and not computed again.
"""

from __future__ import annotations

import argparse
import json
import pickle
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
import pandas as pd
from _machine import machine

from prefml.cropping import CropRegressor
from prefml.cropping.bands import EdgeBands
from prefml.cropping.fitting import band_features
from prefml.encoders import open_encoder
from prefml.evaluation.folds import make_folds
from prefml.features import ChoiceTable, CropTable, crop_columns
from prefml.features.training_data import read_training_data
from prefml.imaging.cues import measure
from prefml.imaging.decode import decode
from prefml.intervals import bootstrap_interval
from prefml.ranking import default_ranker
from prefml.ranking.metrics import ece, top1_by_set
from prefml.sample import plan
from prefml.sample.render import render
from prefml.sets import index_sets
from prefml.sidecars.derive import prepare

RUNS = {
    "calibration": {
        "quick": ["--seeds", "1", "--parts", "live", "mef"],
        "full": [],
    }
}
TARGET = Path(__file__).parent / "results" / "calibration.json"
SHARED = Path(__file__).resolve().parents[2] / "shared"
WORKSPACES = {"live": "live_challenge", "mef": "mef"}
ENCODER = "mobilenet_v2"
PARTS = ("live", "mef", "bands")
SEEDS = {"live": 5, "mef": 5, "bands": 10}
FOLDS, BINS, REPEATS = 4, 10, 1000
COVERAGE, OWN_CROPS = 0.8, 50
# A third of the time, and boxes nearly as good.
LIGHT = {"n_estimators": 40, "learning_rate": 0.3, "num_leaves": 31, "coverage": COVERAGE}

Found = dict[str, Any]


def main() -> None:
    options = parse()
    found = json.loads(options.out.read_text()) if options.out.exists() else {}
    for part in options.parts:
        began = time.perf_counter()
        result = bands(options) if part == "bands" else ranker(part, options)
        if result is None:
            print(f"{part}: left out, there is no {SHARED}")
            continue
        found[part] = result | {"seconds": round(time.perf_counter() - began, 1)}
        found[part]["machine"] = machine()
        options.out.write_text(json.dumps(found, indent=1) + "\n")
        print(part, json.dumps(result), flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--seeds", type=int, help="seeds of each part")
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--out", type=Path, default=TARGET)
    return parser.parse_args()


def cached(folder: Path | None, name: str, make: Callable[[], Any]) -> Any:
    """Return what was kept under a name, or make it and keep it."""
    if folder is None:
        return make()
    path = folder / f"{name}.pickle"
    if path.exists():
        return pickle.loads(path.read_bytes())
    made = make()
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(made))
    return made


def ranker(part: str, options: argparse.Namespace) -> Found | None:
    """Return the calibration error of the top choice in held-out projects."""
    source = options.shared / "data" / WORKSPACES[part]
    if not source.is_dir():
        return None
    encoder = options.shared / "encoders" / ENCODER
    table = cached(options.cache, f"{part}_table", lambda: embedded(source, encoder))
    count = options.seeds or SEEDS[part]
    stated = [
        cached(options.cache, f"{part}_{seed}", lambda seed=seed: held_out(table, seed))
        for seed in range(count)
    ]
    errors = [ece(table.y, one, table.set_id, BINS) for one in stated]
    sets = index_sets(table.set_id)
    # One session a scene in mef.
    origin = table.session_id if part == "mef" else table.project
    cluster = origin[sets.order[sets.starts]]
    mean = np.mean(stated, axis=0)
    return {
        "sets": len(sets),
        "seeds": count,
        "clusters": len(np.unique(cluster)),
        "cluster_kind": "scene" if part == "mef" else "project",
        "top1": float(np.mean([np.nanmean(top1_by_set(table.y, p, table.set_id)) for p in stated])),
        "ece": float(np.median(errors)),
        "ece_mean": float(np.mean(errors)),
        "ece_ci": list(error_interval(table, stated, cluster)),
        "ece_by_seed": errors,
        "stated": float(sets.reduce(np.maximum, mean).mean()),
    }


def embedded(source: Path, encoder: Path) -> ChoiceTable:
    """Copy a workspace, embed its pictures, and return its choices."""
    from prefml.decisions.projects import ProjectResolver
    from prefml.sidecars.build import build_sidecars
    from prefml.workspace import Workspace

    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary) / "workspace"
        shutil.copytree(source, root, copy_function=shutil.copyfile)
        for folder in (root, *root.rglob("*/")):
            folder.chmod(0o755)
        workspace = Workspace.open(root)
        build_sidecars(
            workspace, ProjectResolver.open(workspace), open_encoder(str(encoder), workspace.root)
        )
        return read_training_data(workspace).choices()


def held_out(table: ChoiceTable, seed: int) -> np.ndarray:
    """Return the probability of each row, from a ranker without its project."""
    stated = np.zeros(len(table))
    folds = make_folds(
        table.project, table.session_id, table.set_id, table.hashes, FOLDS, seed
    ).folds
    for fold in folds:
        train, test = fold.train, fold.test
        model = default_ranker(seed).fit(
            table.X.iloc[train], table.y[train], set_id=table.set_id[train],
            groups=table.project[train], sample_weight=table.weight[train],
            cluster_id=table.cluster_id[train],
        )  # fmt: skip
        stated[test] = model.win_probability(table.X.iloc[test], table.set_id[test])
    return stated


def error_interval(
    table: ChoiceTable, stated: Sequence[np.ndarray], cluster: np.ndarray
) -> tuple[float, float]:
    """Return the bootstrap interval of the mean error over seeds, whole clusters resampled."""
    sets = index_sets(table.set_id)
    top = np.array([sets.reduce(np.maximum, one) for one in stated])
    hits = np.array([top1_by_set(table.y, one, table.set_id) for one in stated])

    def mean_error(drawn: np.ndarray) -> float:
        rows = drawn.astype(int)
        return float(
            np.mean([binned_gap(t[rows], h[rows]) for t, h in zip(top, hits, strict=True)])
        )

    numbers = np.where(np.isnan(hits).any(axis=0), np.nan, np.arange(len(sets)))
    return bootstrap_interval(numbers, cluster, mean_error, repeats=REPEATS)


def binned_gap(stated: np.ndarray, hits: np.ndarray) -> float:
    """Return the calibration error of `prefml.ranking.metrics.ece` for sets drawn repeatedly."""
    parts = np.array_split(np.argsort(stated, kind="stable"), BINS)
    gaps = [abs(stated[part].mean() - hits[part].mean()) * len(part) for part in parts if len(part)]
    return float(sum(gaps) / len(stated))


def bands(options: argparse.Namespace) -> Found:
    """Return the coverage of crop bands by project, of held-out ones and with 50 own crops."""
    count = options.seeds or SEEDS["bands"]
    rows = [
        row | {"seed": seed}
        # Seed 0 is the sample on which croppers were chosen.
        for seed in range(1, count + 1)
        for row in cached(options.cache, f"bands_{seed}", lambda seed=seed: covered(crops(seed)))
    ]
    frame = pd.DataFrame(rows)
    return {
        "seeds": count,
        "crops": int(frame.groupby("seed")["crops"].sum().mean()),
        "promised": COVERAGE,
        "cropper": LIGHT,
        "own_crops": OWN_CROPS,
    } | {name: spread(frame, name) for name in ("held_out", "own")}


def spread(frame: pd.DataFrame, name: str) -> Found:
    """Summarize a coverage over projects and seeds."""
    return {
        "mean": float(frame[name].mean()),
        "lowest": float(frame[name].min()),
        "highest": float(frame[name].max()),
        "by_project": frame.groupby("project")[name].mean().to_dict(),
        "mean_by_seed": frame.groupby("seed")[name].mean().tolist(),
    }


def crops(seed: int) -> CropTable:
    """Draw the sample anew and measure the chosen pictures."""
    with patch.object(plan, "SEED", plan.SEED + seed):
        decided, _ = plan.plan_sample(plan.PROJECTS)
    sets = [one for one in decided if one.crop is not None]
    encoder = open_encoder("builtin", Path())
    cues, vectors = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "picture.png")
        for one in sets:
            alone = replace(one, images=(one.chosen_image,), chosen=0)
            cv2.imwrite(path, render(alone)[0][..., ::-1])
            picture = decode(path)
            cues.append(measure(picture))
            vectors.append(encoder.encode([prepare(encoder, picture)])[0])
    size = np.array([(one.chosen_image.width, one.chosen_image.height) for one in sets], float)
    stage = np.array([one.chosen_image.stage for one in sets])
    measured = pd.DataFrame(cues).astype(np.float32)
    text = np.array([one.project for one in sets], object)
    return CropTable(
        X=crop_columns(size, stage, np.array(vectors), measured),
        boxes=np.array([one.crop.pixels for one in sets]) / np.tile(size, 2),
        size=size, project=text, filename=text, session_id=text, stage=stage,
        timestamp=np.array([one.decided for one in sets], "datetime64[ns]"),
        weight=np.ones(len(sets)),
    )  # fmt: skip


def covered(table: CropTable) -> list[Found]:
    """Return the coverage of each project, by a cropper that has not seen it."""
    rows = []
    for project in np.unique(table.project):
        test = table.project == project
        model = CropRegressor().set_params(**LIGHT)
        model.fit(table.X[~test], table.boxes[~test], groups=table.project[~test])
        scores = model.model_.scorer.predict(model.inputs_.read(table.X[test].to_numpy(float)))
        features = band_features(scores, model.model_.uses_pictures)
        rows.append(coverage_of(model.model_.bands, str(project), features, table.boxes[test]))
    return rows


def coverage_of(fitted: EdgeBands, project: str, features: np.ndarray, boxes: np.ndarray) -> Found:
    """Return the share of edges inside: of all crops, and of those after the first 50."""
    before = inside(fitted.predict(features), boxes)
    first, rest = slice(None, OWN_CROPS), slice(OWN_CROPS, None)
    fitted.fit_own(project, features[first], boxes[first])
    names = np.full(len(boxes[rest]), project)
    after = inside(fitted.predict(features[rest], names), boxes[rest])
    return {"project": project, "crops": len(boxes), "held_out": before, "own": after}


def inside(found: np.ndarray, boxes: np.ndarray) -> float:
    return float(np.mean((found[..., 0] <= boxes) & (boxes <= found[..., 1])))


if __name__ == "__main__":
    main()
