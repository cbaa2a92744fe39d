"""Write the models of this version that every later one must load.

`python tests/data/make_models.py`, once for each version of a format: what lies there is never
written again. Each folder holds the joblib models, the exported ones, rows, and what the models
said of the rows when they were written.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from prefml import CropRegressor, SetRanker, __version__
from prefml.cropping.geometry import from_params
from prefml.models.exported import FORMAT, write_exported
from prefml.models.store import save_model

FOLDER = Path(__file__).parent / f"models-{__version__}-format{FORMAT}"
ANSWERS = {
    "ranker": ("predict", "win_probability"),
    "crop": ("predict", "keep_probability", "predict_bands"),
}


def choices() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return sets of three in which one step is worse than it should be."""
    rng = np.random.default_rng(0)
    n = 120
    stage = np.tile([1.0, 2.0, 3.0], n)
    X = pd.DataFrame({"stage": stage, "stage_step": np.tile([np.nan, 102.0, 203.0], n)})
    for i in range(4):
        X[f"cue__{i}"] = rng.normal(size=3 * n)
        X[f"cue_lower__{i}"] = np.where(stage > 1, rng.normal(1.0, 0.2, 3 * n), np.nan)
    embedding = rng.normal(size=(3 * n, 3)) @ rng.normal(size=(3, 10))
    X[[f"emb__{i:04d}" for i in range(10)]] = embedding
    worth = stage + X["cue__0"] - 0.3 * embedding[:, 0] + 0.5 * rng.normal(size=3 * n)
    best = worth.to_numpy().reshape(n, 3)
    y = (best == best.max(axis=1, keepdims=True)).astype(int).ravel()
    return X.round(6), y, np.repeat(np.arange(n), 3)


def crops() -> tuple[pd.DataFrame, np.ndarray]:
    """Return crops that follow an object, some pictures kept whole."""
    rng = np.random.default_rng(1)
    n = 160
    side = rng.uniform(0.2, 0.6, n)
    things = from_params(np.column_stack([side, rng.uniform(0, 1, (n, 2))]))
    wanted = np.minimum(1.4 * side, 1.0)[:, None]
    start = np.clip((things[:, :2] + things[:, 2:]) / 2 - wanted / 2, 0, 1 - wanted)
    boxes = np.hstack([start, start + wanted])
    boxes[wanted[:, 0] > 0.78] = [0.0, 0.0, 1.0, 1.0]
    X = pd.DataFrame(things, columns=[f"cue__thing_{c}" for c in ("x1", "y1", "x2", "y2")])
    # Heads above the objects, in most of the pictures, and eyes in them.
    heads = np.column_stack([things[:, 0], things[:, 1], things[:, 0] + 0.1, things[:, 1] + 0.1])
    heads[rng.random(n) < 0.3] = np.nan
    X[[f"cue__head_{c}" for c in ("x1", "y1", "x2", "y2")]] = heads
    X[["cue__point_eyes_x", "cue__point_eyes_y"]] = heads[:, :2] + 0.04
    grid = {f"cue__map_grid_{r}{c}": rng.random(n) for r in range(7) for c in range(7)}
    X = X.assign(**grid, stage=rng.choice([1.0, 2.0, np.nan], n), emb__0000=rng.normal(size=n))
    return X.round(6), np.clip(boxes, 0, 1)


def main() -> None:
    if FOLDER.exists():
        raise SystemExit(f"{FOLDER} exists; what was written once is never written again")
    X, y, set_id = choices()
    ranker = SetRanker(
        n_estimators=8, num_leaves=4, min_child_samples=5, n_bags=2, n_folds=3,
        compress={"emb__": 3}, novelty=["cue_lower__"], novelty_by="stage_step",
        linear=[["cue__", "stage"], ["emb__"]], net=[""], calibration="auto", random_state=0,
    ).fit(X, y, set_id=set_id)  # fmt: skip
    table, boxes = crops()
    cropper = CropRegressor(n_estimators=8, num_leaves=8).fit(table, boxes)
    assert cropper.shrink_ > 0
    answers = {}
    for kind, model, rows in (("ranker", ranker, X[:30]), ("crop", cropper, table[:20])):
        facts = {"encoder": None, "counts": {"rows": len(rows)}}
        save_model(model, FOLDER / f"{kind}.joblib", kind, facts)
        write_exported(model, FOLDER, kind, facts)
        rows.to_csv(FOLDER / f"{kind}.csv", index=False)
        answers[kind] = {name: said(model, name, rows) for name in ANSWERS[kind]}
    (FOLDER / "predictions.json").write_text(json.dumps(answers, indent=1) + "\n")


def said(model: SetRanker | CropRegressor, name: str, rows: pd.DataFrame) -> list[float]:
    """Ask a model; sets are of three rows."""
    words = {"set_id": np.arange(len(rows)) // 3} if name == "win_probability" else {}
    found: list[float] = getattr(model, name)(rows, **words).tolist()
    return found


if __name__ == "__main__":
    main()
