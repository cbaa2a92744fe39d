"""Plant the effect of a setting, and none, and compare rankers that may and may not see settings.

python benchmarks/settings_ranked.py [--worlds 8] [--out FILE]

Sets of a stage 2 and a stage 3 in eight projects that differ in how often stage 3 loses. A look
decides some of it; above a denoise of 0.45 stage 3 loses more often, and beside the denoise stand
settings that mean nothing: steps, guidance, and words. Projects are held out in turn, and the
default ranker is fitted on the others twice, with the columns of the settings and without them.
`changes` makes the denoise help in one half of the projects and harm in the other: it does not
hold on projects that are held out.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from _machine import machine
from sklearn.model_selection import GroupKFold

from prefml.features.relative import relative_cues, stage_columns
from prefml.features.settings import encode_settings, relative_settings, setting_names
from prefml.ranking import default_ranker
from prefml.ranking.linear_init import held_out_losses
from prefml.ranking.metrics import top1
from prefml.sets import index_sets

RUNS = {"settings_ranked": {"quick": ["--worlds", "2"], "full": ["--worlds", "8"]}}
PROJECTS, FOLDS, THRESHOLD = 8, 4, 0.45
SIZES = (120, 600)
EFFECTS = {"nothing": 0.0, "0.2": 0.2, "0.4": 0.4, "changes": 0.4}
WORDS = {"sampler": ["Euler a", "DDIM", "UniPC"], "model": ["dream", "real"]}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--worlds", type=int, default=8, help="worlds of each effect and size")
    options.add_argument("--out", type=Path, required=True, help="the file to write")
    given = options.parse_args()
    record = {
        "command": f"python benchmarks/settings_ranked.py --worlds {given.worlds}",
        "seeds": [0, given.worlds - 1],
        "projects": PROJECTS,
        "folds": FOLDS,
        "found": [measured(name, sets, given.worlds) for name in EFFECTS for sets in SIZES],
        "machine": machine(),
    }
    given.out.write_text(json.dumps(record, indent=1) + "\n")


def measured(effect: str, sets: int, worlds: int) -> dict[str, object]:
    """Compare the two rankers over worlds of one effect."""
    runs = [held_out(*world(effect, sets, seed)) for seed in range(worlds)]
    gain = np.array([run["with"] - run["without"] for run in runs])
    error = float(gain.std(ddof=1) / np.sqrt(worlds)) if worlds > 1 else None
    return {
        "effect": effect,
        "sets": sets,
        "worlds": worlds,
        "without": float(np.mean([run["without"] for run in runs])),
        "with": float(np.mean([run["with"] for run in runs])),
        "gain": float(gain.mean()),
        "gain_error": error,
        "loss_gain": float(np.mean([run["loss"] for run in runs])),
        "taken": int(sum(run["taken"] for run in runs)),
        "fits": worlds * FOLDS,
    }


def world(
    effect: str, sets: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Return the columns without settings and with them, labels, sets and projects."""
    rng = np.random.default_rng(seed)
    project = np.arange(sets) % PROJECTS
    denoise, look = rng.uniform(0.2, 0.7, sets), rng.normal(size=(sets, 2))
    sign = np.where(project % 2, -1, 1) if effect == "changes" else 1
    chance = rng.uniform(0.2, 0.6, PROJECTS)[project] + 0.1 * look[:, 0]
    chance = chance + sign * EFFECTS[effect] * (denoise > THRESHOLD)
    lost = rng.random(sets) < np.clip(chance, 0.02, 0.98)
    rows = np.repeat(np.arange(sets), 2)
    stage = np.tile([2.0, 3.0], sets)
    cues = np.where(stage[:, None] == 3, look[rows], 0) + rng.normal(size=(2 * sets, 2)) * 0.3
    grouped = index_sets(rows)
    plain = stage_columns(stage, grouped) | relative_cues(cues, ["look", "other"], stage, grouped)
    names = np.array([f"p{number}" for number in project[rows]], object)
    settings = made(rng, rows, stage, denoise)
    encoded = encode_settings(settings, setting_names(settings, names))
    wide = plain | relative_settings(encoded, stage, grouped)
    y = np.where(stage == 3, ~lost[rows], lost[rows]).astype(int)
    return pd.DataFrame(plain), pd.DataFrame(wide), y, rows, names


def made(
    rng: np.random.Generator, rows: np.ndarray, stage: np.ndarray, denoise: np.ndarray
) -> pd.DataFrame:
    """Return what generators wrote; the denoise into pictures of stage 3 alone."""
    count = len(rows)
    words = {name: rng.choice(known, count).astype(object) for name, known in WORDS.items()}
    empty = {name: np.full(count, "", object) for name in ("tool", "scheduler", "upscaler")}
    numbers = {
        "steps": rng.integers(10, 40, count).astype(float),
        "cfg": rng.uniform(3, 9, count),
        "denoise": np.where(stage == 3, denoise[rows], np.nan),
    }
    return pd.DataFrame(words | empty | numbers)


def held_out(
    plain: pd.DataFrame, wide: pd.DataFrame, y: np.ndarray, sets: np.ndarray, project: np.ndarray
) -> dict[str, float]:
    """Score held-out projects with and without settings."""
    scores = {"without": np.zeros(len(y)), "with": np.zeros(len(y))}
    taken = 0
    for train, test in GroupKFold(FOLDS).split(y, groups=project):
        for name, X in (("without", plain), ("with", wide)):
            ranker = default_ranker(0).fit(
                X.iloc[train], y[train], set_id=sets[train], groups=project[train]
            )
            scores[name][test] = ranker.predict(X.iloc[test])
            taken += bool(ranker.optional_columns_)
    found = {name: top1(y, values, sets) for name, values in scores.items()}
    losses = [
        held_out_losses(scores[name], y, index_sets(sets)).mean() for name in ("without", "with")
    ]
    return found | {"loss": float(losses[0] - losses[1]), "taken": taken}


if __name__ == "__main__":
    main()
