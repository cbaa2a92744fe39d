"""Learn for six rounds from what was approved in bulk: what is promised, reported, and true.

    python benchmarks/loop.py [--repeats N] [--others N] [--switches N] [--out FILE]

A planted taste, a budget of 10 %, 400 judged sets, then rounds of 300 new sets; of what lies within
the budget the person sees nothing, or the audited share. Four ways to learn from it are compared on
the same tastes; the one that prefml takes, "audits", with more repeats. The first round is played
with other numbers of judged sets, too. Then batches are switched off, or not, by audits of a known
error.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from _loop import BUDGET, KINDS, first_round, play
from _machine import machine

from prefml.intervals import ALPHA, e_values

ROOT = Path(__file__).resolve().parents[1]
ROUNDS, NEW, FIRST = 6, 300, 400
# From 1,000 sets on probabilities go through isotonic regression.
SIZES = (200, 400, 1000, 2000)
# Audits of a batch of the least size.
ROUND = 20
RUNS = {
    "loop": {
        "quick": ["--repeats", "4", "--others", "2", "--switches", "200"],
        "full": [],
    }
}
# Error of each round in turn -> the rounds after which it is asked whether batches are off.
SWITCHES = {
    "0.5 from the start": ([0.5], (1,)),
    "0.25 from the start": ([0.25] * 3, (1, 2, 3)),
    "0.08, 20 rounds": ([0.08] * 20, (20,)),
    "0.10, the budget itself, 20 rounds": ([0.10] * 20, (20,)),
    "0.05 for five rounds, then 0.5": ([0.05] * 5 + [0.5] * 3, (5, 6, 7, 8)),
    "0.05 for five rounds, then 0.25": ([0.05] * 5 + [0.25] * 8, (5, 6, 8, 9, 11, 13)),
}


def summarize(repeats):
    """Sum up one round of all repeats."""
    within = [one for one in repeats if one["true_within"] is not None]
    told = [one for one in within if one["told_within"]]
    exceeded = [one["true_within"] > BUDGET for one in within]
    return {
        "repeats": len(repeats),
        "covered": mean(one["covered"] for one in repeats),
        "true_within": mean(one["true_within"] for one in within),
        "told_within": mean(one["told_within"][0] for one in told),
        "exceeded": int(sum(exceeded)),
        "exceeded_share": round(sum(exceeded) / len(repeats), 4),
        "bias_within": mean(one["told_within"][0] - one["true_within"] for one in told),
        "interval_within_right": mean(holds(one, "within") for one in told),
        "true": mean(one["true"] for one in repeats),
        "told": mean(one["told"][0] for one in repeats),
        "bias": mean(one["told"][0] - one["true"] for one in repeats),
        "interval_right": mean(holds(one) for one in repeats),
    }


def sum_up_first(n_sets, repeats):
    """Sum up the first round after so many judged sets."""
    found = [first_round(n_sets, seed) for seed in range(repeats)]
    within = [one for one, _ in found if one is not None]
    return {
        "repeats": repeats,
        "exceeded": sum(one > BUDGET for one in within),
        "nothing": repeats - len(within),
        "true_within": mean(within),
        "covered": mean(covered for _, covered in found),
    }


def holds(one, part=""):
    suffix = f"_{part}" * bool(part)
    return one[f"told{suffix}"][1] <= one[f"true{suffix}"] <= one[f"told{suffix}"][2]


def mean(values):
    found = list(values)
    return round(float(np.mean(found)), 4) if found else None


def ratio_test(hits):
    """Return the likelihood ratios of 25 % against the budget, after each case."""
    won, lost = np.log(0.25 / BUDGET), np.log(0.75 / (1 - BUDGET))
    return np.exp(np.cumsum(np.where(hits, won, lost)))


def switched_off(errors, after, repeats, values=None, seed=0):
    """Return the share of repeats in which batches are off after so many rounds."""
    values = values or (lambda hits: e_values(hits, [BUDGET])[:, 0])
    rng = np.random.default_rng(seed)
    chance = np.repeat(errors, ROUND)
    first = np.full(repeats, np.inf)
    for number in range(repeats):
        found = np.flatnonzero(values(rng.random(len(chance)) < chance) >= 1 / ALPHA)
        first[number] = found[0] if len(found) else np.inf
    return {str(n): round(float(np.mean(first < n * ROUND)), 4) for n in after}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--repeats", type=int, default=200, help="Of learning from audits; 0 keeps the file's."
    )
    parser.add_argument("--others", type=int, default=40, help="Of the other ways to learn.")
    parser.add_argument("--switches", type=int, default=10_000, help="Of each known error.")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/loop.json")
    options = parser.parse_args()
    report = {
        "benchmark": "loop",
        "machine": machine(),
        "command": f"python benchmarks/loop.py {' '.join(sys.argv[1:])}".strip(),
        "seeds": "0 to repeats - 1",
        "budget": BUDGET,
        "rounds": {},
    }
    if not options.repeats:
        kept = json.loads(options.out.read_text())
        by = kept.get("rounds_by", kept["command"])
        report |= {"rounds": kept["rounds"], "first": kept["first"], "rounds_by": by}
    for kind in KINDS if options.repeats else ():
        count = options.repeats if kind == "audits" else options.others
        played = [play(kind, ROUNDS, NEW, FIRST, seed) for seed in range(count)]
        report["rounds"][kind] = [summarize(one) for one in zip(*played, strict=True)]
        print(kind, *report["rounds"][kind], sep="\n", file=sys.stderr, flush=True)
    if options.repeats:
        report["first"] = {str(n): sum_up_first(n, options.repeats) for n in SIZES}
    report["switches"] = {
        name: switched_off(errors, after, options.switches)
        for name, (errors, after) in SWITCHES.items()
    }
    name = "0.25 from the start"
    report["switches"][f"{name}, by a ratio test for it"] = switched_off(
        *SWITCHES[name], options.switches, ratio_test
    )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report["switches"], indent=2))


if __name__ == "__main__":
    main()
