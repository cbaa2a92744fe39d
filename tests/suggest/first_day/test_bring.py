"""A workspace is made of a folder, which stays as it is."""

import json
import os
import shutil
import tomllib

import pytest

from prefml.exceptions import WorkspaceError
from prefml.suggest.first_day.bring import (
    begin,
    bring_new,
    made_workspace,
    read_beginning,
    staged,
)
from prefml.suggest.first_day.folder import find_pictures
from prefml.workspace import Workspace

FILES = ["one/a.png", "one/a.txt", "one/a.png.xmp", "one/deep/b.png", "two/c.jpg", "two/other.txt"]


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "my pictures"
    for number, name in enumerate(FILES):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{number}")
    return folder


def state(folder):
    return {
        path.relative_to(folder): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode)
        for path in folder.rglob("*")
        if path.is_file()
    }


def make(source, root, encoder="builtin", rule="auto"):
    with staged(find_pictures(source), root, encoder, rule):
        pass
    return Workspace.open(root)


def below(workspace):
    new = workspace.root / "new"
    return {p.relative_to(new).as_posix(): p.read_text() for p in new.rglob("*") if p.is_file()}


def test_pictures_and_what_belongs_to_them_are_there_and_the_folder_is_as_it_was(source, tmp_path):
    before = state(source)
    workspace = make(source, tmp_path / "ws")
    assert below(workspace) == {n: str(i) for i, n in enumerate(FILES) if "other" not in n}
    assert state(source) == before
    assert read_beginning(workspace.root).source == str(source)


def test_what_is_moved_replaced_or_removed_in_the_workspace_leaves_the_folder(source, tmp_path):
    before = state(source)
    workspace = make(source, tmp_path / "ws")
    new = workspace.root / "new"
    (new / "one/a.png").rename(workspace.root / "a.png")
    (tmp_path / "other").write_text("a crop")
    os.replace(tmp_path / "other", new / "two/c.jpg")
    shutil.rmtree(new / "one")
    assert state(source) == before


def test_where_links_cannot_be_made_pictures_are_copied(source, tmp_path, monkeypatch):
    def refuse(*args, **more):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    assert below(make(source, tmp_path / "ws"))["two/c.jpg"] == "4"


@pytest.mark.parametrize("encoder", ["builtin", 'a "b" \\ ü 🙂', "x\x7f"])
def test_the_settings_say_what_was_taken(source, tmp_path, encoder):
    workspace = make(source, tmp_path / "ws", encoder, "folder")
    written = tomllib.loads((workspace.root / "prefml.toml").read_text("utf-8"))
    assert written == {"encoder": encoder, "sets": {"rule": "folder"}}
    assert workspace.config.encoder == encoder


def test_what_fails_leaves_nothing_behind(source, tmp_path):
    before = state(source)
    with pytest.raises(RuntimeError), staged(find_pictures(source), tmp_path / "ws", "b", "auto"):
        raise RuntimeError("no variants")
    assert sorted(path.name for path in tmp_path.iterdir()) == [source.name]
    assert state(source) == before


def test_what_a_killed_run_left_is_made_anew(source, tmp_path):
    left = tmp_path / ".ws.partial/new/old/x.png"
    left.parent.mkdir(parents=True)
    left.write_text("old")
    workspace = make(source, tmp_path / "ws")
    assert not any("old" in path for path in below(workspace))
    assert not (tmp_path / ".ws.partial").exists()


def test_the_workspace_of_a_folder_is_found_again_and_nothing_else_is_taken_for_it(
    source, tmp_path
):
    root = tmp_path / "ws"
    assert made_workspace(source, root) is None
    root.mkdir()
    assert made_workspace(source, root) is None
    make(source, root)
    assert made_workspace(source, root).root == root
    with pytest.raises(WorkspaceError, match="holds something else, made of"):
        made_workspace(tmp_path / "another", root)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter.txt").write_text("mine")
    with pytest.raises(WorkspaceError, match="holds something else;"):
        made_workspace(source, tmp_path / "full")


def test_a_beginning_is_noted_once(source, tmp_path):
    workspace = make(source, tmp_path / "ws")
    assert begin(workspace, None) == read_beginning(workspace.root)
    other = Workspace.open(source)
    assert begin(other, None).source is None
    assert begin(other, None).seed == read_beginning(source).seed


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"source": 3})])
def test_a_damaged_beginning_is_refused(tmp_path, content):
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox/first_day.json").write_text(content)
    with pytest.raises(WorkspaceError, match="cannot be read"):
        read_beginning(tmp_path)


def test_what_comes_into_the_folder_later_is_brought_once(source, tmp_path):
    workspace = make(source, tmp_path / "ws")
    assert bring_new(workspace) == 0
    for name in ("two/d.jpg", "two/d.txt", "three/e.png"):
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(name)
    before = state(source)
    assert bring_new(workspace) == 2
    came = below(workspace)
    assert all(came[name] == name for name in ("two/d.jpg", "two/d.txt", "three/e.png"))
    assert bring_new(workspace) == 0
    assert state(source) == before


def test_what_was_moved_on_in_the_workspace_does_not_come_back(source, tmp_path):
    workspace = make(source, tmp_path / "ws")
    (workspace.root / "new/one/a.png").rename(workspace.root / "a.png")
    (workspace.root / "new/two/c.jpg").unlink()
    assert bring_new(workspace) == 0
    assert "one/a.png" not in below(workspace)


def test_a_run_that_was_killed_before_it_took_note_is_taken_up(source, tmp_path, monkeypatch):
    workspace = make(source, tmp_path / "ws")
    (source / "two/d.jpg").write_text("d")

    def killed(*words):
        raise KeyboardInterrupt

    monkeypatch.setattr(Workspace, "write_page", killed)
    with pytest.raises(KeyboardInterrupt):
        bring_new(workspace)
    monkeypatch.undo()
    assert bring_new(workspace) == 1
    assert below(workspace)["two/d.jpg"] == "d"


def test_folders_that_are_sets_stay_one_project(tmp_path):
    folder = tmp_path / "shoot"
    for name in ("s1/a.png", "s1/b.png", "s2/c.png", "s2/d.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    workspace = make(folder, tmp_path / "ws")
    (folder / "big").mkdir()
    for number in range(200):
        (folder / f"big/{number}.png").write_text(f"{number}")
    assert bring_new(workspace) == 200
    assert {path.name for path in (workspace.root / "new").iterdir()} == {"shoot"}


def test_a_workspace_that_was_made_of_no_folder_brings_nothing(tmp_path):
    (tmp_path / "ws/sandbox").mkdir(parents=True)
    workspace = Workspace.open(tmp_path / "ws")
    assert bring_new(workspace) == 0
    begin(workspace, None)
    assert bring_new(workspace) == 0


def test_a_folder_that_is_gone_brings_nothing(source, tmp_path):
    workspace = make(source, tmp_path / "ws")
    shutil.rmtree(source)
    assert bring_new(workspace) == 0


@pytest.mark.parametrize("content", [b"{", b"[1]", b'"a"', b"\xff"])
def test_a_damaged_note_is_refused_and_moving_it_away_helps(source, tmp_path, content):
    workspace = make(source, tmp_path / "ws")
    note = workspace.sandbox / "first_day_brought.json"
    note.write_bytes(content)
    with pytest.raises(WorkspaceError, match="move it away"):
        bring_new(workspace)
    note.unlink()
    (source / "two/d.jpg").write_text("d")
    assert bring_new(workspace) == 4
    assert below(workspace)["two/d.jpg"] == "d"
