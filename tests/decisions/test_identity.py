from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions import read_decisions
from prefml.decisions.identity import Identities, repeated_names, walk_folders
from prefml.decisions.manifests import UNKNOWN
from prefml.decisions.projects import ProjectResolver
from prefml.decisions.quarantine import RowRefusedError, refusal_of
from prefml.workspace import Workspace

SETS = ("set01/1.png", "set01/2.png", "set02/1.png", "set02/2.png", "set02/only.png")
folders = st.sampled_from(["", "a/", "b/", "a/b/", "b/a/"])
places = st.tuples(st.sampled_from(["p", "q"]), folders, st.sampled_from(["1.png", "2.png"]))


def resolver():
    return ProjectResolver(folder_projects=["p", "q"], suffixes=["_final"])


def identities(*below, project="p"):
    return Identities(resolver(), repeated_names((project, one) for one in below))


@given(st.sets(places))
def test_pictures_in_two_folders_of_a_project_never_share_a_name_and_all_others_keep_theirs(found):
    names = Identities(resolver(), repeated_names((p, folder + name) for p, folder, name in found))
    called = {}
    for p, folder, name in found:
        called.setdefault((p, names.of(p, f"images/{p}/{folder}{name}")), set()).add(folder)
    for (p, called_so), where in called.items():
        assert len({folder for folder in where if folder}) <= 1
        name = called_so.rpartition("/")[2]
        twice = sum((p, folder, name) in found for folder in ("a/", "b/", "a/b/", "b/a/")) > 1
        assert ("/" in called_so) == (twice and where != {""})


def test_no_name_repeats_among_pictures_of_no_project():
    assert repeated_names((UNKNOWN, one) for one in SETS) == {}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("p/set01/1.png", "set01/1.png"),
        ("images/p/set02/1.png", "set02/1.png"),
        ("C:\\pictures\\p\\set02\\1.png", "set02/1.png"),
        ("/home/q/work/p_final/set01/2.png", "set01/2.png"),
        ("crop/set01/1.png", "set01/1.png"),
        ("p/set03/1.png", "set03/1.png"),
        ("only.png", "only.png"),
        ("p/elsewhere/only.png", "only.png"),
    ],
)
def test_a_path_tells_which_picture_is_meant(path, name):
    assert identities(*SETS).of("p", path) == name


@pytest.mark.parametrize(
    "path", ["1.png", "p/1.png", "p_final/1.png", "set1/1.png", "xset01/1.png"]
)
def test_a_bare_name_that_repeats_is_refused_with_its_candidates(path):
    with pytest.raises(RowRefusedError) as caught:
        identities(*SETS).of("p", path)
    found = f"{path} may be set01/1.png, set02/1.png"
    assert refusal_of(caught.value) == ("ambiguous_name", found)


def test_the_end_of_a_path_that_two_pictures_have_is_not_guessed_from():
    names = identities("a/1.png", "b/a/1.png")
    assert names.of("p", "p/b/a/1.png") == "b/a/1.png"
    assert names.of("p", "elsewhere/a/1.png") == "a/1.png"
    with pytest.raises(RowRefusedError):
        names.of("p", "elsewhere/b/a/1.png")


def test_a_name_repeats_in_its_own_project_only():
    assert identities(*SETS, project="q").of("p", "1.png") == "1.png"


def picture(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"never opened")


def log(root, *rows):
    lines = ["session_id,set_id,chosen_path,neg_paths,timestamp"]
    for number, (winner, *losers) in enumerate(rows):
        cell = json.dumps(losers).replace('"', '""')
        lines.append(f's,{number},{winner},"{cell}",2025-01-01T00:00:0{number}Z')
    (root / "data/training").mkdir(parents=True)
    (root / "data/training/log.csv").write_text("\n".join(lines) + "\n")


def test_sets_in_folders_of_their_own_are_sets_of_their_own(tmp_path):
    picture(tmp_path, *(f"images/p/{name}" for name in SETS))
    log(tmp_path, ("p/set01/1.png", "p/set01/2.png"), ("p/set02/1.png", "p/set02/2.png"))
    found = read_decisions(Workspace.open(tmp_path))
    assert found.items["filename"].to_list() == list(SETS[:4])
    assert len(found.quarantine) == 0


def test_a_row_that_does_not_tell_its_pictures_is_counted_with_what_it_may_mean(tmp_path):
    picture(tmp_path, *(f"images/p/{name}" for name in SETS))
    log(tmp_path, ("p/1.png", "p/2.png"), ("p/only.png", "p/set02/2.png"))
    found = read_decisions(Workspace.open(tmp_path))
    assert found.files[0].quarantined == {"ambiguous_name": 1}
    assert found.quarantine["detail"].to_list() == ["p/1.png may be set01/1.png, set02/1.png"]
    assert found.items["filename"].to_list() == ["only.png", "set02/2.png"]


def test_copies_of_a_picture_in_other_places_keep_its_name(tmp_path):
    """The winner lies in a folder below that of the final pictures, and where `apply` puts it."""
    picture(tmp_path, "images/p/1.png", "images/p_final/best/1.png", "selected/p/1.png",
            "images/p/set01/2.png", "selected/p/set01/2.png", "new/q/1.png")  # fmt: skip
    log(tmp_path, ("p_final/best/1.png", "crop/2.png"), ("p/1.png", "p/set01/2.png"))
    found = read_decisions(Workspace.open(tmp_path))
    assert set(found.items["filename"]) == {"1.png", "2.png"}
    assert found.files[0].quarantined == {"repeat_set": 1}


def test_a_walk_goes_on_after_a_folder_that_cannot_be_read(tmp_path):
    picture(tmp_path, "a/1.png", "a/.hidden.png", "a/b/2.PNG", "a/b/c.txt")
    failed = []
    roots = (tmp_path / "gone", tmp_path / "a", tmp_path / "a/b")
    found = list(walk_folders(roots, lambda folder, error: failed.append((folder, error.errno))))
    names = [[entry.name for entry in entries] for _, entries in found]
    assert names == [["1.png"], ["2.PNG", "c.txt"], []]
    assert [folder for folder, _ in failed] == [str(tmp_path / "gone")]


def test_of_many_candidates_some_are_named_and_all_counted():
    names = identities(*(f"set{number:02}/1.png" for number in range(12)))
    with pytest.raises(RowRefusedError) as caught:
        names.of("p", "1.png")
    assert refusal_of(caught.value).detail.endswith("set04/1.png and 7 more")
