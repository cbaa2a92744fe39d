"""Read sidecars while another run replaces them."""

from __future__ import annotations

import threading

import pytest

from prefml.exceptions import SidecarError
from prefml.sidecars import store
from prefml.sidecars.compact import COMMIT
from prefml.sidecars.sources import open_store
from prefml.sidecars.store import read_sidecars

from .conftest import MeanColour, draw, same


@pytest.fixture
def replaced(workspace, build, monkeypatch) -> list[int]:
    """Let a run with as many other rows replace the files once their keys have been read."""
    rows: list[int] = []

    def opened(folder):
        source = open_store(folder)
        if not rows:
            draw(workspace.root / "images/p0/000.png", 77)
            max((workspace.root / "images/p1").iterdir()).unlink()
            build(MeanColour())
        rows.append(len(source.keys))
        return source

    monkeypatch.setattr(store, "open_store", opened)
    return rows


def test_rows_of_two_runs_are_never_put_together(workspace, build, replaced):
    build(MeanColour())
    found = read_sidecars(workspace.sidecars)
    assert replaced == [len(found), len(found)]
    assert "000.png" in set(found.index["filename"])
    assert same(found, read_sidecars(workspace.sidecars))


def test_files_that_are_being_replaced_are_waited_for(workspace, build, read):
    build(MeanColour())
    sound = read()
    hashes = workspace.sidecars / "hashes.parquet"
    hashes.rename(hashes.with_suffix(".away"))
    (workspace.sidecars / COMMIT).touch()

    def finish():
        hashes.with_suffix(".away").rename(hashes)
        (workspace.sidecars / COMMIT).unlink()

    other = threading.Timer(0.1, finish)
    other.start()
    assert same(read_sidecars(workspace.sidecars), sound)
    other.join()


def test_a_replacement_that_was_stopped_is_not_waited_for_long(workspace, build, monkeypatch):
    build(MeanColour())
    (workspace.sidecars / "hashes.parquet").unlink()
    (workspace.sidecars / COMMIT).touch()
    monkeypatch.setattr(store, "_TIMEOUT", 0.05)
    with pytest.raises(SidecarError, match=r"no .*hashes\.parquet"):
        read_sidecars(workspace.sidecars)
