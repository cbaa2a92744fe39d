"""A small workspace with drawn pictures, and a client of its review."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from prefml.review import create_app
from prefml.workspace import Workspace

from .drawn_workspace import write_workspace


@dataclass
class Client:
    """Sends requests as the page does, with its token."""

    app: Any

    def __post_init__(self) -> None:
        self.http = self.app.test_client()
        self.token = self.get("load_batch", size=1)["csrf_token"]

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(f"/api/automation/{path}", query_string=query)
        assert answer.status_code == 200, answer.json
        return answer.json

    def send(self, path: str, body: Any = None, **headers: str) -> Any:
        headers = {"X-CSRF-Token": self.token, **headers}
        return self.http.post(f"/api/automation/{path}", json=body, headers=headers)

    def post(self, path: str, **body: Any) -> Any:
        answer = self.send(path, body)
        assert answer.status_code == 200, answer.json
        return answer.json

    def group(self, group_id: str) -> Any:
        return self.get("load_batch", id=group_id)["groups"][0]


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_workspace(tmp_path_factory.mktemp("drawn") / "ws", size=(104, 152))


@pytest.fixture
def workspace(drawn: Path, tmp_path: Path) -> Workspace:
    return Workspace.open(shutil.copytree(drawn, tmp_path / "ws"))


@pytest.fixture
def unaudited(workspace: Workspace) -> Workspace:
    """Return the workspace with audits switched off: batches are approved whole."""
    return replace(workspace, config=replace(workspace.config, audit=0))


@pytest.fixture
def client(workspace: Workspace) -> Iterator[Client]:
    app = create_app(workspace)
    yield Client(app)
    app.extensions["prefml"].close()
