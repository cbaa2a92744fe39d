"""Measure what commands cost beside many stored pictures, at three sizes.

    python benchmarks/sidecars.py [STEP ...] [--rows 25000 50000 100000]

About five minutes on a quiet machine of two cores; with names of steps these alone, and the result
file keeps the others. The stored pictures are links to a few small ones with invented vectors and
cues of the built-in encoder's form, in twenty projects, and as many sets are logged as there are
pictures. Every command is the real one, in a process of its own, with warm files:

- `store`: finished batches become the data sets, as at the end of a pass over all pictures.
- `nothing_new`, `verify`: `prefml embed` with nothing to do; with `--verify`, which reads all rows.
- `add`: `prefml embed` with new pictures, half of them in one project and half spread over all.
  `seconds_beside` are those beyond what the same pictures take in a workspace of their own: what
  many stored pictures make of it.
- `rank`: of four stored pictures. `libraries`: what it imports that is not of prefml.
- `read`: all sidecars, as training on all projects does.
- `ingest`: reads and matches the log. `suggest`: for pictures of one project that are embedded.
- `duplicates`: of all projects.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from _growth import COMPILED, Clock, apart, part, run_command, write
from PIL import Image

from prefml.decisions.projects import ProjectResolver
from prefml.encoders import open_encoder
from prefml.sidecars.choice import record_encoder
from prefml.sidecars.compact import Selection, compact
from prefml.sidecars.find import ImageFile, scan_images
from prefml.sidecars.layout import list_parts, part_name
from prefml.sidecars.schema import Provenance, part_schema
from prefml.sidecars.sources import open_part, write_part
from prefml.sidecars.store import read_sidecars
from prefml.workspace import Workspace

RUNS = {"sidecars": {"quick": ["--rows", "1500", "3000", "6000", "--new", "20"], "full": []}}
BATCH, SETS, IN_SET, DRAWN, PROJECTS = 2048, 60, 4, 50, 20
SIDE = 256
# The mean length of the lists of a picture that shows one person.
LISTED = 60
COSTS = {"add": ("seconds", "seconds_beside", "memory_mb"), "libraries": ("seconds",)}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"of {', '.join(STEPS)}")
    parser.add_argument("--rows", type=int, nargs="+", default=[25_000, 50_000, 100_000])
    parser.add_argument("--new", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/sidecars.json"))
    # One measurement of `apart`.
    parser.add_argument("--inside", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if unknown := set(given.steps) - set(STEPS):
        parser.error(f"no step {', '.join(sorted(unknown))}")
    return given


def draw(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path)


def project(number: int) -> str:
    return f"project{number:02d}"


def picture(place: int, number: int) -> str:
    return f"images/{project(place)}/{number:07d}.png"


def link_pictures(root: Path, rows: int) -> None:
    """Link many names to a few pictures; a file system limits how many one may have."""
    for place in range(PROJECTS):
        for seed in range(DRAWN):
            draw(root / picture(place, seed), seed)
        for number in range(DRAWN, rows // PROJECTS):
            (root / picture(place, number)).hardlink_to(root / picture(place, number % DRAWN))
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
    columns |= {name: invented_lists(random, n) for name in provenance.list_names}
    return pa.table(columns)


def invented_lists(random: np.random.Generator, n: int) -> pa.Array:
    """Make up a list for each picture: most are of one person's length, a third are empty."""
    lengths = np.where(random.random(n) < 1 / 3, 0, LISTED)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, random.random(offsets[-1], dtype=np.float32))


def store_rows(root: Path) -> Clock:
    """Write a row for each picture as a pass does, and measure its end."""
    workspace = Workspace.open(root)
    images = scan_images(workspace, ProjectResolver.open(workspace)).images
    provenance = Provenance.of(open_encoder("builtin").spec)
    schema = part_schema(provenance)
    for number, start in enumerate(range(0, len(images), BATCH)):
        rows = invented(images[start : start + BATCH], provenance, number)
        write_part(workspace.sidecars, part_name(number), schema, rows.select(schema.names))
    with Clock() as clock:
        parts = list_parts(workspace.sidecars)
        selections = [Selection.of_all(open_part(path)) for path in parts]
        written = replace(provenance, generation="0123456789abcdef")
        compact(workspace.sidecars, written, selections, parts)
    record_encoder(workspace, "builtin")
    return clock


def write_log(root: Path, sets: int, projects: int) -> None:
    """Write decisions about sets of some projects; neighbours share pictures."""
    lines = ["session_id,set_id,chosen_path,neg_paths,timestamp"]
    for number in range(sets):
        place, first = number % projects, number // projects
        names = [picture(place, first + i) for i in range(IN_SET)]
        losers = json.dumps(names[1:]).replace('"', '""')
        day, hour, minute = 1 + number // 1440 % 28, number // 60 % 24, number % 60
        when = f"2025-01-{day:02d}T{hour:02d}:{minute:02d}:00Z"
        lines.append(f's,{number},{names[0]},"{losers}",{when}')
    (root / "data/training").mkdir(parents=True, exist_ok=True)
    (root / "data/training/selection_only_log.csv").write_text("\n".join(lines) + "\n")


