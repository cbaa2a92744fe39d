"""Sets formed of folders as each source writes them: precision, recall and F1 over pairs.

    python benchmarks/sets.py [--sets N] [--seeds N] [--pictures N] [--likeness ENCODER]
                              [--out FILE]

Each folder holds sets and distractors: by-products, pictures that stand alone, lost members,
renamed files, in random order. A pair counts as found if both pictures are in one set. The rule is
named for each source, and `auto` chooses by itself. With `--likeness` the rule `similar` forms sets
of real pictures: the scenes of MEF, and bursts and brackets made of LIVE's photographs by small
moves of the camera and exposure steps of one and two stops in linear light.

Then many pictures are grouped by each rule with what it needs in memory, and in a workspace whose
facts are kept; chains without an end are cut, and shuffled pictures give the same sets.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from itertools import combinations
from pathlib import Path

from _folders import SOURCES, disturbed, write
from _likeness import curve
from _machine import machine
from _many_sets import group_many, look_at_many

from prefml.decisions.projects import ProjectResolver
from prefml.decisions.set_rule import SetRule
from prefml.suggest.candidates import find_new
from prefml.suggest.grouping import form_groups, open_sources
from prefml.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
RUNS = {
    "sets": {
        "quick": ["--sets", "10", "--seeds", "1", "--pictures", "1000"],
        "full": ["--likeness", "builtin", "--likeness", "{mobilenet}"],
    }
}


def pairs_of(groups) -> set[tuple[str, str]]:
    return {pair for group in groups for pair in combinations(sorted(group), 2)}


def scores(found: set, true: set) -> dict[str, float]:
    both = len(found & true)
    precision = both / len(found) if found else 1.0
    recall = both / len(true) if true else 1.0
    f1 = 2 * both / (len(found) + len(true)) if found or true else 1.0
    return {"precision": precision, "recall": recall, "f1": f1}


def tried(source, sets: int, seed: int) -> dict[str, object]:
    """Write a folder of a source, and form its sets by the named rule and by `auto`."""
    rng = random.Random(seed)
    files = disturbed(rng, source.make(rng, sets))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(root / "new" / "p", files)
        workspace = Workspace.open(root)
        images = find_new(workspace, ProjectResolver.open(workspace), ()).images
        truth: dict[int, list[str]] = {}
        for one in files:
            if one.set is not None:
                truth.setdefault(one.set, []).append(f"new/p/{one.path}")
        true = pairs_of(truth.values())
        row: dict[str, object] = {"pictures": len(images), "pairs": len(true)}
        for name, rule in (("named", SetRule(**source.rule)), ("auto", SetRule())):
            with open_sources(workspace) as sources:
                made = form_groups(images, rule, sources)
            found = pairs_of([image.path for image in one.images] for one in made.sets)
            row[name] = scores(found, true)
            if name == "auto":
                row["chosen"] = sorted({one.rule or "not sure" for one in made.folders})
    return row


def by_source(sets: int, seeds: int) -> list[dict[str, object]]:
    rows = []
    for source in SOURCES:
        runs = [tried(source, sets, seed) for seed in range(seeds)]
        row = {
            "source": source.name, "rule": source.rule["name"], "read_in": source.read_in,
            "metadata": source.metadata, "pictures": runs[0]["pictures"],
            "chosen": sorted({name for run in runs for name in run["chosen"]}),
        }  # fmt: skip
        for name in ("named", "auto"):
            row[name] = {
                key: round(min(run[name][key] for run in runs), 4)
                for key in ("precision", "recall", "f1")
            }
        rows.append(row)
        print(f"{source.name:32} {row['named']['f1']:.3f} {row['auto']['f1']:.3f} {row['chosen']}")
    return rows


def _command(options: argparse.Namespace) -> str:
    """Return the command without what is particular to a machine."""
    names = [f"--likeness .../{Path(name).name}" for name in options.likeness]
    words = ["python benchmarks/sets.py", f"--sets {options.sets} --seeds {options.seeds}", *names]
    return " ".join(words)


def _likeness(encoders: list[str]) -> list[dict[str, object]]:
    data = SHARED / "data"
    if encoders and not (data / "mef").is_dir():
        print(f"no photographs in {data}: likeness is left out", file=sys.stderr)
        return []
    return [curve(name, data) for name in encoders]


def _look(pictures: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        return look_at_many(Path(folder), pictures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--likeness", action="append", default=[], metavar="ENCODER")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/sets.json")
    options = parser.parse_args()
    found = {
        "machine": machine(),
        "command": _command(options),
        "sets": options.sets,
        "seeds": options.seeds,
        "sources": by_source(options.sets, options.seeds),
        "many": group_many(options.pictures),
        "workspace": _look(options.pictures),
        "likeness": _likeness(options.likeness),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
