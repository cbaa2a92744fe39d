"""Measure what learning and spreading cost, at sizes where growth shows.

    python benchmarks/scale.py [PART ...] [--full]

About eight minutes on a quiet machine of two cores; with names of parts these alone, and the result
file keeps the others. What commands cost beside many pictures, `sidecars.py` measures. Every
measurement is one process.

- `fit`: the ranker of `prefml train`, its selection of a model included, of sets of three with 512
  numbers a picture. `added` is the most memory beyond what the process held with the table,
  `table` that of the table in float32.
- `crop`: the crop model.
- `tasks`: what Dask itself costs for tasks of four batches.
- `workers`: the pass over 2048 x 2048 PNGs on two Dask workers of one thread each against one such,
  on this machine, in turn. `equal`: the rows are those of the other, to the rounding of one
  operation. `killed`: the same with one of two workers killed in the middle.
- `large`: the ranker of 200,000 sets, once; with `--full` or by name. It takes 15 minutes and 8 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _growth import Clock, apart, forget_most, memory, part, write
from _pictures import write_pictures

from prefml.cluster import connected, distributed_compute
from prefml.cluster.embed import BATCHES_PER_CHUNK
from prefml.decisions.projects import ProjectResolver
from prefml.encoders import open_encoder
from prefml.encoders.spec import EncoderSpec
from prefml.features.tables import choice_table, crop_columns
from prefml.imaging import cues
from prefml.models.kinds import CROP
from prefml.ranking.defaults import default_ranker
from prefml.sidecars.build import BuildOptions, build_found
from prefml.sidecars.find import ImageFile, scan_images
from prefml.sidecars.store import Sidecars, read_sidecars
from prefml.workspace import Workspace

RUNS = {
    "scale": {
        "quick": [
            "--sets", "100", "200", "400", "--crops", "60", "120", "240", "--pictures", "8",
            "--tasks", "10", "20", "40",
        ],
        "full": [],
    },
}  # fmt: skip
BATCH, DIM, PER_SET, PROJECTS = 32, 512, 3, 5
LARGE = 200_000
DEFAULT, OPTIONAL = ("fit", "crop", "tasks", "workers"), ("large",)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--full", action="store_true", help="the part `large`, too")
    parser.add_argument("--sets", type=int, nargs="+", default=[5_250, 10_500, 21_000])
    parser.add_argument("--crops", type=int, nargs="+", default=[1_750, 3_500, 7_000])
    parser.add_argument("--tasks", type=int, nargs="+", default=[50, 100, 200])
    parser.add_argument("--pictures", type=int, default=384, help="of the passes on workers")
    parser.add_argument("--large", type=int, default=LARGE, help="sets of the part `large`")
    parser.add_argument("--repeats", type=int, default=2, help="of all but the largest size")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/scale.json"))
    # One measurement of `apart`.
    parser.add_argument("--inside", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}")
    given.parts = given.parts or [*DEFAULT, *(OPTIONAL if given.full else ())]
    return given


def invented(count: int) -> list[ImageFile]:
    return [
        ImageFile("project", f"{i:09d}.png", f"images/project/{i:09d}.png", 5_000_000, i)
        for i in range(count)
    ]


def chosen_sets(n_sets: int) -> Any:
    """Build the real table of invented pictures; what is chosen follows from some columns."""
    random = np.random.default_rng(0)
    n = n_sets * PER_SET
    vectors = random.normal(size=(n, DIM)).astype(np.float32)
    values = random.normal(size=(n, len(cues.CUE_NAMES))).astype(np.float32)
    taste = vectors[:, :8].sum(axis=1) + values[:, 5] + random.normal(size=n) * 2
    best = np.argmax(taste.reshape(n_sets, PER_SET), axis=1)
    chosen = np.zeros((n_sets, PER_SET), bool)
    chosen[np.arange(n_sets), best] = True
    # In order of the projects, as sidecars are.
    project = np.sort(np.repeat([f"p{i % PROJECTS}" for i in range(n_sets)], PER_SET))
    names = [f"{i:09d}.png" for i in range(n)]
    index = pd.DataFrame({"project": project, "filename": names, "path": names, "file_size": 9})
    index["mtime_ns"], index["stage"] = 1, np.tile([1.0, 2.0, 3.0], n_sets)
    spec = EncoderSpec(
        "invented", DIM, 224, "stretch", "box", "none", (0.5,) * 3, (0.5,) * 3, "none", "0" * 64
    )
    hashes = np.array(["0" * 16] * n)
    measured = pd.DataFrame(values, columns=list(cues.CUE_NAMES))
    sidecars = Sidecars(index, vectors, hashes, measured, spec, cues.cue_identity())
    items = index[["project", "filename", "path", "stage"]].assign(
        session_id="s", set_id=np.repeat([f"set{i}" for i in range(n_sets)], PER_SET),
        chosen=chosen.ravel(), timestamp=pd.Timestamp("2025-01-01", tz="UTC"),
        source="benchmark", line=0, corrected=False, exposed=False,
        evidence="judged", inclusion=1.0,
    )  # fmt: skip
    return choice_table(items, sidecars)


def one_fit(n_sets: int) -> dict[str, Any]:
    table = chosen_sets(n_sets)
    floats = 4 * table.X.shape[0] * table.X.shape[1]
    forget_most()
    before = memory("VmRSS")
    with Clock() as clock:
        default_ranker().fit(
            table.X, table.y, set_id=table.set_id, groups=table.project, sample_weight=table.weight
        )
    most = memory("VmHWM")
    return clock.costs() | {
        "columns": table.X.shape[1],
        "table_mb": floats / 1e6,
        "added_mb": max(most - before, 1) / 1e6,
        "memory_mb": most / 1e6,
    }


def one_crop(n_crops: int) -> dict[str, Any]:
    random = np.random.default_rng(0)
    size = np.tile([1024.0, 1536.0], (n_crops, 1))
    vectors = random.normal(size=(n_crops, DIM)).astype(np.float32)
    values = random.normal(size=(n_crops, len(cues.CUE_NAMES))).astype(np.float32)
    width = 0.75 + 0.05 * np.tanh(vectors[:, 0]) + random.uniform(0, 0.1, n_crops)
    left = (1 - width) * random.uniform(size=n_crops)
    boxes = np.column_stack([left, np.zeros(n_crops), left + width, width])
    boxes[random.uniform(size=n_crops) < 0.1] = (0, 0, 1, 1)
    measured = pd.DataFrame(values, columns=list(cues.CUE_NAMES))
    X = crop_columns(size, np.full(n_crops, np.nan), vectors, measured)
    project = np.arange(n_crops) % PROJECTS
    forget_most()
    with Clock() as clock:
        CROP.make().fit(X, boxes, size=size, groups=project)
    return clock.costs() | {"memory_mb": memory("VmHWM") / 1e6}


def repeated(what: str, sizes: list[int], repeats: int) -> list[dict[str, Any]]:
    """Measure several times at all sizes but the largest."""
    points = []
    for size in sizes:
        for _ in range(1 if size == max(sizes) else repeats):
            found = apart("scale.py", "--inside", what, size)
            print(what, size, found, file=sys.stderr, flush=True)
            points.append(found | {"size": size})
    return points


def fit(options: argparse.Namespace) -> dict[str, Any]:
    points = repeated("fit", options.sets, options.repeats)
    return part(points, ("seconds", "added_mb", "memory_mb"))


def crop(options: argparse.Namespace) -> dict[str, Any]:
    return part(repeated("crop", options.crops, options.repeats), ("seconds", "memory_mb"))


def large(options: argparse.Namespace) -> dict[str, Any]:
    return part(repeated("fit", [options.large], 1), ("seconds",))


def nothing(tasks: list[ImageFile]) -> int:
    return len(tasks)


def tasks(options: argparse.Namespace) -> dict[str, Any]:
    points = []
    with running(2) as address, connected(address) as client:
        images = invented(BATCH * BATCHES_PER_CHUNK)
        client.gather(client.submit(nothing, images, pure=False))
        for count in options.tasks:
            with Clock() as clock:
                client.gather([client.submit(nothing, images, pure=False) for _ in range(count)])
            points.append(clock.costs() | {"size": count})
    return part(points, ("seconds",))


def running(workers: int) -> Any:
    """Start worker processes of one thread each; yields the scheduler's address."""
    from contextlib import contextmanager

    from distributed import LocalCluster

    @contextmanager
    def started() -> Iterator[str]:
        with LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster:
            yield cluster.scheduler_address

    return started()


