"""Take over single files of an earlier version, and complete what was stopped."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from pathlib import Path

import pytest

from prefml.sidecars.layout import COMMIT, copy_folder, data_set, has_single_files, list_fragments
from prefml.sidecars.recovery import recover
from prefml.sidecars.schema import KINDS
from prefml.sidecars.store import read_sidecars

from .conftest import Killed, MeanColour, die_at, draw, same
from .single_files import as_single_files

PATH_STEPS = ("replace", "unlink", "write_text", "mkdir", "rmdir")
STEPS = [*((Path, name) for name in PATH_STEPS), (os, "fsync")]


@pytest.fixture
def earlier(workspace, build):
    """Return the rows of a workspace whose sidecars are single files."""
    build()
    before = read_sidecars(workspace.sidecars)
    as_single_files(workspace.sidecars)
    return before


def test_single_files_are_read_as_they_are(workspace, earlier, read):
    assert same(read(), earlier)
    assert has_single_files(workspace.sidecars)
    one = read_sidecars(workspace.sidecars, ["p1"])
    assert set(one.index["project"]) == {"p1"}
    assert one.cues.equals(earlier.cues[earlier.index["project"] == "p1"].reset_index(drop=True))


def test_single_files_are_taken_over_without_computing_a_picture(workspace, build, earlier, read):
    report = build()
    assert (report.computed, report.reused, report.taken_over) == (0, 10, True)
    assert same(read(), earlier)
    assert [one.folder for one in list_fragments(workspace.sidecars)] == ["p0", "p1"]


def test_a_take_over_with_new_pictures_computes_these_alone(workspace, build, earlier, read):
    draw(workspace.root / "images/p2/new.png", 50)
    report = build()
    assert (report.computed, report.reused, report.taken_over) == (1, 10, True)
    assert len(read()) == 11


def test_a_copy_is_kept_until_the_next_run(workspace, build, earlier):
    raw = {kind: data_set(workspace.sidecars, kind).read_bytes() for kind in KINDS}
    build()
    copy = copy_folder(workspace.sidecars)
    assert {kind: data_set(copy, kind).read_bytes() for kind in KINDS} == raw
    assert not build().taken_over
    assert not copy.exists()


def test_the_copy_can_be_put_back_in_place_of_the_folders(workspace, build, earlier, read):
    build()
    for kind in KINDS:
        shutil.rmtree(data_set(workspace.sidecars, kind))
        copy = data_set(copy_folder(workspace.sidecars), kind)
        copy.rename(data_set(workspace.sidecars, kind))
    assert same(read(), earlier)


def test_rows_that_are_damaged_after_a_take_over_come_from_the_copy(
    workspace, build, earlier, read
):
    build()
    shutil.rmtree(data_set(workspace.sidecars, "cues") / "p0")
    report = build()
    assert (report.computed, len(report.repaired)) == (0, 1)
    assert same(read(), earlier)


def test_every_step_of_a_take_over_may_be_the_last(workspace, build, earlier, read, monkeypatch):
    copy = shutil.copytree(workspace.sidecars, workspace.root / "as it was")
    for moment in itertools.count():
        shutil.rmtree(workspace.sidecars)
        shutil.copytree(copy, workspace.sidecars)
        with monkeypatch.context() as patch:
            die_at(patch, moment, STEPS)
            try:
                build()
                break
            except Killed:
                pass
        assert same(read(), earlier)
        report = build()
        assert (report.computed, report.reused) == (0, 10)
        assert same(read(), earlier)
        assert not has_single_files(workspace.sidecars)
        assert list((workspace.sidecars / "parts").iterdir()) == []
    assert moment > 15


@pytest.mark.parametrize("swapped", range(len(KINDS) + 1))
def test_what_an_earlier_version_has_committed_is_completed(
    workspace, build, earlier, read, swapped
):
    """It was stopped while it moved its new single files over the old ones."""
    old = workspace.root / "old"
    old.mkdir()
    for kind in KINDS:
        data_set(workspace.sidecars, kind).rename(data_set(old, kind))
    draw(workspace.root / "images/p0/new.png", 50)
    build()
    now = read()
    as_single_files(workspace.sidecars)
    for kind in KINDS[swapped:]:
        new = data_set(workspace.sidecars, kind)
        new.rename(f"{new}.next")
        data_set(old, kind).rename(new)
    (workspace.sidecars / COMMIT).write_text(json.dumps({"generation": "x", "parts": []}))
    report = build()
    assert (report.computed, report.taken_over) == (0, True)
    assert same(read(), now)


def test_a_run_of_the_earlier_version_on_folders_loses_nothing(workspace, build, read):
    """It cannot move its files over folders, and stops with an error."""
    build()
    before = read()
    for kind in KINDS:
        Path(f"{data_set(workspace.sidecars, kind)}.next").write_bytes(b"PAR1")
    (workspace.sidecars / COMMIT).write_text(json.dumps({"generation": "x", "parts": []}))
    assert same(read(), before)
    assert build().computed == 0
    assert same(read(), before)
    assert not list(workspace.sidecars.glob("*.next"))


def test_what_was_not_committed_is_discarded(workspace, build, read, monkeypatch):
    build()
    before = read()
    with monkeypatch.context() as patch:
        patch.setattr("prefml.sidecars.compact.Commit.write", stop)
        with pytest.raises(Killed):
            build(MeanColour("other"))
    assert list((workspace.sidecars / "parts").glob("*.next"))
    recover(workspace.sidecars)
    assert not list((workspace.sidecars / "parts").glob("*.next"))
    assert same(read(), before)


def stop(*_: object) -> None:
    raise Killed
