from __future__ import annotations

import pytest

from prefml.decisions.log_files import find_logs
from prefml.exceptions import LogError
from prefml.workspace import Workspace


@pytest.fixture
def training(tmp_path):
    folder = tmp_path / "data" / "training"
    folder.mkdir(parents=True)
    return folder


def found(training):
    return find_logs(Workspace.open(training.parents[1]))


@pytest.mark.parametrize("name", ["a.csv", "A.CSV", "a.tsv", "a.Tsv"])
def test_tables_of_either_suffix_are_logs_in_any_case(training, name):
    (training / name).write_text("")
    assert found(training) == ([training / name], [])


def test_a_table_in_a_folder_below_is_named_with_where_to_put_it(training):
    (training / "old").mkdir()
    (training / "old" / "a.csv").write_text("")
    paths, told = found(training)
    assert paths == []
    assert told == [
        "data/training/old/a.csv: not read, for a log lies in no folder below (put it into "
        "data/training/ itself, under a name of its own)"
    ]


def test_other_files_are_named_and_more_than_three_are_counted(training):
    for number in range(5):
        (training / f"{number}.xlsx").write_text("")
    assert found(training).passed_over == [
        "data/training/0.xlsx, data/training/1.xlsx, data/training/2.xlsx and 2 more: not read, "
        "for a log ends in .csv or .tsv"
    ]


@pytest.mark.parametrize("name", ["._a.csv", ".a.TSV"])
def test_a_hidden_table_is_no_log_and_is_named(training, name):
    (training / name).write_text("")
    paths, told = found(training)
    assert paths == []
    assert told == [f"data/training/{name}: not read, for the name of a log begins with no dot"]


def test_what_systems_hide_and_hidden_folders_are_not_named(training):
    (training / ".DS_Store").write_text("")
    (training / ".old").mkdir()
    (training / ".old" / "a.csv").write_text("")
    assert found(training) == ([], [])


def test_without_a_folder_of_logs_the_workspace_s_own_tables_are_read_and_no_other_named(tmp_path):
    (tmp_path / "a.csv").write_text("")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "b.csv").write_text("")
    assert find_logs(Workspace.open(tmp_path)) == ([tmp_path / "a.csv"], [])


def test_a_folder_that_cannot_be_listed_is_an_error_of_ours(training, monkeypatch):
    def refuse(folder, onerror):
        onerror(PermissionError(13, "Permission denied", str(folder)))
        return iter(())

    monkeypatch.setattr("prefml.decisions.log_files.os.walk", refuse)
    with pytest.raises(LogError, match="Permission denied; expected a folder that can be listed"):
        found(training)
