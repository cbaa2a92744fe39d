import pytest
from PIL import Image

from prefml.decisions.projects import ProjectResolver
from prefml.encoders import open_encoder
from prefml.exceptions import NotEnoughDataError, SidecarError
from prefml.features.training_data import read_training_data
from prefml.sidecars.build import build_sidecars
from prefml.sidecars.store import read_sidecars_if_any
from prefml.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "images" / "one").mkdir(parents=True)
    return Workspace.open(tmp_path)


def test_without_sidecars_there_are_crops_and_no_choices(workspace):
    data = read_training_data(workspace)
    assert data.sidecars is None
    assert len(data.crops()) == 0
    with pytest.raises(NotEnoughDataError, match="run: prefml embed"):
        data.choices()


@pytest.mark.parametrize("name", ["embeddings", "hashes", "cues"])
def test_a_damaged_sidecar_is_not_taken_for_an_absent_one(workspace, name):
    assert read_sidecars_if_any(workspace.sidecars) is None
    workspace.sidecars.mkdir(parents=True)
    (workspace.sidecars / f"{name}.parquet").write_bytes(b"PAR1")
    with pytest.raises(SidecarError, match="run: prefml embed"):
        read_sidecars_if_any(workspace.sidecars)


def test_sets_whose_pictures_have_the_same_names_learn_from_their_own(tmp_path):
    lines = ["session_id,set_id,chosen_path,neg_paths,timestamp"]
    for number in range(3):
        for name in ("1.png", "2.png"):
            path = tmp_path / f"images/p/set{number}/{name}"
            path.parent.mkdir(parents=True, exist_ok=True)
            shade = 40 * number + 20 * (name == "2.png")
            Image.new("L", (64, 48), shade).save(path)
        lines.append(f's,{number},p/set{number}/1.png,"[""p/set{number}/2.png""]",2025-01-01')
    (tmp_path / "data/training").mkdir(parents=True)
    (tmp_path / "data/training/log.csv").write_text("\n".join(lines) + "\n")
    workspace = Workspace.open(tmp_path)
    build_sidecars(workspace, ProjectResolver.open(workspace), open_encoder("builtin"))
    table = read_training_data(workspace).choices()
    assert (table.n_sets, table.left_out) == (3, {})
    stored = read_sidecars_if_any(workspace.sidecars)
    rows = stored.positions(table.project, table.filename)
    assert [str(path) for path in stored.index["path"].iloc[rows]] == [
        f"images/p/set{number}/{name}" for number in range(3) for name in ("1.png", "2.png")
    ]
