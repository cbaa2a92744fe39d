"""Hold the three promises of `prefml.ranking.risk` against worlds whose true errors are known.

python benchmarks/promises.py [--repeats 1000] [--jobs 2]

A world draws confidences, a shift of each project in logits, and answers that are right with the
chance that follows. Promised is an error budget with 95 %; a promise is broken if the true error
above the threshold exceeds the budget: of the projects drawn in the mix they were seen in
(`seen`), of all projects of the world (`mixture`), of one more project (`next`). The oracle knows
all shifts, or their law, and takes the loosest level within the budget; for `next` the loosest
that 95 % of the projects keep. What is counted: repeats in which the promise broke, repeats in
which anything was approved, and the mean share of sets approved as a share of the oracle's.

The worlds of `others` break the assumptions of the model one at a time. Defaults of the model
were chosen on other seeds.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from _machine import machine
from _rival_bounds import RIVALS
from scipy.special import expit, logit
from scipy.stats import norm

from prefml.ranking.risk import HeldOutAnswers

RESULTS = Path(__file__).resolve().parent / "results"
RUNS = {"promises": {"quick": ["--repeats", "50", "--few"], "full": []}}
SEED, RIVAL_SEED, OTHERS_SEED = 130_001, 130_002, 130_003
DELTA, BUDGETS = 0.05, (0.05, 0.10)
PROJECTS, SHIFTS, SETS = (1, 2, 4, 8, 20), (0.0, 0.4, 0.8), (400, 1500)
FEW = ((1, 4, 20), (0.0, 0.8), (1500,))
RIVAL_REPEATS, OTHERS_REPEATS = 200, 100
POPULATION = 10_000
GRID = np.linspace(-8, 8, 161)
PROMISES = ("seen", "mixture", "next")


def softmax_of_three(rng: np.random.Generator, size: int) -> np.ndarray:
    """Return the largest of three probabilities, of scores that differ much or little."""
    scores = np.exp(rng.normal(0, 2.2, (size, 3)))
    return np.asarray(scores.max(axis=1) / scores.sum(axis=1))


def normal(rng: np.random.Generator, sd: float, size: int) -> np.ndarray:
    """Return shifts of the shape the model assumes."""
    return rng.normal(0, sd, size)


def heavy(rng: np.random.Generator, sd: float, size: int) -> np.ndarray:
    """Return shifts of Student's t with three degrees of freedom."""
    return sd * rng.standard_t(3, size) / np.sqrt(3)


def two_kinds(rng: np.random.Generator, sd: float, size: int) -> np.ndarray:
    """Return shifts of which one in five is far below the others."""
    return np.where(rng.random(size) < 0.2, -2.0, 0.5) * sd


def skewed(rng: np.random.Generator, sd: float, size: int) -> np.ndarray:
    """Return shifts with a long tail to the bad side."""
    return sd * (1 - rng.exponential(1, size))


@dataclass(frozen=True)
class World:
    """How confidences and answers come about."""

    confidence: Callable[[np.random.Generator, int], np.ndarray] = softmax_of_three
    shifts: Callable[[np.random.Generator, float, int], np.ndarray] = normal
    slope: float = 1.0
    slips: float = 0.0
    sizes: str = "equal"
    ties: float = 0.0

    def chance(self, confidence: np.ndarray, shift: np.ndarray) -> np.ndarray:
        """Return the chance that an answer is right."""
        stated = logit(np.clip(confidence, 1e-9, 1 - 1e-9))
        return np.asarray((1 - self.slips) * expit(self.slope * stated + shift))


MAIN = World()
OTHERS = {
    "uniform confidences": World(lambda rng, n: rng.uniform(1 / 3, 1, n)),
    "confidences Beta(5, 2)": World(lambda rng, n: rng.beta(5, 2, n)),
    "confidences Beta(8, 1.5)": World(lambda rng, n: rng.beta(8, 1.5, n)),
    "seven levels of confidence": World(
        lambda rng, n: rng.choice([0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97], n)
    ),
    "overconfident (slope .6)": World(slope=0.6),
    "underconfident (slope 1.5)": World(slope=1.5),
    "slips of 3 %": World(slips=0.03),
    "heavy-tailed shifts (t, 3)": World(shifts=heavy),
    "shifts of two kinds": World(shifts=two_kinds),
    "skewed shifts": World(shifts=skewed),
    "unequal projects": World(sizes="dirichlet"),
    "half the projects of 5 sets": World(sizes="tiny"),
    "one tie in ten": World(ties=0.1),
}


