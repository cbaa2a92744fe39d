"""Read sidecars while another run replaces them."""

from __future__ import annotations

import shutil
import threading

import pytest

from prefml.exceptions import SidecarError
from prefml.sidecars import index
from prefml.sidecars.layout import COMMIT
from prefml.sidecars.sources import open_fragment
from prefml.sidecars.store import read_sidecars

from .conftest import MeanColour, draw, same


@pytest.fixture(params=[0, 1], ids=["after one project", "after both"])
def replaced(request, workspace, build, monkeypatch) -> list[int]:
    """Let a run with as many other rows replace the files once some keys have been read."""
    opened: list[int] = []

    def opening(fragment):
        source = open_fragment(fragment)
        if len(opened) == request.param:
            draw(workspace.root / "images/p0/000.png", 77)
            max((workspace.root / "images/p1").iterdir()).unlink()
            build(MeanColour())
        opened.append(len(source.keys))
        return source

    monkeypatch.setattr(index, "open_fragment", opening)
    return opened


def test_rows_of_two_runs_are_never_put_together(workspace, build, replaced):
    build(MeanColour())
    found = read_sidecars(workspace.sidecars)
    assert len(replaced) > 2
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
    shutil.rmtree(workspace.sidecars / "hashes.parquet")
    (workspace.sidecars / COMMIT).touch()
    monkeypatch.setattr(index, "_TIMEOUT", 0.05)
    with pytest.raises(SidecarError, match=r"no .*hashes\.parquet"):
        read_sidecars(workspace.sidecars)
