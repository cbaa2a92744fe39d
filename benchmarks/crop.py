"""prefml's crop proposer beside others: agreement on held-out projects, worth of cues, time.

`python benchmarks/crop.py [WORKSPACE] [--real FOLDER] [--parts sample real cues routes time]
[--out FILE]`.
Without a workspace the sample is written to a temporary folder and embedded with the built-in
encoder. FOLDER holds the logs of a person without their pictures. Every part that ran is written to
`benchmarks/results/crop.json`, beside what earlier runs found in the others.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _machine import machine

from prefml.boxes import FULL_FRAME, is_whole
from prefml.cropping import CropRegressor
from prefml.cropping.baselines import ConstantBox, SizeStageBoost
from prefml.cropping.geometry import from_params, to_params
from prefml.cropping.inputs import FeatureReader
from prefml.cropping.metrics import crop_scores, iou
from prefml.cropping.policy import Policy
from prefml.cropping.scorer import WindowScorer
from prefml.features.tables import CropTable, crop_columns, crop_table

RUNS = {
    "crop": {
        "quick": ["{workspace}", "--parts", "sample", "routes", "time"],
        "full": ["{workspace}"],
    }
}
TARGET = Path(__file__).parent / "results" / "crop.json"
REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "real_logs"
PARTS = ("sample", "real", "cues", "routes", "time")
FOLDS = 4
# Part of a column's name -> what is measured by taking such columns away.
FAMILIES = {
    "saliency": "cue__saliency_",
    "detail": "cue__detail_",
    "main objects": "_object_",
    "grids": "_grid_",
    "borders": "cue__border_",
    "faces": "cue__face_",
    "embedding": "emb__",
}


def main() -> None:
    options = parse()
    target = options.out
    found = json.loads(target.read_text()) if target.exists() else {}
    with workspace_of(options.workspace) as workspace:
        for part in options.parts:
            began = time.perf_counter()
            result = RUN[part](workspace, options)
            if result is not None:
                found[part] = result | {"seconds": round(time.perf_counter() - began, 1)}
                found[part]["machine"] = machine()
                target.parent.mkdir(exist_ok=True)
                target.write_text(json.dumps(found, indent=1) + "\n")
                print(part, json.dumps(result, indent=1), flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", nargs="?", type=Path)
    parser.add_argument("--real", type=Path, default=REAL)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--out", type=Path, default=TARGET)
    return parser.parse_args()


@contextmanager
def workspace_of(folder: Path | None) -> Iterator[Any]:
    """Open a workspace that is embedded; the sample, made for the occasion, by default."""
    from prefml.decisions.projects import ProjectResolver
    from prefml.encoders import open_encoder
    from prefml.sample import write_sample
    from prefml.sidecars.build import build_sidecars
    from prefml.workspace import Workspace

    with tempfile.TemporaryDirectory() as temporary:
        if folder is None:
            folder = Path(temporary) / "sample"
            write_sample(folder)
            workspace = Workspace.open(folder)
            encoder = open_encoder("builtin", workspace.root)
            build_sidecars(workspace, ProjectResolver.open(workspace), encoder)
        yield Workspace.open(folder)


def table_of(workspace: Any) -> CropTable:
    from prefml.decisions import read_decisions
    from prefml.sidecars.store import read_sidecars

    return crop_table(read_decisions(workspace).crops, read_sidecars(workspace.sidecars))


def sample(workspace: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Compare every model on held-out projects."""
    from prefml.evaluation.contenders import CROPPERS, chosen_contenders
    from prefml.evaluation.crossval import held_out_boxes
    from prefml.evaluation.folds import make_folds

    table = table_of(workspace)
    folds = make_folds(table.project, table.session_id, np.arange(len(table)), n_folds=FOLDS)
    models = {}
    for contender in chosen_contenders(CROPPERS, table.X.columns):
        run = held_out_boxes(contender, table, folds.folds, 0)
        models[contender.name] = crop_scores(table.boxes, run.boxes, groups=table.project) | {
            "band_coverage": run.band_coverage,
            "fit_seconds": run.fit_seconds,
        }
    return {"rows": len(table), "kept_whole": kept_share(table.boxes), "models": models}


def real(workspace: Any, options: argparse.Namespace) -> dict[str, Any] | None:
    """Compare with the constant box on logs without pictures, in three kinds of folds."""
    from prefml.decisions import read_decisions
    from prefml.workspace import Workspace

    if not options.real.is_dir():
        print(f"real: left out, there is no {options.real}")
        return None
    table = crop_table(read_decisions(Workspace.open(options.real)).crops)
    days = pd.Series(table.timestamp).dt.date.astype(str).to_numpy()
    kinds = {
        "random": np.random.default_rng(0).integers(0, FOLDS, len(table)),
        "project": pd.factorize(table.project)[0],
        "date": pd.factorize(days)[0],
    }
    return {
        "rows": len(table),
        "kept_whole": kept_share(table.boxes),
        "folds": {kind: beside_constant(table, labels) for kind, labels in kinds.items()},
    }


