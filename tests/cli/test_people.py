import numpy as np
import pandas as pd
import pytest

from prefml.cli import _people
from prefml.cli._people import SidecarPeople
from prefml.exceptions import SidecarError
from prefml.review import FoundPeople
from prefml.workspace import Workspace

FACE, HAND = [0.1, 0.2, 0.3, 0.4, 0.9], [0.5, 0.6, 1.2, 0.8, 0.7, 0.0]


@pytest.fixture
def read(monkeypatch):
    """Give tables in place of the sidecars, and note which projects are asked for."""
    asked, tables = [], {}

    def columns(folder, kind, names, projects):
        asked.extend(projects)
        if projects[0] not in tables:
            raise SidecarError("no sidecars", "some", "prefml embed")
        rows = tables[projects[0]]
        return pd.DataFrame(rows, columns=["filename", "face_list", "hand_list"])

    monkeypatch.setattr(_people, "read_columns", columns)
    return asked, tables


def test_boxes_are_found_by_project_and_name_and_read_once(tmp_path, read):
    asked, tables = read
    tables["p"] = [("a.png", np.array(FACE * 2), np.array(HAND)), ("b.png", None, np.array([]))]
    people = SidecarPeople(Workspace.open(tmp_path))
    box, hand = (0.1, 0.2, 0.3, 0.4), (0.5, 0.6, 1.0, 0.8)
    assert people("p", "images/p/a.png") == FoundPeople((box, box), (hand,))
    assert people("p", "images/p/b.png") == people("p", "images/p/c.png") == FoundPeople()
    assert people("q", "images/q/a.png") == FoundPeople()
    assert asked == ["p", "q"]


def test_a_name_that_repeats_in_its_project_goes_with_its_folder(tmp_path, read):
    read[1]["p"] = [("one/a.png", np.array(FACE), []), ("two/a.png", [], np.array(HAND))]
    people = SidecarPeople(Workspace.open(tmp_path))
    assert len(people("p", "images/p/one/a.png").faces) == 1
    assert len(people("p", "images/p/two/a.png").hands) == 1


def test_what_a_later_pass_measured_is_found_after_a_while(tmp_path, read, monkeypatch):
    people = SidecarPeople(Workspace.open(tmp_path))
    assert people("p", "a.png") == FoundPeople()
    read[1]["p"] = [("a.png", np.array(FACE), [])]
    assert people("p", "a.png") == FoundPeople()
    monkeypatch.setattr(_people, "_LOOK_AGAIN_SECONDS", -1.0)
    assert len(people("p", "a.png").faces) == 1


def test_a_box_without_area_is_none(tmp_path, read):
    read[1]["p"] = [("a.png", np.array([0.5, 0.5, 0.5, 0.9, 1, 1.1, 0.1, 1.3, 0.2, 1]), [])]
    assert SidecarPeople(Workspace.open(tmp_path))("p", "a.png") == FoundPeople()