def add_pictures(root: Path, count: int, round_: int) -> None:
    for number in range(count):
        place = 0 if number % 2 else number // 2 % PROJECTS
        name = f"images/{project(place)}/new{round_}_{number:05d}.png"
        draw(root / name, 10_000 * (1 + round_) + number)


@dataclass(frozen=True)
class Stored:
    """A workspace of many stored pictures."""

    root: Path
    rows: int
    options: argparse.Namespace

    def command(self, *words: str) -> dict[str, Any]:
        """Run a command in it."""
        return run_command(self.root, *words)

    def repeated(self, *words: str) -> Iterator[dict[str, Any]]:
        """Run a command in it several times."""
        for _ in range(self.options.repeats):
            yield self.command(*words)


def nothing_new(stored: Stored) -> Iterator[dict[str, Any]]:
    yield from stored.repeated("embed")


def verify(stored: Stored) -> Iterator[dict[str, Any]]:
    yield stored.command("embed", "--verify")


def add(stored: Stored) -> Iterator[dict[str, Any]]:
    for number in range(stored.options.repeats):
        with tempfile.TemporaryDirectory() as place:
            alone = Path(place)
            (alone / "prefml.toml").write_text('encoder = "builtin"\n')
            add_pictures(alone, stored.options.new, number)
            own = run_command(alone, "embed")
        add_pictures(stored.root, stored.options.new, number)
        found = stored.command("embed")
        assert found["report"]["computed"] == stored.options.new
        yield found | {"seconds_beside": max(found["seconds"] - own["seconds"], 0.001)}


def rank(stored: Stored) -> Iterator[dict[str, Any]]:
    names = [picture(1, number) for number in range(IN_SET)]
    yield from stored.repeated("rank", *names)


def read(stored: Stored) -> Iterator[dict[str, Any]]:
    for _ in range(stored.options.repeats):
        yield apart("sidecars.py", "--inside", "read", stored.root)


def ingest(stored: Stored) -> Iterator[dict[str, Any]]:
    yield from stored.repeated("ingest")


def suggest(stored: Stored) -> Iterator[dict[str, Any]]:
    for number in range(stored.options.new):
        draw(stored.root / f"new/{project(1)}/fresh_{number // 4}-{number % 4}.png", number)
    stored.command("suggest")
    yield from stored.repeated("suggest")


def libraries(stored: Stored) -> Iterator[dict[str, Any]]:
    """Import what `rank` cannot do without, and nothing of prefml."""
    for _ in range(stored.options.repeats):
        start = time.perf_counter()
        line = [sys.executable, "-c", "import lightgbm, pandas, pyarrow.parquet"]
        subprocess.run(line, check=True, env=COMPILED)
        yield {"seconds": time.perf_counter() - start}


def duplicates(stored: Stored) -> Iterator[dict[str, Any]]:
    yield stored.command("duplicates")


Measure = Callable[[Stored], Iterator[dict[str, Any]]]
MEASURES: dict[str, Measure] = {
    one.__name__: one
    for one in (nothing_new, verify, add, rank, libraries, read, ingest, suggest, duplicates)
}
STEPS = ("store", *MEASURES)


def measured(rows: int, options: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as place:
        stored = Stored(Path(place), rows, options)
        link_pictures(stored.root, rows)
        clock = apart("sidecars.py", "--inside", "store", stored.root)
        write_log(stored.root, SETS, 1)
        stored.command("train", "ranker")
        write_log(stored.root, rows - IN_SET * PROJECTS, PROJECTS)
        for name in options.steps or STEPS:
            found[name] = [clock] if name == "store" else list(MEASURES[name](stored))
    for points in found.values():
        for point in points:
            point.pop("report", None)
            point["size"] = rows
    return found


def inside(what: str, root: Path) -> dict[str, Any]:
    """Measure one thing in this process."""
    from _growth import memory

    if what == "store":
        clock = store_rows(root)
    else:
        with Clock() as clock:
            read_sidecars(Workspace.open(root).sidecars)
    return clock.costs() | {"memory_mb": memory("VmHWM") / 1e6}


def main() -> None:
    options = arguments()
    if options.inside:
        print(json.dumps(inside(options.inside[0], Path(options.inside[1]))))
        return
    found: dict[str, list[dict[str, Any]]] = {}
    settings = {"projects": PROJECTS, "new": options.new, "side": SIDE, "in_set": IN_SET}
    for rows in options.rows:
        for name, points in measured(rows, options).items():
            found.setdefault(name, []).extend(points)
            print(rows, name, points[-1], file=sys.stderr, flush=True)
        costs = {name: COSTS.get(name, ("seconds", "memory_mb")) for name in found}
        parts = {name: part(points, costs[name]) for name, points in found.items()}
        # What was measured stays, whatever becomes of the rest.
        write(options.out, parts, settings)


if __name__ == "__main__":
    main()
