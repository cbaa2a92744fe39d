"""Anything at all in the place of a file: an error of prefml's own, or something sound."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefml.apply import preview
from prefml.encoders.folder import read_folder
from prefml.exceptions import PrefmlError
from prefml.models.manifest import read_manifest
from prefml.proposals import read_lines
from prefml.review.groups import read_batch
from prefml.sidecars.store import read_sidecars
from prefml.status import status_of
from prefml.workspace import Workspace

from . import logs
from .conftest import place

bounded = settings(
    max_examples=60, derandomize=True, database=None, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)
names = ("group_id", "images", "action", "final_choice", "crop_coords", "suggestion", "projectId",
         "step1_selection", "step2_crop", "user_decision", "parts", "sha256", "format")  # fmt: skip
documents = st.dictionaries(st.sampled_from(names), values, max_size=6) | values
anything = (
    st.binary(max_size=300)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | documents.map(lambda value: json.dumps(value).encode())
)


def all_logs(root: Path) -> None:
    logs.judge(logs.read_all(root))


READERS = {
    "data/training/log.csv": all_logs,
    "data/projects/x.project.json": all_logs,
    "decisions/x.decision": all_logs,
    "sandbox/approved_decisions.jsonl": lambda root: (
        all_logs(root), preview(Workspace.open(root)), status_of(Workspace.open(root))
    ),
    "sandbox/automation_decisions.jsonl": lambda root: read_batch(Workspace.open(root)),
    "sandbox/journal/000001.jsonl": lambda root: preview(Workspace.open(root)),
    "prefml.toml": Workspace.open,
    "encoder/encoder.json": lambda root: read_folder(root / "encoder"),
    "artifacts/ranker.manifest.json": lambda root: read_manifest(root / "artifacts/ranker.joblib"),
    "data/sidecar/embeddings.parquet": lambda root: read_sidecars(root / "data/sidecar"),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_anything_at_all_may_stand_in_a_file(tmp_path, name):
    logs.workspace(tmp_path)

    @bounded
    @given(raw=anything)
    def read(raw: bytes) -> None:
        place(tmp_path / name, raw)
        with suppress(PrefmlError):
            READERS[name](tmp_path)

    read()


def test_lines_of_any_objects_are_counted(tmp_path):
    @bounded
    @given(rows=st.lists(documents, max_size=5))
    def read(rows: list[object]) -> None:
        text = "".join(json.dumps(row) + "\n" for row in rows)
        found = read_lines(place(tmp_path / "x.jsonl", text.encode()))
        assert len(found.rows) + len(found.bad) == len(rows)

    read()
