"""Apply the decisions on thousands of damaged pictures: none may stop the run or falsify a count.

python benchmarks/damaged_pictures.py [--count 20000] [--out FILE]

Each set is one damaged picture whose decision is a crop. A workspace of some hundred such sets is
previewed, carried out, previewed again and undone. What is counted against prefml: a run that
stops, or takes over 15 minutes (`stops`); a report that says other than what lies on the disk, or
promises what it has just left out (`wrong counts`); an original that changed, and a cropped copy
that Pillow cannot read (`lost`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from _damaged import DAMAGES, damaged
from _machine import machine
from PIL import Image

from prefml.apply import execute, preview, undo
from prefml.imaging.quiet import quiet_pillow
from prefml.workspace import Workspace

RUNS = {
    "damaged_pictures": {
        "quick": ["--count", "400"],
        "full": ["--count", "20000"],
    }
}
SETS, SECONDS = 400, 900


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=20_000, help="damaged pictures")
    options.add_argument("--seed", type=int, default=0, help="of the first picture")
    options.add_argument("--out", type=Path, required=True, help="the file to write")
    given = options.parse_args()
    record = {
        "command": f"python benchmarks/damaged_pictures.py --count {given.count}",
        "seeds": [given.seed, given.seed + given.count - 1],
        **attack(given.count, given.seed),
        "machine": machine(),
    }
    given.out.write_text(json.dumps(record, indent=1) + "\n")


def attack(count: int, first: int = 0, sets: int = SETS) -> dict[str, object]:
    """Return what became of so many damaged pictures, by their damage, and all that went wrong."""
    fates: dict[str, Counter[str]] = {name: Counter() for name in DAMAGES}
    faults: dict[str, list[str]] = {"stops": [], "wrong counts": [], "lost": []}
    for start in range(first, first + count, sets):
        seeds = range(start, min(start + sets, first + count))
        with tempfile.TemporaryDirectory() as folder:
            round_of(Path(folder), seeds, fates, faults)
    return {
        "pictures": count,
        "damages": {name: dict(sorted(fate.items())) for name, fate in fates.items()},
        **{name: sorted(set(found)) for name, found in faults.items()},
    }


def round_of(
    root: Path, seeds: range, fates: dict[str, Counter[str]], faults: dict[str, list[str]]
) -> None:
    """Preview, carry out, preview again and undo the decisions on some pictures."""
    kinds = write_workspace(root, seeds)
    workspace, before = Workspace.open(root), state(root, "new")
    stage = "preview"
    try:
        with at_most(SECONDS):
            promised = preview(workspace)
            stage = "execute"
            report = execute(workspace)
            stage = "preview again"
            again = preview(workspace)
            done, left = set(report.plan.groups), {one.group for one in report.left_out}
            judge(root, set(kinds), done, left, set(again.plan.groups), faults)
            if not done <= set(promised.plan.groups):
                faults["wrong counts"].append(f"{seeds}: done, and not promised")
            stage = "undo"
            undo(workspace)
    except Exception as error:
        faults["stops"].append(f"{seeds}, {stage}: {type(error).__name__}: {error}")
        return
    if state(root, "new") != before or list(root.glob("selected/**/*.*")):
        faults["lost"].append(f"{seeds}: undo left something else than there was")
    for group, damage in kinds.items():
        fates[damage]["cropped" if group in done else "left out by name"] += 1


def write_workspace(root: Path, seeds: range) -> dict[str, str]:
    """Write one picture, suggestion and decision a seed; return the damage of each set."""
    (root / "new" / "p").mkdir(parents=True)
    (root / "sandbox").mkdir()
    (root / "data" / "projects").mkdir(parents=True)
    (root / "data/projects/p.project.json").write_text('{"projectId": "p"}')
    lines, kinds = [], {}
    for seed in seeds:
        suffix, damage, data = damaged(seed)
        name = f"new/p/{seed}.{suffix}"
        (root / name).write_bytes(data)
        kinds[str(seed)] = damage
        lines.append({"group_id": str(seed), "images": [name], "action": "approved",
                      "final_choice": name, "crop_coords": [0.25, 0.25, 0.75, 0.75],
                      "timestamp": "t"})  # fmt: skip
    text = "".join(json.dumps(line) + "\n" for line in lines)
    for file in ("automation_decisions.jsonl", "approved_decisions.jsonl"):
        (root / "sandbox" / file).write_text(text)
    return kinds


def judge(
    root: Path,
    all_groups: set[str],
    done: set[str],
    left: set[str],
    promised: set[str],
    faults: dict[str, list[str]],
) -> None:
    """Hold the report of a run against the disk."""
    there = {path.stem for path in (root / "selected").glob("**/*.*")}
    for what, wrong in {
        "said to be done and not there, or the reverse": done ^ there,
        "neither done nor left out, or both": all_groups ^ done ^ left,
        "promised again": promised,
    }.items():
        faults["wrong counts"] += [f"{group}: {what}" for group in wrong]
    for path in (root / "selected").glob("**/*.*"):
        try:
            # What is wrong with EXIF that is kept byte for byte was wrong before.
            with quiet_pillow(), Image.open(path) as image:
                image.load()
        except Exception as error:
            faults["lost"].append(f"{path.stem}: a crop that cannot be read ({error})")


def state(root: Path, folder: str) -> dict[str, str]:
    """Return the hash of every file below a folder."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (root / folder).rglob("*")
        if path.is_file()
    }


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raise an error in what takes longer."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


if __name__ == "__main__":
    main()
