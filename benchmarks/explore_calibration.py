"""How timid probabilities from the inner folds make the ranker that is fitted on all rows.

`python benchmarks/explore_calibration.py [--repeats N] [--out FILE]` fits prefml's ranker on
made-up choices of known taste, and compares the factor that the inner folds give with the one that
suits the fitted ranker on 4,000 sets it has not seen. Writes
`benchmarks/results/explore_calibration.json`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from _machine import machine

from prefml.ranking import default_ranker, metrics
from prefml.ranking.calibration import WinCalibrator
from prefml.sets import index_sets

TARGET = Path(__file__).parent / "results" / "explore_calibration.json"
RUNS = {"explore_calibration": {"quick": ["--quick"], "full": []}}
SIZES = (150, 300, 600, 1200, 2400)
NOISES = (0.5, 1.5)
DIM, SIZE_OF_SETS, PROJECTS, FRESH = 64, 3, 8, 4000


def choices(
    n_sets: int, taste: np.ndarray, noise: float, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return unit vectors, and which of each set somebody of that taste chose."""
    X = rng.normal(size=(n_sets * SIZE_OF_SETS, DIM))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    worth = X @ taste + noise * rng.normal(size=len(X))
    y = (np.arange(SIZE_OF_SETS) == worth.reshape(n_sets, -1).argmax(1)[:, None]).astype(int)
    inside = X - X.reshape(n_sets, SIZE_OF_SETS, DIM).mean(1).repeat(SIZE_OF_SETS, 0)
    names = [f"{kind}__{i:04d}" for kind in ("emb", "emb_mean") for i in range(DIM)]
    return (
        pd.DataFrame(np.hstack([X, inside]), columns=names),
        y.ravel(),
        np.arange(n_sets).repeat(SIZE_OF_SETS),
    )


def measure(n_sets: int, noise: float, seed: int) -> dict[str, float]:
    """Fit once and return the factors and the calibration errors on fresh sets."""
    rng = np.random.default_rng(seed)
    taste = rng.normal(size=DIM)
    X, y, set_id = choices(n_sets, taste, noise, rng)
    ranker = default_ranker(seed).fit(X, y, set_id=set_id, groups=set_id % PROJECTS)
    fresh, truth, names = choices(FRESH, taste, noise, rng)
    scores, sets = ranker.predict(fresh), index_sets(names)
    grown = ranker.calibrator_.factor_
    suited = WinCalibrator(isotonic_from=FRESH + 1).fit(scores, truth, sets).factor_
    inner = index_sets(set_id)
    before = WinCalibrator(n_sets + 1).fit(ranker.out_of_fold_, y, inner).factor_
    used = grown / before
    with_correction = ranker.probability_of(scores, sets)
    ranker.calibrator_.sharpen(1 / used)
    return {
        "wanted": suited / before,
        "used": used,
        "skill": ranker.calibrator_.skill(ranker.out_of_fold_, y, inner),
        "ece": metrics.ece(truth, with_correction, names),
        "ece_without": metrics.ece(truth, ranker.probability_of(scores, sets), names),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one repeat, the two smallest sizes")
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args()
    repeats, sizes = (1, SIZES[:2]) if options.quick else (options.repeats, SIZES)
    rows = []
    for noise in NOISES:
        for n_sets in sizes:
            runs = pd.DataFrame([measure(n_sets, noise, seed) for seed in range(repeats)])
            rows.append({"noise": noise, "sets": n_sets, **runs.median().round(4).to_dict()})
            print(rows[-1], flush=True)
    record = {"benchmark": "explore_calibration", "quick": options.quick, "repeats": repeats}
    options.out.write_text(
        json.dumps(record | {"machine": machine(), "rows": rows}, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
