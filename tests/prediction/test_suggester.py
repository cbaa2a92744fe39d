import numpy as np
import pandas as pd
import pytest

from prefml.exceptions import SidecarError, WorkspaceError
from prefml.prediction import Predictor
from prefml.sidecars.store import Sidecars
from prefml.workspace import Workspace


@pytest.fixture
def predictor(tmp_path):
    """No model at all, beside sidecars of two pictures."""
    index = pd.DataFrame({"project": ["p", "p"], "filename": ["a_stage1_x.png", "b.png"]})
    cues = pd.DataFrame({"width": [10.0, 30.0], "height": [20.0, 40.0]})
    made = Predictor(Workspace.open(tmp_path), None, None, {}, "builtin")
    vectors = np.array([[1, 0], [0, 1]], np.float32)
    made.__dict__["sidecars"] = Sidecars(index, vectors, np.array(["0", "1"]), cues, None, "")
    return made


def test_pictures_are_looked_up_in_the_order_asked_for(predictor):
    rows = predictor.from_sidecars("p", ["b.png", "a_stage1_x.png"])
    assert rows.names == ("b.png", "a_stage1_x.png")
    assert rows.size.tolist() == [[30, 40], [10, 20]]
    assert rows.embeddings.tolist() == [[0, 1], [1, 0]]
    assert rows.project == "p"
    assert len(rows) == 2


def test_a_picture_without_a_row_is_named_with_its_project_and_the_command(predictor):
    with pytest.raises(SidecarError, match=r"no sidecar of p/c\.png.*prefml embed"):
        predictor.from_sidecars("p", ["a_stage1_x.png", "c.png"])
    with pytest.raises(SidecarError, match=r"no sidecar of q/b\.png"):
        predictor.from_sidecars("q", ["b.png"])


def test_no_pictures_cannot_be_measured(predictor):
    with pytest.raises(WorkspaceError, match="no pictures; expected at least one"):
        predictor.measure([])
