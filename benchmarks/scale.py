"""What a picture and a set cost, and what very many of them would.

    python benchmarks/scale.py --out benchmarks/results/scale.json

Every step is measured at several sizes, each in a process of its own, in CPU seconds, which other
work on the machine changes little. The slope between the smallest and the largest size is the cost
of one more; the projection multiplies slopes and nothing else, so it is a lower bound.

- `pass`: decode, hash, cues and embedding of 2048 x 2048 PNGs, here and on two Dask workers.
- `join`: parts become the three sidecar files.
- `read`: the sidecars are read, as every command that learns or suggests does.
- `tasks`: what Dask itself costs for a task of four batches.
- `sets`: table and ranker for sets of three, and the ranker on two Dask workers.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from _machine import machine
from _pictures import write_pictures

from prefml.cluster import connected, distributed_compute, tree_backend_on
from prefml.cluster.embed import BATCHES_PER_CHUNK
from prefml.decisions.projects import ProjectResolver
from prefml.encoders import open_encoder
from prefml.encoders.spec import EncoderSpec
from prefml.features.tables import choice_table
from prefml.imaging import cues
from prefml.ranking.defaults import default_ranker
from prefml.sidecars.build import BuildOptions, Run, build_found
from prefml.sidecars.find import ImageFile, scan_images
from prefml.sidecars.layout import part_name
from prefml.sidecars.plan import reusable_rows
from prefml.sidecars.schema import KINDS, Provenance, part_schema
from prefml.sidecars.sources import write_part
from prefml.sidecars.store import Sidecars, read_sidecars
from prefml.workspace import Workspace

RUNS = {
    "scale": {
        "quick": ["--pictures", "4", "8", "--rows", "1000", "2000", "--sets", "100", "200"],
        "full": [],
    }
}
BATCH, DIM, PER_SET = 32, 512, 3
TARGETS = (10**6, 10**8, 10**9)
DAY = 86_400


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, nargs="+", default=[4, 8, 16])
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000, 4_000, 8_000])
    parser.add_argument("--tasks", type=int, nargs="+", default=[50, 100, 200])
    parser.add_argument("--sets", type=int, nargs="+", default=[100, 200, 400])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/scale.json"))
    return parser.parse_args()


def spent() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def apart(function: Callable[..., dict[str, Any]], *words: Any) -> dict[str, Any]:
    """Call a function in a fresh process; it returns what it measured."""
    print(function.__name__, *words, file=sys.stderr, flush=True)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, words)


def slope(found: list[dict[str, Any]], size: str, cost: str) -> float:
    return (found[-1][cost] - found[0][cost]) / (found[-1][size] - found[0][size])


def in_files(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def one_pass(root: Path) -> dict[str, Any]:
    workspace = Workspace.open(root)
    encoder = open_encoder("builtin")
    found = scan_images(workspace, ProjectResolver.open(workspace))
    start, wall = spent(), time.perf_counter()
    build_found(workspace, found, encoder, BuildOptions(BATCH, 2))
    return {
        "pictures": len(found.images),
        "cpu_seconds": spent() - start,
        "seconds": time.perf_counter() - wall,
        "bytes_of_pictures": in_files(root / "images"),
    }


def measure_pass(root: Path, counts: list[int]) -> list[dict[str, Any]]:
    found = []
    # The same few pictures under many names: writing them costs more than reading them.
    drawn = write_pictures(root / "drawn", "png_2048", min(counts))
    for count in counts:
        folder = root / str(count) / "images" / "p"
        folder.mkdir(parents=True)
        for number in range(count):
            (folder / f"{number:04d}.png").hardlink_to(drawn[number % len(drawn)])
        found.append(apart(one_pass, root / str(count)))
    return found


def spent_by(client: Any) -> float:
    return sum(client.run(time.process_time).values())


def spread_pass(address: str, root: Path) -> dict[str, Any]:
    """Do the largest pass again on two workers that have imported everything before."""
    workspace = Workspace.open(root)
    found = scan_images(workspace, ProjectResolver.open(workspace))
    # Few pictures a task, so that both workers have several.
    options = BuildOptions(1, 1, force=True)
    with connected(address) as client:
        compute = distributed_compute(client, "builtin", "cpu")
        client.run(open_encoder, "builtin")
        start, wall, own = spent_by(client), time.perf_counter(), spent()
        build_found(workspace, found, open_encoder("builtin"), options, compute=compute)
        return {
            "workers": 2,
            "pictures": len(found.images),
            "cpu_seconds": spent_by(client) - start,
            "cpu_seconds_here": spent() - own,
            "seconds": time.perf_counter() - wall,
        }


def invented(count: int) -> tuple[list[ImageFile], Provenance]:
    spec = EncoderSpec(
        "invented", DIM, 224, "stretch", "box", "none", (0.5,) * 3, (0.5,) * 3, "none", "0" * 64
    )
    images = [
        ImageFile("project", f"{i:09d}.png", f"images/project/{i:09d}.png", 5_000_000, i)
        for i in range(count)
    ]
    return images, Provenance(spec, cues.cue_identity(), cues.CUE_NAMES)


def some_rows(images: list[ImageFile], provenance: Provenance, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    n = len(images)
    columns: dict[str, Any] = {
        name: [getattr(image, name) for image in images]
        for name in ("project", "filename", "path", "file_size", "mtime_ns")
    }
    vectors = random.normal(size=(n, DIM)).astype(np.float32)
    columns["embedding"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), DIM)
    columns["phash"] = [f"{x:016x}" for x in random.integers(0, 2**63, n)]
    numbers = random.normal(size=(1 + len(provenance.cue_names), n)).astype(np.float32)
    columns |= dict(zip(("stage", *provenance.cue_names), numbers, strict=True))
    return pa.table(columns)


def one_join(root: Path, count: int) -> dict[str, Any]:
    workspace = Workspace(root, Workspace.open(root).config, root)
    images, provenance = invented(count)
    for number, start in enumerate(range(0, count, BATCH)):
        rows = some_rows(images[start : start + BATCH], provenance, number)
        write_part(workspace.sidecars, part_name(number), part_schema(provenance), rows)
    before, bytes_of_parts = spent(), in_files(workspace.sidecars)
    run = Run.begin(workspace, Invented(provenance.encoder), BuildOptions(BATCH))
    run.finish(images, reusable_rows(images, run.sources, run.provenance))
    after = spent()
    return {
        "rows": count,
        "cpu_seconds": after - before,
        "bytes_of_parts": bytes_of_parts,
        "bytes_of_sidecars": sum(
            in_files(workspace.sidecars / f"{kind}.parquet") for kind in KINDS
        ),
    }


class Invented:
    """An encoder that encodes nothing."""

    def __init__(self, spec: EncoderSpec) -> None:
        self.spec = spec


def one_read(root: Path, count: int) -> dict[str, Any]:
    before = spent()
    sidecars = read_sidecars(root / "data" / "sidecar")
    after = spent()
    assert len(sidecars) == count
    return {
        "rows": count,
        "cpu_seconds": after - before,
    }


def measure_rows(root: Path, counts: list[int]) -> tuple[list[Any], list[Any]]:
    joins, reads = [], []
    for count in counts:
        place = root / f"rows{count}"
        place.mkdir()
        joins.append(apart(one_join, place, count))
        reads.append(apart(one_read, place, count))
    return joins, reads


def nothing(tasks: list[ImageFile]) -> int:
    return len(tasks)


def measure_tasks(address: str, counts: list[int]) -> list[dict[str, Any]]:
    found = []
    with connected(address) as client:
        for count in counts:
            images = invented(BATCH * BATCHES_PER_CHUNK)[0]
            wall = time.perf_counter()
            client.gather([client.submit(nothing, images, pure=False) for _ in range(count)])
            found.append({"tasks": count, "seconds": time.perf_counter() - wall})
    return found


def chosen_sets(n_sets: int) -> Any:
    """Build the real table of invented pictures, one in three of them chosen."""
    images, provenance = invented(n_sets * PER_SET)
    rows = some_rows(images, provenance, 0).to_pandas()
    index = rows[["project", "filename", "path", "file_size", "mtime_ns"]].copy()
    index["stage"] = np.tile([1.0, 2.0, 3.0], n_sets)
    index["project"] = np.repeat([f"p{i % 5}" for i in range(n_sets)], PER_SET)
    order = index.sort_values(["project", "filename"]).index
    sidecars = Sidecars(
        index.loc[order].reset_index(drop=True),
        np.stack(rows["embedding"])[order],
        rows["phash"].to_numpy(str)[order],
        rows[list(provenance.cue_names)].loc[order].reset_index(drop=True),
        provenance.encoder,
        provenance.cues,
    )
    items = index[["project", "filename", "path", "stage"]].assign(
        session_id="s",
        set_id=np.repeat([f"set{i}" for i in range(n_sets)], PER_SET),
        chosen=np.tile([False, False, True], n_sets),
        timestamp=pd.Timestamp("2025-01-01", tz="UTC"),
        source="benchmark",
        line=0,
        corrected=False,
    )
    return choice_table(items, sidecars)


def fit(table: Any) -> None:
    default_ranker().fit(
        table.X, table.y, set_id=table.set_id, groups=table.project, sample_weight=table.weight
    )


def one_training(n_sets: int) -> dict[str, Any]:
    before, wall = spent(), time.perf_counter()
    table = chosen_sets(n_sets)
    tabled = spent()
    fit(table)
    after = spent()
    return {
        "sets": table.n_sets,
        "columns": table.X.shape[1],
        "bytes_of_table": int(table.X.memory_usage(index=False).sum()),
        "cpu_seconds_table": tabled - before,
        "cpu_seconds": after - tabled,
        "seconds": time.perf_counter() - wall,
    }


def spread_training(address: str, n_sets: int) -> dict[str, Any]:
    table = chosen_sets(n_sets)
    with connected(address) as client, tree_backend_on(client):
        start, own, wall = spent_by(client), spent(), time.perf_counter()
        fit(table)
        return {
            "workers": 2,
            "sets": n_sets,
            "cpu_seconds": spent_by(client) - start,
            "cpu_seconds_here": spent() - own,
            "seconds": time.perf_counter() - wall,
        }


def costs(found: dict[str, Any]) -> dict[str, float]:
    last = found["pass"][-1]
    return {
        "cpu_seconds_a_picture": slope(found["pass"], "pictures", "cpu_seconds"),
        "bytes_of_a_picture": last["bytes_of_pictures"] / last["pictures"],
        "sidecar_bytes_a_picture": slope(found["join"], "rows", "bytes_of_sidecars"),
        "part_bytes_a_picture": slope(found["join"], "rows", "bytes_of_parts"),
        "join_cpu_seconds_a_picture": slope(found["join"], "rows", "cpu_seconds"),
        "read_cpu_seconds_a_picture": slope(found["read"], "rows", "cpu_seconds"),
        "dask_seconds_a_task": slope(found["tasks"], "tasks", "seconds"),
        "table_bytes_a_set": slope(found["sets"], "sets", "bytes_of_table"),
        "train_cpu_seconds_a_set": slope(found["sets"], "sets", "cpu_seconds")
        + slope(found["sets"], "sets", "cpu_seconds_table"),
    }


def projected(cost: dict[str, float], n: int) -> dict[str, float]:
    sets, tasks = n / PER_SET, n / (BATCH * BATCHES_PER_CHUNK)
    pass_hours = n * cost["cpu_seconds_a_picture"] / 3600
    return {
        "pictures": n,
        "terabytes_of_pictures": n * cost["bytes_of_a_picture"] / 1e12,
        "gigabytes_of_sidecars": n * cost["sidecar_bytes_a_picture"] / 1e9,
        "gigabytes_while_joining": n
        * (cost["sidecar_bytes_a_picture"] + cost["part_bytes_a_picture"])
        / 1e9,
        "parts": n / BATCH,
        "pass_core_hours": pass_hours,
        "cores_for_one_day": pass_hours / 24,
        "cores_for_one_week": pass_hours / 24 / 7,
        "dask_hours": tasks * cost["dask_seconds_a_task"] / 3600,
        "join_hours": n * cost["join_cpu_seconds_a_picture"] / 3600,
        "read_hours": n * cost["read_cpu_seconds_a_picture"] / 3600,
        "sets": sets,
        "table_gigabytes": sets * cost["table_bytes_a_set"] / 1e9,
        "train_core_hours": sets * cost["train_cpu_seconds_a_set"] / 3600,
    }


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main() -> None:
    from distributed import LocalCluster

    options = arguments()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        found: dict[str, Any] = {"pass": measure_pass(root, options.pictures)}
        found["join"], found["read"] = measure_rows(root, options.rows)
        found["sets"] = [apart(one_training, count) for count in options.sets]
        with LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster:
            address = cluster.scheduler_address
            found["tasks"] = measure_tasks(address, options.tasks)
            found["spread_pass"] = spread_pass(address, root / str(options.pictures[-1]))
            found["spread_training"] = spread_training(address, options.sets[-1])
    cost = costs(found)
    report = {
        "machine": machine(),
        "assumed": {
            "picture": "PNG, 2048 x 2048",
            "encoder": "builtin (in the rows: 512 values)",
            "cues": len(cues.CUE_NAMES),
            "batch_size": BATCH,
            "batches_a_task": BATCHES_PER_CHUNK,
            "pictures_a_set": PER_SET,
        },
        "measured": found,
        "costs": cost,
        "projected": [projected(cost, n) for n in TARGETS],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(rounded(report), indent=2) + "\n")
    print(json.dumps(rounded({"costs": cost, "projected": report["projected"]}), indent=2))


if __name__ == "__main__":
    main()