def beside_constant(table: CropTable, labels: np.ndarray) -> dict[str, Any]:
    boxes = {name: np.zeros((len(table), 4)) for name in ("prefml", "constant_box", "size_stage")}
    inside, shrink = np.zeros((len(table), 4), bool), []
    for label in np.unique(labels):
        train, test = labels != label, labels == label
        X, unseen = table.X[train], table.X[test]
        ours = CropRegressor().fit(X, table.boxes[train], groups=table.project[train])
        fitted = {
            "prefml": ours,
            "constant_box": ConstantBox().fit(X, table.boxes[train]),
            "size_stage": SizeStageBoost().fit(X, table.boxes[train]),
        }
        for name, model in fitted.items():
            boxes[name][test] = model.predict(unseen)
        bands, edges = ours.predict_bands(unseen), table.boxes[test]
        inside[test] = (bands[..., 0] <= edges) & (edges <= bands[..., 1])
        shrink.append(ours.shrink_)
    overlap = {name: float(iou(found, table.boxes).mean()) for name, found in boxes.items()}
    return {
        "folds": len(shrink),
        "iou": overlap,
        "below_constant": overlap["constant_box"] - overlap["prefml"],
        "shrink": shrink,
        "band_coverage": float(inside.mean()),
    }


def cues(workspace: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Take one family of columns away at a time, to see what it is worth."""
    table = table_of(workspace)
    names = list(table.X.columns)
    runs = {"all": names} | {
        f"without {family}": [name for name in names if part not in name]
        for family, part in FAMILIES.items()
    }
    runs["embedding alone"] = [name for name in names if name.startswith("emb__")]
    runs["size and stage alone"] = ["width", "height", "aspect", "stage"]
    return {
        name: by_project(table, lambda X, y, Z: scored(X, y, Z), columns)
        for name, columns in runs.items()
    }


def routes(workspace: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Compare direct regression with scored windows, given the same columns."""
    table = table_of(workspace)
    names = [name for name in table.X.columns if not name.startswith("emb__")]
    where = [
        name for name in names if any(part in name for part in ("saliency", "detail_", "bord"))
    ]
    direct = [name for name in where if "_grid_" not in name] + ["aspect", "stage"]
    losses: dict[str, Callable[..., np.ndarray]] = {
        "ridge, squares": lambda X, y, Z: linear(X, y, Z, "ridge"),
        "linear, Huber": lambda X, y, Z: linear(X, y, Z, "huber"),
        "boosted, squares": lambda X, y, Z: boosted(X, y, Z, "regression"),
        "boosted, absolute": lambda X, y, Z: boosted(X, y, Z, "regression_l1"),
    }
    runs = {name: by_project(table, predict, direct) for name, predict in losses.items()}
    runs["scored windows, best one"] = by_project(
        table, lambda *a: scored(*a, blended=False), names
    )
    runs["scored windows, blended"] = by_project(table, scored, names)
    return runs


def by_project(
    table: CropTable, predict: Callable[..., np.ndarray], columns: list[str]
) -> dict[str, float]:
    boxes, began = np.zeros((len(table), 4)), time.perf_counter()
    for project in np.unique(table.project):
        test = table.project == project
        X = table.X[columns]
        boxes[test] = predict(X[~test], table.boxes[~test], X[test])
    scores = crop_scores(table.boxes, boxes)
    names = ("iou", "bde", "edges_within_5pct", "keep_balanced_accuracy")
    return {name: round(float(scores[name]), 4) for name in names} | {
        "seconds": round(time.perf_counter() - began, 1)
    }


def scored(
    X: pd.DataFrame, boxes: np.ndarray, unseen: pd.DataFrame, blended: bool = True
) -> np.ndarray:
    settings = CropRegressor().get_params()
    inputs = FeatureReader.fit(X.to_numpy(float), list(X.columns), settings["n_components"])
    scorer = WindowScorer(
        settings["n_estimators"], settings["learning_rate"], settings["num_leaves"], 0
    ).fit(inputs.read(X.to_numpy(float)), boxes, np.ones(len(X)))
    scores = scorer.score_candidates(inputs.read(unseen.to_numpy(float)))
    if not blended:
        return scorer.windows_[scores.argmax(axis=1)]
    scored = scorer.predict_from_scores(scores)
    return np.where((scored.full_iou > scored.best_iou)[:, None], FULL_FRAME, scored.boxes)


def boosted(X: pd.DataFrame, boxes: np.ndarray, unseen: pd.DataFrame, objective: str) -> np.ndarray:
    from lightgbm import LGBMRegressor

    columns = []
    for target in to_params(boxes).T:
        model = LGBMRegressor(
            objective=objective, n_estimators=300, learning_rate=0.05, num_leaves=7,
            min_child_samples=10, colsample_bytree=0.5, n_jobs=1, verbose=-1, random_state=0,
        )  # fmt: skip
        columns.append(model.fit(X, target).predict(unseen))
    return from_params(np.column_stack(columns))


def linear(X: pd.DataFrame, boxes: np.ndarray, unseen: pd.DataFrame, kind: str) -> np.ndarray:
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import HuberRegressor, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def model() -> Any:
        last = Ridge(10.0) if kind == "ridge" else HuberRegressor(epsilon=1.1, max_iter=500)
        return make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), last)

    side = to_params(boxes)[:, 0]
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = [model().fit(X, t).predict(unseen) for t in (side, centre[:, 0], centre[:, 1])]
    side = np.clip(wanted[0], 0.05, 1.0)
    start = [np.clip(middle - side / 2.0, 0.0, 1.0 - side) for middle in wanted[1:]]
    return np.column_stack([*start, start[0] + side, start[1] + side])