def workers(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        # The same few pictures under many names: writing them costs more than reading them.
        drawn = write_pictures(root / "drawn", "png_2048", min(8, options.pictures))
        folder = root / "images" / "p"
        folder.mkdir(parents=True)
        for number in range(options.pictures):
            (folder / f"{number:04d}.png").hardlink_to(drawn[number % len(drawn)])
        (root / "prefml.toml").write_text('encoder = "builtin"\n')
        alone, rows = one_pass(root, 1)
        both, others = one_pass(root, 2)
        killed, rest = one_pass(root, 2, kill=True)
    equal = {"equal": differ(rows, others) is None, "killed_equal": differ(rows, rest) is None}
    points = [one | {"size": options.pictures} for one in (alone, both, killed)]
    found = part(points, ())
    return found | equal | {"ratio": alone["seconds"] / both["seconds"]}


def one_pass(root: Path, count: int, kill: bool = False) -> tuple[dict[str, Any], Sidecars]:
    """Compute all pictures anew on workers that have imported everything before."""
    workspace = Workspace.open(root)
    found = scan_images(workspace, ProjectResolver.open(workspace))
    # Few pictures a task, so that each worker has several.
    settings = BuildOptions(4, 1, force=True)
    with running(count) as address, connected(address) as client:
        compute = distributed_compute(client, "builtin", "cpu")
        client.run(open_encoder, "builtin")
        own = client.run(time.process_time)
        watch = killing(client, len(found.images) // 2) if kill else unwatched
        with Clock() as clock:
            report = build_found(
                workspace, found, open_encoder("builtin"), settings, watch, compute
            )
        spent = client.run(time.process_time)
        there = sum(seconds - own.get(name, 0.0) for name, seconds in spent.items())
        left = len(spent)
    assert (report.computed, report.failed) == (len(found.images), 0), report
    costs = {"workers": count, "killed": int(kill), "left": left, "seconds": clock.seconds}
    return costs | {"cpu_seconds": there, "cpu_seconds_here": clock.cpu_seconds}, read_sidecars(
        workspace.sidecars
    )


def unwatched(results: Any, total: int) -> Any:
    return results


def killing(client: Any, moment: int) -> Callable[[Any, int], Any]:
    """Kill a worker once so many pictures are done; Dask starts another one in its place."""

    def progress(results: Any, total: int) -> Any:
        for number, result in enumerate(results, 1):
            if number == moment:
                os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
            yield result

    return progress


def differ(one: Sidecars, other: Sidecars) -> str | None:
    """Name the first thing in which rows differ by more than the rounding of one operation."""
    if not one.index.equals(other.index):
        return "keys"
    if not (one.hashes == other.hashes).all():
        return "hashes"
    if not np.allclose(one.embeddings, other.embeddings, rtol=0, atol=1e-6):
        return "vectors"
    if not np.allclose(one.cues, other.cues, rtol=1e-5, atol=1e-6, equal_nan=True):
        return "cues"
    return None


PARTS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "fit": fit, "crop": crop, "tasks": tasks, "workers": workers, "large": large,
}  # fmt: skip
INSIDE: dict[str, Callable[[int], dict[str, Any]]] = {"fit": one_fit, "crop": one_crop}


def main() -> None:
    options = arguments()
    if options.inside:
        print(json.dumps(INSIDE[options.inside[0]](int(options.inside[1]))))
        return
    settings = {"encoder": "builtin in the pass; 512 numbers a picture where models are fitted",
                "cues": len(cues.CUE_NAMES), "per_set": PER_SET, "batch_size": BATCH,
                "batches_a_task": BATCHES_PER_CHUNK}  # fmt: skip
    for name in options.parts:
        # What was measured stays, whatever becomes of the rest.
        write(options.out, {name: PARTS[name](options)}, settings)


if __name__ == "__main__":
    main()
