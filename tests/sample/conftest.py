"""A small sample, its ground truth, and the plans of all sets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prefml.sample import SampleReport, write_sample
from prefml.sample.plan import PROJECTS, SetPlan, plan_project

SMALL = 0.05


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> SampleReport:
    """Return the report of a small sample, which tests must not change."""
    return write_sample(tmp_path_factory.mktemp("samples") / "sample", share=SMALL)


@pytest.fixture(scope="session")
def truth(report: SampleReport) -> dict:
    return json.loads((report.folder / "truth.json").read_text())


@pytest.fixture(scope="session")
def plans() -> list[SetPlan]:
    """Return the plans of all decided sets of the whole sample."""
    return [plan for project in PROJECTS for plan in plan_project(project)[: project.sets]]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
