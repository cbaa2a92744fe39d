"""A cluster of two worker processes, and small pictures to give it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from prefml.workspace import Workspace

PICTURES = 40


def start_workers(count=2, **options):
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=count, threads_per_worker=1, processes=True, dashboard_address=":0", **options
    )


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """Return the address of a scheduler with two worker processes."""
    with start_workers() as running:
        yield running.scheduler_address


def draw_pictures(root: Path) -> Workspace:
    """Write small pictures in two projects, one of them broken."""
    random = np.random.default_rng(0)
    for number in range(PICTURES):
        path = root / "images" / f"p{number % 2}" / f"20250708_0605{number:02d}_stage2_x.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((64, 48)).save(path)
    (root / "images" / "p0" / "broken.png").write_bytes(b"no picture")
    (root / "prefml.toml").write_text('encoder = "builtin"\n')
    return Workspace.open(root)


@pytest.fixture
def pictures(tmp_path) -> Workspace:
    return draw_pictures(tmp_path / "spread")


@pytest.fixture(scope="session")
def alone(tmp_path_factory) -> Rows:
    """Return what one machine writes."""
    from prefml.cli import main

    workspace = draw_pictures(tmp_path_factory.mktemp("alone"))
    assert main(["--workspace", str(workspace.root), "embed", "--json"]) == 0
    return Rows(workspace.sidecars)


class Rows:
    """The rows of the sidecars, by name; equal if they say the same.

    A run that was stopped cuts what is left into other tasks, whose rows come in another order.
    Numbers may differ by the rounding of one operation: how OpenCV and BLAS add up depends on
    where in memory a picture lies, and on the size of the batch.
    """

    def __init__(self, folder: Any) -> None:
        self.keys, self.hashes, numbers = [], [], []
        for kind in ("embeddings", "hashes", "cues"):
            tables = []
            for path in (folder / f"{kind}.parquet").rglob("*.parquet"):
                with path.open("rb") as stream:
                    tables.append(pq.read_table(stream).replace_schema_metadata(None))
            frame = pa.concat_tables(tables).to_pandas()
            frame = frame.sort_values(["project", "filename"], ignore_index=True)
            self.keys.append(frame[["project", "filename", "path", "file_size"]])
            numbers.append(
                frame.drop(columns=["mtime_ns", *self.keys[-1], "phash"], errors="ignore")
            )
            self.hashes += [] if kind != "hashes" else frame["phash"].tolist()
        lists = [name for name in numbers[2] if numbers[2][name].dtype == object]
        self.embeddings = np.stack(numbers[0]["embedding"])
        self.cues = numbers[2].drop(columns=lists).to_numpy()
        self.lengths = [[len(one) for one in numbers[2][name]] for name in lists]
        self.listed = [np.concatenate(numbers[2][name].to_list()) for name in lists]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Rows)
            and all(one.equals(two) for one, two in zip(self.keys, other.keys, strict=True))
            and self.hashes == other.hashes
            and np.allclose(self.embeddings, other.embeddings, rtol=0, atol=1e-6)
            and np.allclose(self.cues, other.cues, rtol=1e-5, atol=1e-6, equal_nan=True)
            and self.lengths == other.lengths
            and all(map(np.allclose, self.listed, other.listed))
        )

    def __len__(self) -> int:
        return len(self.hashes)

    __hash__ = None
