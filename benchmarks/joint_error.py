"""Hold the joint promise against worlds in which sets are rejected and logs do not show it.

python benchmarks/joint_error.py [--repeats 40]

A world draws, for each set, the probability of the suggested picture, the probability that the set
is rejected, and what happens by these. Logged sets are those that were not rejected; reviewed sets
are all. Promised is an error budget of 10 % with 95 %, for new sets of four projects that do not
differ. A promise is broken if the true error above its threshold exceeds the budget, where an error
is another picture or a rejection. Three rules are compared:

`jointly`
    `prefml.ranking.approval.make_promises`.
`unweighted`
    The same confidences and errors, a rejected set counted as one set among those of logs.
`apart`
    The choice alone keeps the budget, and a set's own probability of rejection lies within it.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from _machine import machine
from scipy.optimize import brentq
from scipy.special import expit

from prefml.ranking.approval import HeldOutSets, joint_confidence, make_promises
from prefml.ranking.risk import coverage_at

RESULTS = Path(__file__).resolve().parent / "results"
RUNS = {"joint_error": {"quick": ["--repeats", "10"], "full": []}}
SEED, BUDGET, POPULATION = 130_101, 0.10, 200_000
REVIEWED, SETS = (60, 100, 300, 1500), 1500
RATES = (0.04, 0.12, 0.2)
RULES = ("jointly", "unweighted", "apart")


@dataclass(frozen=True)
class World:
    """Chances of sets: that the suggested picture is chosen, and that the set is rejected."""

    win: np.ndarray
    rejected: np.ndarray
    stated: np.ndarray


def draw_world(rng: np.random.Generator, n: int, rate: float, told: bool) -> World:
    """Draw sets whose rejection is either told by a feature of theirs, or by nothing."""
    feature = 3 * rng.normal(size=n)
    fixed = 3 * np.random.default_rng(7).normal(size=POPULATION)
    shift = brentq(lambda a: expit(a + fixed).mean() - rate, -30, 10)
    chance = expit(shift + feature)
    stated = chance if told else np.full(n, rate)
    return World(1 - 0.3 * rng.random(n) ** 3, chance, stated)


def observe(rng: np.random.Generator, world: World, reviewed: int, n: int) -> HeldOutSets:
    """Review the first sets, and take from the others, for the log, those that are accepted."""
    rejected = rng.random(len(world.win)) < world.rejected
    in_review = np.arange(len(rejected)) < reviewed
    rows = np.flatnonzero(in_review | ~rejected)[:n]
    ones = np.ones(len(rows))
    hits = rng.random(len(rows)) < world.win[rows]
    return HeldOutSets(
        win=world.win[rows],
        none=world.stated[rows],
        crop=ones,
        chosen=np.where(rejected[rows], 0.0, hits),
        rejected=rejected[rows],
        cropped=ones,
        project=rng.integers(0, 4, len(rows)).astype(str),
        reviewed=in_review[rows],
        inclusion=ones,
    )


def approve(rule: str, seen: HeldOutSets, world: World) -> np.ndarray:
    """Return which sets of the world a rule approves."""
    confidence = np.asarray(joint_confidence(world.win, world.stated))
    if rule == "jointly":
        threshold = make_promises(seen, ["seen"], [BUDGET])[0].threshold
    elif rule == "unweighted":
        words = {"groups": seen.project, "promise": "seen"}
        threshold = coverage_at(seen.confidence, seen.correct, BUDGET, **words).threshold
    else:
        kept = seen.take(~seen.rejected)
        words = {"groups": kept.project, "promise": "seen"}
        threshold = coverage_at(kept.win, kept.chosen, BUDGET, **words).threshold
        confidence = np.where(world.stated <= BUDGET, world.win, -1.0)
    return np.zeros(len(world.win), bool) if threshold is None else confidence >= threshold


def best_share(world: World) -> float:
    """Return the share of sets that who knows all chances approves by joint confidence."""
    order = np.argsort(-np.asarray(joint_confidence(world.win, world.stated)), kind="stable")
    wrong = (1 - joint_confidence(world.win, world.rejected))[order]
    within = np.cumsum(wrong) / np.arange(1, len(wrong) + 1) <= BUDGET
    return float(np.flatnonzero(within)[-1] + 1) / len(wrong) if within.any() else 0.0


def measure(reviewed: int, rate: float, told: bool, repeats: int) -> dict[str, object]:
    """Repeat one cell: how often each rule breaks, and the share of sets that it approves."""
    population = draw_world(np.random.default_rng(SEED), POPULATION, rate, told)
    wrong = 1 - joint_confidence(population.win, population.rejected)
    broken, share = dict.fromkeys(RULES, 0), {rule: [] for rule in RULES}
    for repeat in range(repeats):
        rng = np.random.default_rng([SEED, reviewed, int(1000 * rate), told, repeat])
        seen = observe(rng, draw_world(rng, 3 * SETS, rate, told), reviewed, SETS)
        for rule in RULES:
            chosen = approve(rule, seen, population)
            broken[rule] += bool(chosen.any() and wrong[chosen].mean() > BUDGET)
            share[rule].append(float(chosen.mean()))
    approved = {rule: round(float(np.mean(values)), 4) for rule, values in share.items()}
    return {
        "reviewed": reviewed, "rejections": rate, "told": told, "repeats": repeats,
        "broken": broken, "approved": approved, "oracle": round(best_share(population), 4),
    }  # fmt: skip


def main() -> None:
    """Measure every cell and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--out", type=Path, default=RESULTS / "joint_error.json")
    options = parser.parse_args()
    began, cells = time.time(), []
    for told, rate, reviewed in product((False, True), RATES, REVIEWED):
        cells.append(measure(reviewed, rate, told, options.repeats))
        print(cells[-1], flush=True)
    found = {
        "command": f"python benchmarks/joint_error.py --repeats {options.repeats}",
        "machine": machine(),
        "seed": SEED,
        "budget": BUDGET,
        "sets": SETS,
        "seconds": round(time.time() - began),
        "cells": cells,
    }
    options.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
