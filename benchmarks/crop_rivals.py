"""prefml's crops beside rivals on the same inputs, cues of people among them.

python benchmarks/crop_rivals.py [--sample FOLDER] [--photographs FOLDER] [--cuts N] [--seeds N]
    [--rivals NAME ...] [--records FOLDER] [--out FILE]

Two data sets: the crops of an embedded workspace, projects held out; and the planted crop rules of
`people_crops.py` on cuts of photographs of people (LIVE's by default), where all cuts of a
photograph lie in one project. Intervals are of the difference to prefml, paired, projects
(photographs) drawn anew. Times are of the processor. Every data set, rival and seed leaves a record
and is not measured again when the command is repeated. Writes `results/crop_rivals.json`; a rival
that is not installed is named in it.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _machine import machine
from people_crops import PHOTOGRAPHS, PROJECTS, cut_all

from prefml.cropping import CropRegressor
from prefml.cropping.baselines import ConstantBox, FullFrame, SaliencyBox
from prefml.cropping.metrics import iou
from prefml.evaluation.folds import make_folds
from prefml.evaluation.neural import NeuralCropper
from prefml.ranking.metrics import bootstrap_interval, paired_interval

HERE = Path(__file__).resolve().parent
RUNS = {
    "crop_rivals": {
        "quick": ["--sample", "{workspace}", "--seeds", "1", "--rivals", "constant", "aspect"],
        "full": ["--sample", "{workspace}", "--photographs", "{live}/images"],
    }
}
FOLDS, SEEDS = 4, 5
# Aspects within this factor of each other count as one.
SAME_ASPECT = 1.05
LEAST_OF_AN_ASPECT = 10


@dataclass(frozen=True)
class Crops:
    """Columns, boxes, what is held out together and what is drawn together."""

    X: pd.DataFrame
    boxes: np.ndarray
    size: np.ndarray
    project: np.ndarray
    cluster: np.ndarray


class AspectBox:
    """The constant box of the pictures of one aspect; the one of all where few are known."""

    def fit(self, X: pd.DataFrame, boxes: np.ndarray) -> AspectBox:
        """Find a box for each aspect of which there are enough."""
        self.all_, self.of_ = ConstantBox().fit(X, boxes), {}
        keys = self._keys(X)
        for key in np.unique(keys):
            if (keys == key).sum() >= LEAST_OF_AN_ASPECT:
                self.of_[key] = ConstantBox().fit(X[keys == key], boxes[keys == key])
        return self

    def predict(self, X: pd.DataFrame, size: np.ndarray | None = None) -> np.ndarray:
        """Return the box of each picture's aspect."""
        found, keys = self.all_.predict(X), self._keys(X)
        for key, model in self.of_.items():
            found[keys == key] = model.predict(X[keys == key])
        return found

    def _keys(self, X: pd.DataFrame) -> np.ndarray:
        return np.rint(np.log(X["aspect"].to_numpy(float)) / np.log(SAME_ASPECT)).astype(int)


