"""Fixtures shared by every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Several test processes share the cores; numeric threads that spin would starve them all. The
# libraries read this when they are first imported.
for name, value in {
    "OMP_WAIT_POLICY": "passive",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}.items():
    os.environ.setdefault(name, value)

from prefml.sample import write_sample  # noqa: E402

# How long an example takes depends on what else the machine does; nothing here is timed.
settings.register_profile("prefml", deadline=None)
settings.load_profile("prefml")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real material, or skip, saying so, when it is not there."""
    if not SHARED.is_dir():
        pytest.skip(f"real material is not here: {SHARED.name}/ beside the project")
    return SHARED


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small sample workspace, embedded and trained once; tests must not change it."""
    from prefml.cli import main

    folder = tmp_path_factory.mktemp("trained") / "sample"
    write_sample(folder, share=0.12)
    for words in (["embed"], ["train"]):
        assert main(["--workspace", str(folder), *words, "--json"]) == 0
    return folder
