"""Compare the speed of the working tree with that of an earlier commit.

Whole processes in turn, this tree and the commit, in random order inside each pair: the pass over
new pictures, ranking four pictures from stored vectors, and `prefml --help`. The ratio of each pair
is kept; its interval is a bootstrap over the pairs. On a shared machine the processor's time says
more than the clock, so both are written. Both run in this Python environment.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _machine import machine

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RUNS = {"regress": {"quick": ["--pairs", "3", "--pictures", "60"], "full": []}}
RUN = "from prefml.cli import run; run()"
# A ratio counts as slower when its interval lies wholly above this.
SLOWER = 1.03


@dataclass(frozen=True)
class Side:
    """One checkout and the workspace that it works on."""

    checkout: Path
    workspace: Path

    def prefml(self, *words: str) -> tuple[float, float]:
        """Run a command and return seconds by the clock and of the processor."""
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, *words],
            cwd=self.workspace,
            env={**os.environ, "PYTHONPATH": str(self.checkout)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        said = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{self.checkout}: prefml {' '.join(words)}\n{said.decode()}")
        return took, usage.ru_utime + usage.ru_stime

    def prepare(self, pictures: int) -> None:
        """Write the sample of this checkout, embed a part of it, and train."""
        write = (
            "from prefml.sample import write_sample; import sys;"
            f"write_sample(sys.argv[1], share={pictures / 1800:.4f})"
        )
        subprocess.run(
            [sys.executable, "-c", write, self.workspace / "sample"],
            env={**os.environ, "PYTHONPATH": str(self.checkout)},
            check=True,
        )
        for words in (("embed",), ("train",)):
            self.prefml("--workspace", "sample", *words)

    def one(self, name: str) -> tuple[float, float]:
        """Measure once."""
        if name == "help":
            return self.prefml("--help")
        if name == "rank":
            folder = self.workspace / "sample" / "images"
            project = min(path for path in folder.iterdir() if path.is_dir())
            four = sorted(path for path in project.iterdir() if path.suffix == ".png")[:4]
            return self.prefml("--workspace", "sample", "rank", *map(str, four))
        shutil.rmtree(self.workspace / "sample" / "data" / "sidecar")
        return self.prefml("--workspace", "sample", "embed")


def compared(ours: Side, other: Side, name: str, pairs: int) -> dict[str, Any]:
    """Measure pairs and return the ratios, ours through the other's."""
    rows = []
    for _ in range(pairs + 1):
        found = {}
        for side in random.sample([ours, other], 2):
            found[side.checkout] = side.one(name)
        rows.append((*found[ours.checkout], *found[other.checkout]))
    # The first pair warms the files of both.
    table = np.array(rows[1:])
    return {
        "pairs": pairs,
        "seconds": round(float(np.median(table[:, 0])), 4),
        "other_seconds": round(float(np.median(table[:, 2])), 4),
        "clock": ratio(table[:, 0] / table[:, 2]),
        "processor": ratio(table[:, 1] / table[:, 3]),
    }


def ratio(values: np.ndarray) -> dict[str, Any]:
    """Return the geometric mean of ratios and its 95 % bootstrap interval over pairs."""
    logs = np.log(values)
    drawn = np.random.default_rng(0).choice(logs, (10_000, len(logs))).mean(axis=1)
    low, high = np.exp(np.quantile(drawn, [0.025, 0.975]))
    mean = float(np.exp(logs.mean()))
    return {
        "ratio": round(mean, 4),
        "ci": [round(float(low), 4), round(float(high), 4)],
        "slower": bool(low > SLOWER),
    }


def git(*words: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(["git", *words], cwd=cwd, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", default="HEAD~1", help="The commit to compare with.")
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "regress.json")
    options = parser.parse_args()
    commit = git("rev-parse", "--short", options.against)
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder) / "before"
        git("clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(before))
        git("checkout", "--quiet", commit, cwd=before)
        sides: list[Side] = []
        for checkout in (ROOT, before):
            workspace = Path(folder) / str(len(sides))
            workspace.mkdir()
            sides.append(Side(checkout, workspace))
            sides[-1].prepare(options.pictures)
        found = {name: compared(*sides, name, options.pairs) for name in ("help", "rank", "pass")}
    record = {
        "command": f"python benchmarks/regress.py --against {commit} --pairs {options.pairs}",
        "machine": machine(),
        "other_commit": commit,
        "pictures": options.pictures,
        "measures": found,
    }
    options.out.write_text(json.dumps(record, indent=1) + "\n")
    for name, row in found.items():
        print(name, row["clock"], row["processor"])


if __name__ == "__main__":
    main()
