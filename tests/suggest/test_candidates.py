import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.projects import ProjectResolver
from prefml.decisions.set_rule import SetRule
from prefml.exceptions import WorkspaceError
from prefml.sidecars.find import ImageFile
from prefml.suggest.candidates import (
    Candidate,
    candidates_of,
    find_candidates,
    images_on_disk,
    new_images,
)
from prefml.suggest.grouping import form_groups
from prefml.workspace import Workspace

from .grouping.pictures import sources

names = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=4, unique=True)


def image(name, project="p"):
    return ImageFile(project, name, f"new/{project}/{name}", 1, 1)


def formed(files, handled=(), rule="stages"):
    return candidates_of(form_groups(files, SetRule(name=rule), sources()), handled)


def staged(*stages, start=0):
    words = {1: "stage1_generated", 2: "stage2_upscaled", 3: "stage3_enhanced"}
    return [image(f"20250101_{start + i:06}_{words[stage]}.png") for i, stage in enumerate(stages)]


def candidate(*file_names, project="p"):
    return Candidate(project, tuple(image(name, project) for name in file_names))


@given(one=names, other=names)
def test_a_group_id_tells_sets_apart_and_holds_no_odd_letter(one, other):
    first, second = candidate(*one).group_id, candidate(*other).group_id
    assert (first == second) is (one == other)
    assert re.fullmatch(r"[A-Za-z0-9._-]+", first)


def test_the_same_names_in_another_project_are_another_set():
    assert candidate("a.png").group_id != candidate("a.png", project="q").group_id


def test_a_candidate_names_its_pictures_in_three_ways():
    found = candidate("a.png", "b.png")
    assert found.names == ("a.png", "b.png")
    assert found.paths == ("new/p/a.png", "new/p/b.png")
    assert found.keys == (("p", "a.png"), ("p", "b.png"))


def test_runs_of_rising_stages_form_sets_and_the_rest_stands_alone():
    files = [*staged(1, 2, 3), *staged(1, start=100), image("lonely.png")]
    found = formed(files)
    assert [len(one.images) for one in found.groups] == [3, 1, 1]
    assert +found.skipped == {}
    assert found.alone.total() == 2


def test_sets_are_formed_before_they_are_thinned_out():
    first, middle, last = staged(1), staged(2, start=10), staged(3, start=20)
    found = formed([*first, *middle, *last], {middle[0].key})
    assert [one.names for one in found.groups] == [(first[0].filename, last[0].filename)]
    assert found.skipped == {"handled before": 1}


def test_a_set_of_which_every_picture_was_handled_is_no_candidate():
    files = staged(1, 2)
    found = formed(files, {file.key for file in files})
    assert (found.groups, found.skipped) == ([], {"handled before": 2})


def test_by_products_are_left_out_and_counted():
    found = formed([image("a.png"), image("a-Edit.png"), image("a-mask.png")], rule="name")
    assert [one.names for one in found.groups] == [("a-Edit.png", "a.png")]
    assert +found.skipped == {"a by-product: a mask": 1}
    assert found.examples == {"a by-product: a mask": "new/p/a-mask.png"}


def test_no_candidate_crosses_projects():
    here, there = staged(1, 2), [image(file.filename, "q") for file in staged(1, 2)]
    found = formed([*there, *here]).groups
    assert [one.project for one in found] == ["p", "q"]
    assert all({file.project for file in one.images} == {one.project} for one in found)


@pytest.fixture
def look(tree):
    def run(*folders, handled=()):
        workspace = Workspace.open(tree.root)
        return find_candidates(workspace, ProjectResolver.open(workspace), folders, handled)

    return run


def test_what_is_left_out_is_counted_by_its_reason_with_an_example(tree, look):
    kept = tree.stages("1", "2")
    done = tree.picture("new/alpha/done.png")
    tree.picture("new/nowhere/x.png")
    found = look(handled={("alpha", "done.png")})
    assert [one.paths for one in found.groups] == [tuple(kept)]
    assert found.skipped == {"unknown project": 1, "handled before": 1}
    assert found.examples["unknown project"] == "new/nowhere/x.png"
    assert done not in found.examples.values()


def test_pictures_that_are_not_read_are_counted_with_the_way_out(tree, look):
    tree.stages("1", "2")
    for name in ("b.nef", "c.NEF"):
        (tree.root / "new/alpha" / name).write_bytes(b"II*")
    reason = "RAW, not read here; develop them to JPEG, PNG or TIFF"
    found = look()
    assert found.skipped == {reason: 2}
    assert found.examples == {reason: "new/alpha/b.nef"}


def test_what_was_skipped_for_no_reason_is_not_counted(tree, look):
    tree.stages("1", "2")
    assert look().skipped == {}


def test_only_the_folders_that_are_named_are_searched(tree, look):
    tree.stages("1", "2")
    tree.picture("more/alpha/a.png")
    assert [one.names for one in look("more").groups] == [("a.png",)]


def test_what_cannot_be_used_is_counted_with_an_example(tree, look):
    (tree.root / "new/alpha/x.png").mkdir(parents=True)
    found = look()
    assert found.skipped == {"unreadable": 1}
    assert found.examples["unreadable"].startswith("new/alpha/x.png (a folder")


def test_a_folder_outside_the_workspace_or_none_at_all_is_an_error(tree, look):
    workspace = Workspace.open(tree.root)
    for name, words in (("..", "outside"), ("nothing", "no folder nothing")):
        with pytest.raises(WorkspaceError, match=words):
            new_images(workspace, ProjectResolver.open(workspace), [name])


def test_of_an_index_the_pictures_that_are_still_there_are_listed_with_their_size(tree):
    here = tree.picture("new/alpha/a.png")
    rows = pd.DataFrame(
        [("alpha", "gone.png", "new/alpha/gone.png"), ("alpha", "a.png", here),
         ("alpha", "nowhere.png", None)],
        columns=["project", "filename", "path"],
    )  # fmt: skip
    (found,) = images_on_disk(Workspace.open(tree.root), rows)
    assert (found.key, found.path) == (("alpha", "a.png"), here)
    assert found.file_size == (tree.root / here).stat().st_size
