"""Plant the effect of one setting among fifty nothings, and none at all, many times.

python benchmarks/settings.py [--repeats 200] [--out FILE]

Sets of a stage 2 and a stage 3 in eight projects that differ in how often stage 3 loses; above a
denoise of 0.45 it loses more often. Beside it stand 25 numbers, higher in some projects than in
others, and 25 words. `found`: repeats in which the effect was reported; `covered`: reports whose
interval holds the true share; `false`: repeats in which a nothing was reported.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from _machine import machine

from prefml.ranking.setting_effects import setting_effects

RUNS = {"settings": {"quick": ["--repeats", "20"], "full": ["--repeats", "200"]}}
SETS, NOTHINGS, PROJECTS, THRESHOLD = 400, 50, 8, 0.45
EFFECTS = (0.0, 0.15, 0.25, 0.35)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=200, help="worlds of each effect")
    options.add_argument("--out", type=Path, required=True, help="the file to write")
    given = options.parse_args()
    record = {
        "command": f"python benchmarks/settings.py --repeats {given.repeats}",
        "seeds": [0, given.repeats - 1],
        "sets": SETS,
        "nothings": NOTHINGS,
        "effects": {str(effect): measured(effect, given.repeats) for effect in EFFECTS},
        "machine": machine(),
    }
    given.out.write_text(json.dumps(record, indent=1) + "\n")


def measured(effect: float, repeats: int) -> dict[str, int]:
    """Count what is reported of worlds with an effect of one size."""
    found = covered = false = 0
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        project = np.repeat(np.arange(PROJECTS), SETS // PROJECTS)
        denoise = rng.uniform(0.2, 0.7, SETS)
        chance = rng.uniform(0.2, 0.6, PROJECTS)[project] + effect * (denoise > THRESHOLD)
        lost = rng.random(SETS) < chance
        reported = setting_effects(
            settings_of(rng, project, denoise), lost, np.full(SETS, 3.0), project.astype(str),
            np.arange(SETS).astype(str),
        )  # fmt: skip
        told = [one for one in reported if one.setting == "denoise"]
        found += len(told)
        covered += sum(
            one.low <= chance[denoise > (one.above or 0)].mean() <= one.high for one in told
        )
        false += len(told) < len(reported) or (effect == 0 and bool(reported))
    return {"repeats": repeats, "found": found, "covered": int(covered), "false": int(false)}


def settings_of(rng: np.random.Generator, project: np.ndarray, denoise: np.ndarray) -> pd.DataFrame:
    """Return the settings of a world: one that may matter, and nothings."""
    columns: dict[str, np.ndarray] = {"denoise": denoise}
    for number in range(NOTHINGS // 2):
        columns[f"number {number}"] = rng.normal(size=SETS) + project
        columns[f"word {number}"] = rng.choice(["a", "b"], SETS, p=[0.3, 0.7]).astype(object)
    return pd.DataFrame(columns)


if __name__ == "__main__":
    main()
