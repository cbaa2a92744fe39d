import pytest
from PIL import Image

from prefml.sidecars.sizes import picture_sizes
from prefml.workspace import Workspace


@pytest.fixture
def sizes(tmp_path):
    folder = tmp_path / "images" / "harbour"
    folder.mkdir(parents=True)
    Image.new("RGB", (30, 40)).save(folder / "a.png")
    (folder / "broken.png").write_bytes(b"no picture")
    return picture_sizes(Workspace.open(tmp_path))


def test_a_picture_is_looked_up_by_project_and_name(sizes):
    assert sizes("harbour", "a.png") == (30, 40)


@pytest.mark.parametrize(
    ("project", "name"), [("garden", "a.png"), ("harbour", "b.png"), ("harbour", "broken.png")]
)
def test_a_picture_of_another_project_or_a_broken_one_has_no_size(sizes, project, name):
    assert sizes(project, name) is None
