import pytest

from prefml.exceptions import NotEnoughDataError, SidecarError
from prefml.features.training_data import read_training_data
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
