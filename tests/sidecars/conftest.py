from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prefml.encoders.spec import EncoderSpec
from prefml.imaging import cues, shape, tone
from prefml.sidecars.build import BuildOptions, BuildReport, build_sidecars
from prefml.sidecars.store import Sidecars, read_sidecars
from prefml.workspace import Workspace

HALF = (0.5, 0.5, 0.5)


class FirstFolder:
    """Lookup that takes the folder below `images` as the project."""

    def from_path(self, path: str) -> str | None:
        parts = path.split("/")
        return parts[1] if len(parts) > 2 else None


class MeanColour:
    """Tiny encoder that counts what it encodes."""

    def __init__(self, name: str = "mean", factor: float = 1.0) -> None:
        self.factor = factor
        self.encoded = 0
        self.spec = EncoderSpec(
            name, 3, 8, "stretch", "box", "none", HALF, HALF, "none", f"{ord(name[0]):064x}"
        )

    def preprocess(self, image):
        return np.asarray(image.resize((8, 8)), np.float32).mean(axis=(0, 1))

    def encode(self, batch):
        self.encoded += len(batch)
        return np.stack(batch).astype(np.float32) * np.float32(self.factor)


def draw(path: Path, seed: int, size: tuple[int, int] = (40, 30)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize(size).save(path)


def same(one: Sidecars, other: Sidecars) -> bool:
    """Tell whether two sidecars hold the same rows."""
    keys = ["project", "filename", "path", "stage"]
    return (
        one.index[keys].equals(other.index[keys])
        and np.array_equal(one.embeddings, other.embeddings)
        and np.array_equal(one.hashes, other.hashes)
        and one.cues.equals(other.cues)
        and one.encoder == other.encoder
    )


def files_of(folder: Path, kind: str) -> list[Path]:
    """List the files of a data set."""
    return sorted((folder / f"{kind}.parquet").rglob("*.parquet"))


class Killed(BaseException):
    """End of the process; no handler may catch it."""


def die_at(patch: pytest.MonkeyPatch, moment: int, steps: Sequence[tuple[object, str]]) -> None:
    """Let the process end at the given one of the steps that change the storage."""
    counted = itertools.count()

    def watched(function):
        def step(*arguments, **options):
            if next(counted) == moment:
                raise Killed
            return function(*arguments, **options)

        return step

    for owner, name in steps:
        patch.setattr(owner, name, watched(getattr(owner, name)))


EVERY = cues.GROUPS, cues.CUE_NAMES


@pytest.fixture(autouse=True)
def few_cues(monkeypatch):
    """Measure only size and tone, to be quick."""
    monkeypatch.setattr(cues, "GROUPS", (shape, tone))
    monkeypatch.setattr(cues, "CUE_NAMES", (*shape.NAMES, *tone.NAMES))


@pytest.fixture
def every_cue(few_cues, monkeypatch) -> tuple[str, ...]:
    """Measure all cues after all, and return their names."""
    monkeypatch.setattr(cues, "GROUPS", EVERY[0])
    monkeypatch.setattr(cues, "CUE_NAMES", EVERY[1])
    return EVERY[1]


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """Return a workspace of ten pictures in two projects."""
    for number in range(10):
        name = f"20250708_0605{number:02d}_stage{1 + number % 2}_x.png"
        draw(tmp_path / "images" / f"p{number % 2}" / name, number)
    return Workspace.open(tmp_path)


@pytest.fixture
def build(workspace) -> Callable[..., BuildReport]:
    """Return a function that builds the sidecars, four pictures a batch."""

    def run(encoder: MeanColour | None = None, **options) -> BuildReport:
        chosen = BuildOptions(batch_size=4, workers=2, **options)
        return build_sidecars(workspace, FirstFolder(), encoder or MeanColour(), chosen)

    return run


@pytest.fixture
def read(workspace) -> Callable[[], Sidecars]:
    return lambda: read_sidecars(workspace.sidecars)
