from unicodedata import normalize

import pytest

from prefml.apply import execute, preview
from prefml.apply.locator import PictureLocator
from prefml.decisions.projects import ProjectResolver
from prefml.exceptions import WorkspaceError
from prefml.workspace import Workspace

from .reports import reasons, targets


@pytest.fixture
def locator(tree):
    def make():
        workspace = Workspace.open(tree.root)
        return PictureLocator(workspace, ProjectResolver.open(workspace))

    return make


def test_a_picture_is_found_with_its_project_and_companions(tree, locator):
    name = tree.picture("new/alpha/a.png")
    tree.file("new/alpha/a.yaml", "a")
    tree.picture("new/alpha/a.jpg")
    found = locator().locate(name)
    assert (found.path, found.projects, found.problem) == (name, ("alpha",), None)
    assert found.companions == ("new/alpha/a.yaml",)


def test_a_companion_that_is_a_link_keeps_its_picture_from_moving(tree, locator):
    name = tree.picture("new/alpha/a.png")
    tree.file("new/alpha/b.yaml", "b")
    (tree.root / "new/alpha/a.yaml").symlink_to("b.yaml")
    assert "new/alpha/a.yaml is not a regular file" in locator().locate(name).problem


@pytest.mark.parametrize("name", ["../x.png", "/etc/hostname", "new/../../x.png"])
def test_a_path_that_leads_out_of_the_workspace_is_an_error(locator, name):
    with pytest.raises(WorkspaceError, match="outside"):
        locator().locate(name)


@pytest.mark.parametrize(
    ("stated", "project"),
    [("alpha", "alpha"), ("unheard of", "unheard of"), ("", None), ("unknown", None), (3, None)],
)
def test_a_line_states_a_project_or_none(locator, stated, project):
    assert locator().stated_project(stated) == project


def test_a_name_is_taken_whatever_its_case(tree, locator):
    tree.picture("selected/alpha/A.png")
    assert locator().is_taken("selected/alpha/a.PNG")
    assert not locator().is_taken("selected/alpha/b.png")
    assert not locator().is_taken("nowhere/a.png")


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ("alpha/a.png", "ALPHA/A.PNG"),
        ("zo\u00eb/a.png", "ZOE\u0308/a.png"),
        ("x/\ufb01.png", "X/fi.png"),
    ],
)
def test_a_target_is_taken_under_every_spelling_of_its_folders_too(tree, locator, there, wanted):
    tree.picture(f"selected/{there}")
    found = locator()
    assert found.is_taken(f"selected/{wanted}")
    assert not found.is_taken(f"selected/{wanted}.txt")
    assert not found.is_taken("selected/other/a.png")


@pytest.mark.parametrize("stored", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
@pytest.mark.parametrize("companion", ["NFC", "NFD"])
@pytest.mark.parametrize("bare", [False, True])
def test_a_picture_is_found_in_either_form_of_its_name(
    tree, locator, stored, asked, companion, bare
):
    name = "new/alpha/zo\u00eb/\u00e5.png"
    stored = tree.picture(normalize(stored, name))
    beside = normalize(companion, "\u00e5.txt")
    (tree.root / stored).with_name(beside).write_text("a")
    wanted = normalize(asked, name)
    found = locator().locate(wanted.rpartition("/")[2] if bare else wanted)
    assert (found.path, found.problem) == (stored, None)
    assert found.companions == (f"{stored.rpartition('/')[0]}/{beside}",)


def test_a_linked_picture_is_left_out(tree, tmp_path_factory):
    far = tmp_path_factory.mktemp("far") / "secret.png"
    far.write_bytes(b"x")
    tree.picture("new/alpha/a.png")
    (tree.root / "new/alpha/b.png").symlink_to(tree.root / "new/alpha/a.png")
    tree.set("g", ["new/alpha/b.png"])
    tree.decide("g", "approved")
    assert "is a link" in reasons(preview(tree.write()))["g"]


def test_a_missing_picture_leaves_its_set_out(tree):
    tree.set("g", ["new/alpha/none.png"])
    tree.decide("g", "approved")
    assert reasons(preview(tree.write()))["g"] == "no file new/alpha/none.png"


def test_a_bare_name_is_found_where_it_occurs_once(tree):
    tree.picture("new/alpha/a.png")
    tree.set("g", ["a.png"])
    tree.decide("g", "approved")
    assert targets(preview(tree.write())) == {("winner", "selected/alpha/a.png")}


def test_a_bare_name_that_occurs_twice_is_left_out(tree):
    tree.picture("new/alpha/a.png")
    tree.picture("new/beta/a.png")
    tree.set("g", ["a.png"])
    tree.decide("g", "approved")
    assert "could be" in reasons(preview(tree.write()))["g"]


def test_a_stem_that_merely_begins_alike_is_no_companion(tree):
    tree.set("g", [tree.picture("new/alpha/a_stage1.png")])
    tree.file("new/alpha/a_stage1.5.yaml", "of another picture")
    tree.picture("new/alpha/a_stage1.jpg")
    tree.decide("g", "approved")
    assert targets(preview(tree.write())) == {("winner", "selected/alpha/a_stage1.png")}


def test_a_folder_named_like_a_picture_is_no_companion(tree):
    name = tree.picture("new/alpha/a.png")
    (tree.root / "new/alpha/a").mkdir()
    tree.set("one", [name])
    tree.decide("one", "approved", name)
    assert targets(preview(tree.write())) == {("winner", "selected/alpha/a.png")}


@pytest.mark.parametrize(
    ("picture", "own"),
    [
        ("prefml.png", "prefml.toml"),
        ("sandbox/review.png", "sandbox/review.sqlite3"),
        ("artifacts/ranker.png", "artifacts/ranker.joblib"),
        ("data/sidecar/cues.png", "data/sidecar/cues.parquet"),
        ("data/projects/alpha.project.png", "data/projects/alpha.project.json"),
    ],
)
def test_files_of_prefml_itself_go_with_no_picture(tree, locator, picture, own):
    tree.picture(picture)
    tree.file(own, "")
    assert locator().locate(picture).companions == ()


@pytest.mark.parametrize(
    "own",
    ["prefml.toml", "sandbox/review.sqlite3", "artifacts/ranker.joblib", "data/projects/a.json"],
)
@pytest.mark.parametrize("action", ["approved", "rejected"])
def test_a_line_that_names_a_file_of_prefml_itself_is_left_out(tree, own, action):
    (tree.root / own).parent.mkdir(parents=True, exist_ok=True)
    tree.file(own, "SQLite format 3" if own.endswith("3") else "")
    tree.set("g", [own, tree.picture("new/alpha/a.png")])
    tree.decide("g", action, own)
    report = execute(tree.write())
    assert reasons(report) == {"g": f"{own} is not a picture"}
    assert (tree.root / own).exists()
    assert (tree.root / "new/alpha/a.png").exists()