def times(workspace: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Time a proposal from a cached row, and from a new picture of 2048 x 2048."""
    from prefml.sidecars.store import read_sidecars

    table = table_of(workspace)
    model = CropRegressor().fit(table.X, table.boxes, groups=table.project)
    sidecars = read_sidecars(workspace.sidecars)

    sizes = sidecars.cues[["width", "height"]].to_numpy(float)

    def from_cache(row: int) -> None:
        one = slice(row, row + 1)
        propose(model, sidecars.embeddings[one], sidecars.cues.iloc[one], sizes[one])

    cached = [
        clocked(lambda row=row: from_cache(row)) for row in range(min(200, len(sidecars.cues)))
    ]
    rows = [table.X.iloc[[i]] for i in range(min(100, len(table)))]
    predicted = [clocked(lambda row=row: model.predict(row)) for row in rows]
    return {
        "cached_row_ms": spread(cached),
        "predict_row_ms": spread(predicted),
        "new_picture_ms": new_picture(workspace, model),
    }


def propose(
    model: CropRegressor, embedding: np.ndarray, cues: pd.DataFrame, size: np.ndarray
) -> None:
    X = crop_columns(size, [2.0], embedding, cues)
    model.propose(X, size=size, policy=Policy())


def new_picture(workspace: Any, model: CropRegressor) -> dict[str, Any]:
    """Time what `prefml crop` does with a PNG file, and two of its steps alone."""
    import cv2
    from sklearn.datasets import load_sample_images

    from prefml.encoders import open_encoder
    from prefml.imaging.decode import decode
    from prefml.prediction import Predictor
    from prefml.sidecars.derive import prepare

    encoder = open_encoder("builtin", workspace.root)
    spec = encoder.spec
    known = {"crop": {"encoder": {"identity": spec.identity, "id": spec.id, "name": "builtin"}}}
    predictor = Predictor(workspace, None, model, known, "builtin")
    steps: dict[str, list[tuple[float, float]]] = {n: [] for n in ("decode", "encode", "whole")}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "new.png")
        photo = load_sample_images().images[0]
        cv2.imwrite(path, cv2.resize(photo, (2048, 2048), interpolation=cv2.INTER_CUBIC))
        predictor.crop(predictor.measure([path]))
        for _ in range(15):
            picture = timed(steps["decode"], lambda: decode(path))
            timed(
                steps["encode"],
                lambda picture=picture: encoder.encode([prepare(encoder, picture)]),
            )
            timed(steps["whole"], lambda: predictor.crop(predictor.measure([path])))
    found = {name: spread(values) for name, values in steps.items()}
    beyond = found["whole"]["median"] - found["decode"]["median"] - found["encode"]["median"]
    return found | {"beyond_decode_and_encode": round(beyond, 2)}


def timed(into: list[tuple[float, float]], step: Callable[[], Any]) -> Any:
    """Run a step and note its wall and processor time in milliseconds."""
    began, worked = time.perf_counter(), time.process_time()
    result = step()
    into.append(((time.perf_counter() - began) * 1e3, (time.process_time() - worked) * 1e3))
    return result


def clocked(step: Callable[[], Any]) -> tuple[float, float]:
    into: list[tuple[float, float]] = []
    timed(into, step)
    return into[0]


def spread(milliseconds: list[tuple[float, float]]) -> dict[str, float]:
    """Summarise; on a busy machine the processor's time says more than the clock."""
    wall, processor = np.array(milliseconds).T
    return {
        "median": round(float(np.median(wall)), 2),
        "p95": round(float(np.quantile(wall, 0.95)), 2),
        "processor_median": round(float(np.median(processor)), 2),
    }


def kept_share(boxes: np.ndarray) -> float:
    return round(float(is_whole(boxes).mean()), 4)


RUN: dict[str, Callable[..., dict[str, Any] | None]] = {
    "sample": sample, "real": real, "cues": cues, "routes": routes, "time": times,
}  # fmt: skip

if __name__ == "__main__":
    main()