@dataclass(frozen=True)
class Truth:
    """True errors of a world, by shift and by number of the most confident of its population."""

    confidence: np.ndarray
    error: np.ndarray

    def at(self, shifts: np.ndarray) -> np.ndarray:
        """Return errors of projects, (n_projects, POPULATION)."""
        place = np.clip((shifts - GRID[0]) / (GRID[1] - GRID[0]), 0, len(GRID) - 1.001)
        low = place.astype(int)
        share = (place - low)[:, None]
        return (1 - share) * self.error[low] + share * self.error[low + 1]


@lru_cache(maxsize=4)
def truth_of(name: str, sd: float) -> tuple[Truth, np.ndarray, np.ndarray]:
    """Return a world's errors, the mean over all projects, and what 95 % of projects keep."""
    world = world_of(name)
    confidence = np.sort(world.confidence(np.random.default_rng(7), POPULATION))[::-1]
    wrong = 1 - world.chance(confidence, GRID[:, None])
    error = np.cumsum(wrong, axis=1) / np.arange(1, POPULATION + 1)
    if world.shifts is normal:
        shifts = sd * norm.ppf((np.arange(1000) + 0.5) / 1000)
    else:
        shifts = world.shifts(np.random.default_rng(8), sd, 4000)
    found = Truth(confidence, error)
    mean = np.mean([found.at(part).mean(axis=0) for part in np.array_split(shifts, 20)], axis=0)
    return found, mean, found.at(np.quantile(shifts, [DELTA]))[0]


def world_of(name: str) -> World:
    """Return a world by its name."""
    return OTHERS.get(name, MAIN)


@dataclass(frozen=True)
class Drawn:
    """One data set of a world and the true errors of what may be approved from it."""

    confidence: np.ndarray
    correct: np.ndarray
    project: np.ndarray
    truth: dict[str, np.ndarray]
    oracle: dict[str, np.ndarray]


def draw(name: str, rng: np.random.Generator, projects: int, sd: float, sets: int) -> Drawn:
    """Draw a data set."""
    world = world_of(name)
    truth, mean, tail = truth_of(name, sd)
    project = rng.choice(projects, sets, p=_sizes(world, rng, projects, sets))
    confidence, shift = world.confidence(rng, sets), world.shifts(rng, sd, projects)
    correct = (rng.random(sets) < world.chance(confidence, shift[project])).astype(float)
    # A tie of two is right by half, whichever would have been taken.
    correct[rng.random(sets) < world.ties] = 0.5
    share = np.bincount(project, minlength=projects) / sets
    rates = {"seen": share @ truth.at(shift), "mixture": mean}
    rates = {key: (1 - world.ties) * rate + world.ties / 2 for key, rate in rates.items()}
    one_more = truth.at(world.shifts(rng, sd, 1))[0]
    one_more, tail = ((1 - world.ties) * r + world.ties / 2 for r in (one_more, tail))
    return Drawn(confidence, correct, project, rates | {"next": one_more}, rates | {"next": tail})


