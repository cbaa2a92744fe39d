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
SEEDS = {"cells": 130_001, "rivals": 130_002, "others": 130_003}
DELTA, BUDGETS = 0.05, (0.05, 0.10)
PROJECTS, SHIFTS, SETS = (1, 2, 4, 8, 20), (0.0, 0.4, 0.8), (400, 1500)
FEW = ((1, 4, 20), (0.0, 0.8), (1500,))
RIVAL_REPEATS, OTHERS_REPEATS = 200, 100
BLOCK = 250
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
        self.repeats = self.broken = self.approved = 0
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

    def merge(self, other: Counts) -> None:
        """Add the counts of other repeats."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

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


@dataclass(frozen=True)
class Job:
    """Some repeats of one cell; blocks of repeats are put together."""

    part: str
    world: str
    projects: int
    shift: float
    sets: int
    repeats: int
    block: int = 0

    def rng(self) -> np.random.Generator:
        """Return the generator of this cell and block."""
        cell = self.projects, int(10 * self.shift), self.sets
        return np.random.default_rng([SEEDS[self.part], *cell, self.block])


# What a row is of, as pairs of a name and a value.
Key = tuple[tuple[str, Any], ...]


def run(job: Job) -> tuple[Job, dict[Key, Counts]]:
    """Repeat one cell for everything that is asked of it."""
    started = time.process_time()
    bounds = _rivals(job) if job.part == "rivals" else _promises(job)
    where = (("projects", job.projects), ("shift", job.shift), ("sets", job.sets))
    of = (("world", job.world),) if job.part == "others" else ()
    found = {(*of, *name, *where, ("budget", budget)): n for (name, budget), n in bounds.items()}
    print(job, f"{time.process_time() - started:.0f} s", flush=True)
    return job, found


def _promises(job: Job) -> dict[tuple[Key, float], Counts]:
    promises = PROMISES if job.projects > 1 else PROMISES[:1]
    found = {((("promise", p),), budget): Counts() for p, budget in product(promises, BUDGETS)}
    rng, stated = job.rng(), truth_of(job.world, job.shift)[0].confidence
    for _ in range(job.repeats):
        drawn = draw(job.world, rng, job.projects, job.shift, job.sets)
        answers = HeldOutAnswers.read(drawn.confidence, drawn.correct, drawn.project, None)
        for (name, budget), counts in found.items():
            level = answers.approval(name[0][1], budget, DELTA).threshold
            counts.add(drawn, stated, name[0][1], budget, level)
    return found


def _rivals(job: Job) -> dict[tuple[Key, float], Counts]:
    """Measure the other bounds at the larger budget."""
    budget = BUDGETS[-1]
    names = {rival: (("bound", rival), ("promise", RIVALS[rival][0])) for rival in RIVALS}
    found = {(name, budget): Counts() for name in names.values()}
    rng, stated = job.rng(), truth_of(job.world, job.shift)[0].confidence
    for _ in range(job.repeats):
        drawn = draw(job.world, rng, job.projects, job.shift, job.sets)
        data = drawn.confidence, drawn.correct < 0.5, drawn.project
        for rival, (promise, bound) in RIVALS.items():
            level = bound(*data, budget, DELTA)
            found[names[rival], budget].add(drawn, stated, promise, budget, level)
    return found


def jobs_of(few: bool, repeats: int) -> Iterator[Job]:
    """Yield what is to be measured; a first block of everything, then the other blocks."""
    blocks = [min(BLOCK, repeats - start) for start in range(0, repeats, BLOCK)]
    cells = list(product(*(FEW if few else (PROJECTS, SHIFTS, SETS))))
    for number, size in enumerate(blocks):
        for cell in cells:
            yield Job("cells", "main", *cell, size, number)
        if number == 0:
            for cell in product((4, 20) if few else (4, 8, 20), (0.8,) if few else SHIFTS, (1500,)):
                yield Job("rivals", "main", *cell, min(repeats, RIVAL_REPEATS))
            cases = ((8, 0.4, 1500),) if few else ((4, 0.4, 400), (8, 0.8, 1500))
            for world, cell in product(OTHERS, cases):
                yield Job("others", world, *cell, min(repeats, OTHERS_REPEATS))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=1000, help="of each cell")
    options.add_argument("--few", action="store_true", help="fewer cells")
    options.add_argument("--jobs", type=int, default=1, help="processes")
    options.add_argument("--out", type=Path, default=RESULTS / "promises.json")
    given = options.parse_args()
    few = " --few" if given.few else ""
    head = {
        "command": f"python benchmarks/promises.py --repeats {given.repeats}{few}",
        "machine": machine(),
        "seeds": SEEDS,
        "delta": DELTA,
    }
    found: dict[str, dict[Key, Counts]] = {part: {} for part in SEEDS}
    with get_context("spawn").Pool(given.jobs) as pool:
        for job, counted in pool.imap(run, jobs_of(given.few, given.repeats)):
            for key, counts in counted.items():
                found[job.part].setdefault(key, Counts()).merge(counts)
            # A run that is cut short leaves the repeats it had.
            parts = {p: [dict(k) | n.row() for k, n in rows.items()] for p, rows in found.items()}
            given.out.write_text(json.dumps(head | parts, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
