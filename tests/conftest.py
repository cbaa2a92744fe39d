"""Fixtures shared by every test."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

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
# The same examples every time, that a change is judged by what it changes; `pytest
# --hypothesis-profile=explore` and `make reliability` look for new ones.
settings.register_profile("prefml", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
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


TOLD: list[dict[str, Any]] = []


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a test by the number of its bytes' place, never by what they are.

    What a library writes may hold the time, and processes that share out tests must agree on names.
    """
    return argname if isinstance(val, bytes) and len(val) > 40 else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reliability", metavar="FILE", help="Write what was attacked, and how often")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect what tests say they have tried; from other processes it comes with their reports."""
    if report.when == "call" and report.passed:
        told = (value for name, value in report.user_properties if name == "reliability")
        TOLD.extend({**value, "test": report.nodeid.partition("[")[0]} for value in told)


def pytest_sessionfinish(session: pytest.Session) -> None:
    path = session.config.getoption("--reliability")
    if path and not hasattr(session.config, "workerinput"):
        Path(path).write_text(json.dumps(TOLD, indent=1) + "\n")