def _sizes(world: World, rng: np.random.Generator, projects: int, sets: int) -> np.ndarray:
    if world.sizes == "dirichlet":
        return rng.dirichlet(np.ones(projects))
    tiny = np.arange(projects) < (projects // 2 if world.sizes == "tiny" else 0)
    return np.where(tiny, 5 / sets, (1 - tiny.sum() * 5 / sets) / (~tiny).sum())


class Counts:
    """What happened over the repeats of one cell."""

    def __init__(self) -> None:
        self.broken = self.approved = self.repeats = 0
        self.coverage = self.oracle = 0.0

    def add(self, drawn: Drawn, stated: np.ndarray, promise: str, budget: float, level) -> None:
        """Count one answer."""
        within = np.flatnonzero(drawn.oracle[promise] <= budget)
        self.repeats += 1
        self.oracle += (within[-1] + 1) / POPULATION if len(within) else 0.0
        if level is None:
            return
        count = int(np.searchsorted(-stated, -level, side="right"))
        self.approved += 1
        self.coverage += count / POPULATION
        self.broken += bool(count and drawn.truth[promise][count - 1] > budget)

    def row(self) -> dict[str, Any]:
        """Return what was counted."""
        return {
            "repeats": self.repeats,
            "broken": self.broken,
            "approved": self.approved,
            "coverage": round(self.coverage / self.repeats, 4),
            "oracle": round(self.oracle / self.repeats, 4),
            "share": round(self.coverage / self.oracle, 3) if self.oracle else None,
        }


Cell = tuple[str, int, float, int, int, int]


def measure(cell: Cell) -> list[dict[str, Any]]:
    """Repeat one cell for all promises and budgets."""
    name, projects, sd, sets, repeats, seed = cell
    rng = np.random.default_rng([seed, projects, int(10 * sd), sets])
    stated = truth_of(name, sd)[0].confidence
    promises = PROMISES if projects > 1 else PROMISES[:1]
    found = {key: Counts() for key in product(promises, BUDGETS)}
    for _ in range(repeats):
        drawn = draw(name, rng, projects, sd, sets)
        answers = HeldOutAnswers.read(drawn.confidence, drawn.correct, drawn.project, None)
        for promise, budget in found:
            level = answers.approval(promise, budget, DELTA).threshold
            found[promise, budget].add(drawn, stated, promise, budget, level)
    where = {"projects": projects, "shift": sd, "sets": sets}
    return [
        {"promise": promise, **where, "budget": budget, **counts.row()}
        for (promise, budget), counts in found.items()
    ]


def measure_rivals(cell: Cell) -> list[dict[str, Any]]:
    """Repeat one cell for the other bounds, at the larger budget."""
    name, projects, sd, sets, repeats, seed = cell
    rng = np.random.default_rng([seed, projects, int(10 * sd), sets])
    stated = truth_of(name, sd)[0].confidence
    found = {rival: Counts() for rival in RIVALS}
    for _ in range(repeats):
        drawn = draw(name, rng, projects, sd, sets)
        for rival, (promise, bound) in RIVALS.items():
            level = bound(drawn.confidence, drawn.correct < 0.5, drawn.project, BUDGETS[-1], DELTA)
            found[rival].add(drawn, stated, promise, BUDGETS[-1], level)
    where = {"projects": projects, "shift": sd, "sets": sets, "budget": BUDGETS[-1]}
    return [
        {"bound": rival, "promise": RIVALS[rival][0], **where, **counts.row()}
        for rival, counts in found.items()
    ]


def measure_other(cell: Cell) -> list[dict[str, Any]]:
    """Repeat one cell of a world that breaks an assumption."""
    return [{"world": cell[0], **row} for row in measure(cell)]


def cells(few: bool, repeats: int) -> Iterator[tuple[str, Callable[[Cell], Any], Cell]]:
    """Yield what is to be measured."""
    for projects, sd, sets in product(*(FEW if few else (PROJECTS, SHIFTS, SETS))):
        yield "cells", measure, ("main", projects, sd, sets, repeats, SEED)
    rivals = min(repeats, RIVAL_REPEATS)
    for projects, sd in product((4, 20) if few else (4, 8, 20), (0.8,) if few else SHIFTS):
        yield "rivals", measure_rivals, ("main", projects, sd, 1500, rivals, RIVAL_SEED)
    others = min(repeats, OTHERS_REPEATS)
    for name, (projects, sd, sets) in product(
        OTHERS, ((8, 0.4, 1500),) if few else ((4, 0.4, 400), (8, 0.8, 1500))
    ):
        yield "others", measure_other, (name, projects, sd, sets, others, OTHERS_SEED)


def run(job: tuple[str, Callable[[Cell], Any], Cell]) -> tuple[str, list[dict[str, Any]]]:
    """Measure one cell."""
    part, function, cell = job
    started = time.process_time()
    rows = function(cell)
    print(part, *cell, f"{time.process_time() - started:.0f} s", flush=True)
    return part, rows


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=1000, help="of each cell")
    options.add_argument("--few", action="store_true", help="fewer cells")
    options.add_argument("--jobs", type=int, default=1, help="processes")
    options.add_argument("--out", type=Path, default=RESULTS / "promises.json")
    given = options.parse_args()
    jobs = list(cells(given.few, given.repeats))
    parts: dict[str, list[dict[str, Any]]] = {"cells": [], "rivals": [], "others": []}
    with get_context("spawn").Pool(given.jobs) as pool:
        for part, rows in pool.imap(run, jobs):
            parts[part] += rows
    few = " --few" if given.few else ""
    record = {
        "command": f"python benchmarks/promises.py --repeats {given.repeats}{few}",
        "machine": machine(),
        "seeds": {"cells": SEED, "rivals": RIVAL_SEED, "others": OTHERS_SEED},
        "delta": DELTA,
        **parts,
    }
    given.out.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
