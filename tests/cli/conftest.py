"""Run the command line inside the test process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from prefml.cli import main


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def prefml(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Return a function that runs one command and captures what it prints."""

    def run(*words: object) -> Ran:
        status = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    return run


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a workspace of two projects with new pictures, and nothing learned yet."""
    rng = np.random.default_rng(0)
    for project in ("p", "q"):
        folder = tmp_path / "new" / project
        folder.mkdir(parents=True)
        for i, stage in enumerate(("stage1_generated", "stage2_upscaled")):
            pixels = rng.integers(0, 255, (6, 4, 3), dtype=np.uint8)
            image = Image.fromarray(pixels).resize((64, 96), Image.Resampling.BICUBIC)
            image.save(folder / f"20250101_00000{i}_{stage}.png")
    (tmp_path / "prefml.toml").write_text('encoder = "builtin"\n')
    return tmp_path
