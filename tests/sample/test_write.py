import pytest

from prefml.exceptions import WorkspaceError
from prefml.sample import write_sample
from prefml.sample.plan import PROJECTS
from prefml.workspace import Workspace

from .conftest import SMALL, contents


def test_two_samples_have_the_same_bytes(report, tmp_path):
    write_sample(tmp_path, share=SMALL)

    assert contents(tmp_path) == contents(report.folder)


def test_a_second_run_writes_nothing(report):
    assert write_sample(report.folder, share=SMALL).written == 0


def test_an_interrupted_sample_is_finished(report, tmp_path):
    write_sample(tmp_path, share=SMALL)
    removed = sorted((tmp_path / "images").rglob("*.jpg"))[::7]
    for path in removed:
        path.unlink()

    again = write_sample(tmp_path, share=SMALL)

    assert again.written == len(removed)
    assert contents(tmp_path) == contents(report.folder)


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")

    with pytest.raises(WorkspaceError, match="holds other files"):
        write_sample(tmp_path)

    assert contents(tmp_path) == {"mine.txt": b"keep me"}


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "sample").write_text("")

    with pytest.raises(WorkspaceError, match="is a file"):
        write_sample(tmp_path / "sample")


def test_the_configuration_names_the_encoder_and_the_alias(report):
    config = Workspace.open(report.folder).config

    assert config.encoder == "builtin"
    assert config.aliases == {"garden_shoot": "garden"}


def test_undecided_sets_lie_below_new(report):
    assert report.new_sets == sum(project.new_sets for project in PROJECTS)
    assert {path.name for path in (report.folder / "new").iterdir()} == {
        project.name for project in PROJECTS
    }
