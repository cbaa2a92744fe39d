import pytest

from prefml.exceptions import WorkspaceError
from prefml.workspace import Workspace


def test_a_missing_workspace_names_the_command_that_makes_one(tmp_path):
    with pytest.raises(WorkspaceError, match="prefml sample"):
        Workspace.open(tmp_path / "none")


def test_artifacts_lie_in_the_workspace_unless_named(tmp_path):
    assert Workspace.open(tmp_path).artifacts == tmp_path / "artifacts"
    assert Workspace.open(tmp_path, tmp_path / "b").artifacts == tmp_path / "b"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x"])
def test_a_path_outside_is_refused(tmp_path, name):
    with pytest.raises(WorkspaceError, match="outside"):
        Workspace.open(tmp_path).inside(name)


def test_logs_are_looked_for_in_the_root_when_there_is_no_training_folder(tmp_path):
    assert Workspace.open(tmp_path).log_folders() == (tmp_path / ".",)
    (tmp_path / "data" / "training").mkdir(parents=True)
    assert Workspace.open(tmp_path).log_folders() == (tmp_path / "data/training",)


def test_image_roots_are_the_usual_folders_and_those_named_like_a_project(tmp_path):
    for name in ("images", "mojo", "other"):
        (tmp_path / name).mkdir()
    roots = Workspace.open(tmp_path).image_roots(["mojo", "absent"])
    assert roots == (tmp_path / "images", tmp_path / "mojo")


def test_configured_roots_replace_the_usual_ones(tmp_path):
    for name in ("images", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "prefml.toml").write_text('[images]\nroots = ["other"]')
    assert Workspace.open(tmp_path).image_roots() == (tmp_path / "other",)


def test_a_page_is_written_whole_and_inside_the_workspace_only(tmp_path):
    workspace = Workspace.open(tmp_path)
    assert workspace.write_page("more/page.html", "ä").read_text("utf-8") == "ä"
    for name, words in (("../page.html", "outside"), ("more", "is a folder")):
        with pytest.raises(WorkspaceError, match=words):
            workspace.write_page(name, "")


def test_a_link_in_the_other_form_leads_out_of_the_workspace_too(tmp_path):
    (tmp_path / "outside").mkdir()
    root = tmp_path / "inside"
    root.mkdir()
    (root / "zoe\u0308").symlink_to(tmp_path / "outside")
    with pytest.raises(WorkspaceError, match="outside"):
        Workspace.open(root).inside("zo\u00eb/a.png")
