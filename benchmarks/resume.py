"""Interrupt the pass with kill -9 again and again, and hold what it ends with against a whole run.

Small synthetic pictures, the built-in descriptor, the real command in a process of its own. Each
kill comes at a random moment after a random number of further batches.

    python benchmarks/resume.py --out benchmarks/results/resume.json
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from _machine import machine
from PIL import Image

from prefml.sidecars.store import Sidecars, read_sidecars

PROJECTS = 20
COMMAND = "import sys; from prefml.cli import run; sys.argv[0] = 'prefml'; run()"
# ru_maxrss counts kilobytes on Linux and bytes on macOS.
UNIT = 1 if sys.platform == "darwin" else 1024


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=20_000)
    parser.add_argument("--side", type=int, default=48, help="of each picture, in pixels")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/resume.json"))
    return parser.parse_args()


def main() -> None:
    options = arguments()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        draw(root, options.pictures, options.side)
        start = time.perf_counter()
        whole = finish(root)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * UNIT
        expected = read_sidecars(root / "data/sidecar")
        shutil.rmtree(root / "data/sidecar")
        share = options.pictures // whole["batch_size"] // (options.kills + 1)
        kills = [kill(root, chance, share) for _ in range(options.kills)]
        last = finish(root)
        equal = differences(expected, read_sidecars(root / "data/sidecar"))
    report = {
        "schema": "prefml/benchmark/resume/1",
        "machine": machine(),
        "pictures": options.pictures,
        "side": options.side,
        "uninterrupted_seconds": seconds,
        "peak_memory_mb": peak / 1e6,
        "kills": kills,
        "computed_by_the_last_run": last["computed"],
        "reused_by_the_last_run": last["reused"],
        "differences": equal,
        "equal": not equal,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    sys.exit(0 if not equal else 1)


def draw(root: Path, count: int, side: int) -> None:
    """Write pictures of random coarse patterns, spread over projects."""
    for number in range(count):
        folder = root / "images" / f"p{number % PROJECTS:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        pattern = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        image = Image.fromarray(pattern).resize((side, side), Image.Resampling.BICUBIC)
        image.save(folder / f"{number:06d}.png", compress_level=1)


def started(root: Path) -> subprocess.Popen[str]:
    words = ["--workspace", str(root), "embed", "--encoder", "builtin", "--json"]
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *words], stdout=subprocess.PIPE, text=True
    )


def finish(root: Path) -> dict[str, Any]:
    """Run the pass to its end."""
    run = started(root)
    out, _ = run.communicate()
    if run.returncode:
        raise SystemExit(f"prefml embed ended with {run.returncode}")
    return json.loads(out) | {"batch_size": 32}


def kill(root: Path, chance: random.Random, share: int) -> dict[str, Any]:
    """Start the pass and kill it at a random moment; say how far it had come."""
    before = parts(root)
    further, delay = chance.randint(0, 2 * share - 1), chance.random()
    start = time.perf_counter()
    run = started(root)
    while run.poll() is None and parts(root) < before + further:
        time.sleep(0.005)
    time.sleep(delay)
    if run.poll() is not None:
        raise SystemExit("the pass ended before it could be killed: raise --pictures")
    run.kill()
    run.communicate()
    return {"batches_before": before, "batches_after": parts(root),
            "after_seconds": time.perf_counter() - start}  # fmt: skip


def parts(root: Path) -> int:
    """Count the batches on disk."""
    return sum(1 for _ in (root / "data/sidecar/parts").glob("*.parquet"))


def differences(one: Sidecars, other: Sidecars) -> list[str]:
    """Name what the two do not agree on, to the last bit."""
    keys = ["project", "filename", "path", "stage"]
    same = {
        "rows": one.index[keys].equals(other.index[keys]),
        "embeddings": np.array_equal(one.embeddings, other.embeddings),
        "hashes": np.array_equal(one.hashes, other.hashes),
        "cues": one.cues.equals(other.cues),
        "encoder": one.encoder == other.encoder,
    }
    return [name for name, agrees in same.items() if not agrees]


if __name__ == "__main__":
    main()