class Boosted:
    """LightGBM on all columns, one model for each edge."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit(self, X: pd.DataFrame, boxes: np.ndarray) -> Boosted:
        """Fit a model for each edge."""
        from lightgbm import LGBMRegressor

        made = {"n_estimators": 200, "learning_rate": 0.05, "num_leaves": 15, "max_bin": 63,
                "colsample_bytree": 0.2, "random_state": self.seed, "n_jobs": 1,
                "verbose": -1}  # fmt: skip
        values = X.to_numpy(np.float32)
        self.models_ = [LGBMRegressor(**made).fit(values, edge) for edge in boxes.T]
        return self

    def predict(self, X: pd.DataFrame, size: np.ndarray | None = None) -> np.ndarray:
        """Return the four edges, put in order."""
        values = X.to_numpy(np.float32)
        edges = np.clip(np.column_stack([m.predict(values) for m in self.models_]), 0, 1)
        return np.column_stack([np.minimum(edges[:, :2], edges[:, 2:]),
                                np.maximum(edges[:, :2], edges[:, 2:])])  # fmt: skip


# Name -> how it is made, and the module it needs.
CROPPERS: dict[str, tuple[Callable[[int], Any], str]] = {
    "prefml": (lambda seed: CropRegressor(random_state=seed), "numpy"),
    "constant": (lambda seed: ConstantBox(), "numpy"),
    "aspect": (lambda seed: AspectBox(), "numpy"),
    "saliency": (lambda seed: SaliencyBox(), "numpy"),
    "full": (lambda seed: FullFrame(), "numpy"),
    "lightgbm": (Boosted, "lightgbm"),
    "net": (lambda seed: NeuralCropper(random_state=seed), "torch"),
}


def main() -> None:
    options = parse()
    missing = [name for name in options.rivals if find_spec(CROPPERS[name][1]) is None]
    for name in missing:
        print(f"left out: {name}, because {CROPPERS[name][1]} is not installed")
    names = [name for name in options.rivals if name not in missing]
    result = json.loads(options.out.read_text()) if options.out.exists() else {"data": {}}
    for part, make in (("sample", of_workspace), *((rule, planted) for rule in RULES)):
        crops = make(part, options)
        if crops is None:
            continue
        result |= {"benchmark": "crop_rivals", "missing": missing, "machine": machine()}
        result["data"][part] = compare(part, crops, names, options)
        options.out.parent.mkdir(exist_ok=True)
        options.out.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=Path, help="an embedded workspace with crops")
    parser.add_argument("--photographs", type=Path, help=f"such as {PHOTOGRAPHS.parent.name}")
    parser.add_argument("--cuts", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--rivals", nargs="+", choices=CROPPERS, default=list(CROPPERS))
    parser.add_argument("--records", type=Path, default=HERE.parent / "build" / "crop_rivals")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "crop_rivals.json")
    return parser.parse_args()


RULES = ("thighs_eyes_hands", "room_around_body")
_cuts: dict[str, Any] = {}


def of_workspace(part: str, options: argparse.Namespace) -> Crops | None:
    """Return the crops of the workspace."""
    if options.sample is None:
        return None
    from crop import table_of

    from prefml.workspace import Workspace

    table = table_of(Workspace.open(options.sample))
    return Crops(table.X, table.boxes, table.size, table.project, table.project)


def planted(part: str, options: argparse.Namespace) -> Crops | None:
    """Return cuts of photographs of people with the boxes of one rule; they are cut once."""
    if options.photographs is None or not options.photographs.is_dir():
        return None
    if not _cuts:
        _cuts["all"] = cut_all(options.photographs, options.cuts)
    table, rules, photograph = _cuts["all"]
    size = table[["width", "height"]].to_numpy(float)
    project = np.array([f"p{number % PROJECTS}" for number in photograph], dtype=object)
    return Crops(table, rules[part], size, project, photograph)


def compare(
    part: str, crops: Crops, names: list[str], options: argparse.Namespace
) -> dict[str, Any]:
    """Return every cropper's overlap and prefml's lead, from records or measured."""
    found: dict[str, dict[str, Any]] = {}
    overlaps: dict[str, np.ndarray] = {}
    for name in ["prefml", *(name for name in names if name != "prefml")]:
        runs = [run_of(part, crops, name, seed, options.records) for seed in range(options.seeds)]
        overlaps[name] = np.mean([run["iou"] for run in runs], axis=0)
        low, high = paired_interval(overlaps["prefml"], overlaps[name], crops.cluster)
        found[name] = {
            "iou": float(overlaps[name].mean()),
            "iou_ci": list(bootstrap_interval(overlaps[name], crops.cluster)),
            "edges_within_5pct": float(np.mean([run["edges"] for run in runs])),
            "prefml_ahead_by": [low, high],
            "verdict": "ahead" if low > 0 else "behind" if high < 0 else "tie",
            "fit_cpu_seconds": float(np.median([run["fit"] for run in runs])),
            "predict_ms": float(np.median([run["predict_ms"] for run in runs])),
        }
        print(f"{part} {name:10s} {found[name]}", flush=True)
    return {"crops": len(crops.X), "projects": len(np.unique(crops.project)),
            "seeds": options.seeds, "models": found}  # fmt: skip


def run_of(part: str, crops: Crops, name: str, seed: int, records: Path) -> dict[str, Any]:
    """Return the record of one run, which is measured where there is none of as many crops."""
    path = records / f"{part}-{len(crops.X)}-{name}-{seed}.json"
    if not path.exists():
        records.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(held_out(crops, name, seed)) + "\n")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def held_out(crops: Crops, name: str, seed: int) -> dict[str, Any]:
    """Fit on each fold's training rows and crop its test rows."""
    rows = np.arange(len(crops.X))
    folds = make_folds(crops.project, rows, rows, None, FOLDS, seed).folds
    boxes, fits, predicting = np.zeros((len(rows), 4)), [], 0.0
    for fold in folds:
        model, began = CROPPERS[name][0](seed), time.process_time()
        words = {"groups": crops.project[fold.train]} if name == "prefml" else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(crops.X.iloc[fold.train], crops.boxes[fold.train], **words)
        fitted = time.process_time()
        boxes[fold.test] = model.predict(crops.X.iloc[fold.test], size=crops.size[fold.test])
        predicting += time.process_time() - fitted
        fits.append(fitted - began)
    return {
        "iou": [float(f"{one:.6g}") for one in iou(boxes, crops.boxes)],
        "edges": float((np.abs(boxes - crops.boxes) <= 0.05).mean()),
        "fit": float(np.mean(fits)),
        "predict_ms": 1e3 * predicting / len(rows),
    }


if __name__ == "__main__":
    main()
