"""The pictures of a folder that is no workspace, and their projects."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.exceptions import WorkspaceError
from prefml.suggest.first_day.folder import find_pictures

names = st.sampled_from(["a", "b", "mojo", "set 1", "2024-05-01", "ü"])
trees = st.sets(
    st.tuples(st.lists(names, max_size=3).map(tuple), st.integers(0, 5)), min_size=1, max_size=25
)


def write(root, paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")
    return root


@given(trees)
def test_every_picture_has_a_place_of_its_own_in_a_project(tmp_path_factory, tree):
    root = tmp_path_factory.mktemp("tree") / "pictures"
    paths = {"/".join([*folders, f"{number}.png"]) for folders, number in tree}
    found = find_pictures(write(root, paths))
    assert set(found.places) == paths
    assert len(set(found.places.values())) == len(paths)
    for path, place in found.places.items():
        assert place in (path, f"pictures/{path}")
        assert "/" in place


def test_folders_are_projects_and_what_lies_beside_them_is_one_of_the_folders_name(tmp_path):
    paths = [f"{top}/{n}.png" for top in ("one", "two") for n in range(20)] + ["x.png"]
    found = find_pictures(write(tmp_path / "shoot", paths))
    assert dict(found.projects) == {"one": 20, "two": 20, "shoot": 1}


def test_small_folders_side_by_side_are_sets_of_one_project(tmp_path):
    paths = [f"set{n}/{v}.png" for n in range(12) for v in range(3)]
    assert dict(find_pictures(write(tmp_path / "shoot", paths)).projects) == {"shoot": 36}


def test_folders_of_days_are_no_sets(tmp_path):
    paths = [f"2024-05-0{n}/{v}.png" for n in range(1, 6) for v in range(3)]
    assert len(find_pictures(write(tmp_path / "shoot", paths)).projects) == 5


def test_what_is_not_read_is_told(tmp_path):
    found = find_pictures(write(tmp_path / "shoot", ["a.png", "b.cr2", "c.txt"]))
    assert list(found.places) == ["a.png"]
    assert any("b.cr2" in one for one in found.passed_over)


def refusal(folder):
    with pytest.raises(WorkspaceError) as caught:
        find_pictures(folder)
    assert caught.value.run
    return str(caught.value)


def test_a_folder_that_is_not_there_or_holds_none_is_refused_in_words(tmp_path):
    assert "no folder" in refusal(tmp_path / "gone")
    assert "no folder" in refusal(write(tmp_path, ["file.png"]) / "file.png")
    (tmp_path / "empty").mkdir()
    assert "no pictures in" in refusal(tmp_path / "empty")
    assert "no pictures in" in refusal(write(tmp_path / "texts", ["a.txt"]))


def test_a_folder_that_may_not_be_read_is_refused_in_words(tmp_path, monkeypatch):
    folder = write(tmp_path / "closed", ["a.png"])
    real = os.scandir

    def closed(path):
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert "cannot be read (Permission denied)" in refusal(folder)


@pytest.mark.parametrize("mark", ["prefml.toml", "sandbox/x", "data/sidecar/x", "data/training/x"])
def test_a_workspace_is_refused_with_what_to_do_in_it(tmp_path, mark):
    folder = write(tmp_path / "my ws", ["images/p/a.png"])
    (folder / mark).parent.mkdir(parents=True, exist_ok=True)
    (folder / mark).write_text("")
    said = refusal(folder)
    assert "is a workspace already" in said
    assert f"prefml start --workspace '{folder}'" in said
