"""Measure what a few new pictures, and a set to be ranked, cost beside many stored pictures.

    python benchmarks/sidecars.py --out benchmarks/results/sidecars.json

The stored pictures are links to a few small ones with invented vectors and cues of the built-in
encoder's form. Every command is the real one, in a process of its own, with warm files:

- `nothing_new`: `prefml embed` with nothing to do; `verify`: with `--verify`, which reads all rows.
- `add`: `prefml embed` with new pictures, half of them in one project and half spread over all;
  `add_alone`: the same pictures in a workspace of their own. The difference is what many stored
  pictures make of it.
- `rank`: `prefml rank` of four stored pictures. The model has learned from sets of one project.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from _machine import machine
from PIL import Image

from prefml.decisions.projects import ProjectResolver
from prefml.encoders import open_encoder
from prefml.sidecars.choice import record_encoder
from prefml.sidecars.compact import Selection, compact
from prefml.sidecars.find import ImageFile, scan_images
from prefml.sidecars.layout import list_parts, part_name
from prefml.sidecars.schema import Provenance, part_schema
from prefml.sidecars.sources import open_part, write_part
from prefml.workspace import Workspace

RUNS = {"sidecars": {"quick": ["--rows", "1000", "--new", "20"], "full": []}}
# The most memory of a process that has just begun counts that of the process it came from: what
# the command itself says, in the file that it is given, does not.
COMMAND = """
import atexit, pathlib, resource, sys
from prefml.cli import run

def most():
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        return 1024 * int(status.read_text().split("VmHWM:")[1].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

place = pathlib.Path(sys.argv.pop(1))
atexit.register(lambda: place.write_text(str(most())))
sys.argv[0] = "prefml"
run()
"""
BATCH, SETS, IN_SET, DRAWN = 2048, 60, 4, 50
SIDE = 256


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[25_000, 50_000, 100_000])
    parser.add_argument("--projects", type=int, default=20)
    parser.add_argument("--new", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/sidecars.json"))
    return parser.parse_args()


def draw(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path)


def project(number: int) -> str:
    return f"project{number:02d}"


def link_pictures(root: Path, rows: int, projects: int) -> None:
    """Link many names to a few pictures; a file system limits how many one may have."""
    for place in range(projects):
        folder = root / "images" / project(place)
        for seed in range(DRAWN):
            draw(folder / f"{seed:07d}.png", seed)
        for number in range(DRAWN, rows // projects):
            (folder / f"{number:07d}.png").hardlink_to(folder / f"{number % DRAWN:07d}.png")
    (root / "prefml.toml").write_text('encoder = "builtin"\n')


def invented(images: list[ImageFile], provenance: Provenance, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    n, dim = len(images), provenance.encoder.dim
    keys = ("project", "filename", "path", "file_size", "mtime_ns")
    columns: dict[str, Any] = {name: [getattr(one, name) for one in images] for name in keys}
    vectors = random.normal(size=(n, dim)).astype(np.float32)
    columns["embedding"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dim)
    columns["phash"] = [f"{x:016x}" for x in random.integers(0, 2**63, n)]
    numbers = random.normal(size=(1 + len(provenance.cue_names), n)).astype(np.float32)
    columns |= dict(zip(("stage", *provenance.cue_names), numbers, strict=True))
    return pa.table(columns)


def store_rows(root: Path) -> int:
    """Write a row for each picture, as a pass would."""
    workspace = Workspace.open(root)
    images = scan_images(workspace, ProjectResolver.open(workspace)).images
    provenance = Provenance.of(open_encoder("builtin").spec)
    schema = part_schema(provenance)
    for number, start in enumerate(range(0, len(images), BATCH)):
        rows = invented(images[start : start + BATCH], provenance, number)
        write_part(workspace.sidecars, part_name(number), schema, rows.select(schema.names))
    selections = [Selection.of_all(open_part(path)) for path in list_parts(workspace.sidecars)]
    written = replace(provenance, generation="0123456789abcdef")
    compact(workspace.sidecars, written, selections, list_parts(workspace.sidecars))
    record_encoder(workspace, "builtin")
    return len(images)


def write_log(root: Path) -> None:
    """Write decisions about sets of the first project."""
    lines = ["session_id,set_id,chosen_path,neg_paths,timestamp"]
    for number in range(SETS):
        names = [f"{project(0)}/{IN_SET * number + i:07d}.png" for i in range(IN_SET)]
        losers = json.dumps(names[1:]).replace('"', '""')
        when = f"2025-01-01T{number // 60:02d}:{number % 60:02d}:00Z"
        lines.append(f's,{number},{names[0]},"{losers}",{when}')
    (root / "data/training").mkdir(parents=True, exist_ok=True)
    (root / "data/training/selection_only_log.csv").write_text("\n".join(lines) + "\n")


def run(root: Path, *words: str) -> dict[str, float]:
    """Run a command to its end; return its seconds, and the most memory that it held."""
    most = root / "most.txt"
    line = [sys.executable, "-c", COMMAND, str(most), "--workspace", str(root), *words, "--json"]
    start = time.perf_counter()
    child = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    output = child.stdout.read() if child.stdout else b""
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if child.returncode:
        raise RuntimeError(f"{words} ended with {child.returncode}")
    report = json.loads(output)
    return {
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "memory_mb": int(most.read_text()) / 1e6,
        **{name: report[name] for name in ("computed", "reused") if name in report},
    }


def add_pictures(root: Path, count: int, projects: int) -> None:
    for number in range(count):
        place = 0 if number % 2 else number // 2 % projects
        draw(root / "images" / project(place) / f"new{number:05d}.png", 10_000 + number)


def measured(rows: int, options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        root, alone = Path(place) / "many", Path(place) / "alone"
        link_pictures(root, rows, options.projects)
        stored = store_rows(root)
        nothing_new, verify = run(root, "embed"), run(root, "embed", "--verify")
        add_pictures(root, options.new, options.projects)
        add = run(root, "embed")
        add_pictures(alone, options.new, options.projects)
        (alone / "prefml.toml").write_text('encoder = "builtin"\n')
        add_alone = run(alone, "embed")
        write_log(root)
        train = run(root, "train", "ranker")
        names = [f"images/{project(1)}/{number:07d}.png" for number in range(IN_SET)]
        rank = min((run(root, "rank", *names) for _ in range(3)), key=lambda one: one["seconds"])
        files = sum(1 for _ in (root / "data/sidecar").rglob("*.parquet") if _.is_file())
    assert add["computed"] == options.new
    assert nothing_new["computed"] == 0
    return {
        "rows": stored, "files": files, "nothing_new": nothing_new, "verify": verify,
        "add": add, "add_alone": add_alone, "train": train, "rank": rank,
        "add_seconds_beside": add["seconds"] - add_alone["seconds"],
    }  # fmt: skip


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main() -> None:
    options = arguments()
    found = []
    for rows in options.rows:
        found.append(measured(rows, options))
        print(json.dumps(rounded(found[-1])), file=sys.stderr, flush=True)
    report = {
        "machine": machine(),
        "projects": options.projects,
        "new": options.new,
        "side": SIDE,
        "sizes": found,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(rounded(report), indent=2) + "\n")


if __name__ == "__main__":
    main()
