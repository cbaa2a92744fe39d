from __future__ import annotations

import csv
import json

import pandas as pd
import pytest

from prefml.decisions.report import COLUMNS, write_report
from prefml.exceptions import WorkspaceError


@pytest.fixture
def quarantine():
    return pd.DataFrame(
        [
            ("a.csv", 2, "no_losers", "only x", 's,"[""é""]"'),
            ("b.csv", 3, "placeholder", "", "a\rb"),
        ],
        columns=list(COLUMNS),
    )


def test_every_row_is_written_as_csv(quarantine, tmp_path):
    write_report(quarantine, tmp_path / "deep" / "report.csv")
    with (tmp_path / "deep" / "report.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["row"] for row in rows] == quarantine["row"].tolist()
    assert rows[0]["line"] == "2"
    lines = (tmp_path / "deep" / "report.csv").read_text("utf-8").split("\n")
    assert lines[:2] == [",".join(COLUMNS), 'a.csv,2,no_losers,only x,"s,""[""""é""""]"""']


def test_every_row_is_written_as_json_lines(quarantine, tmp_path):
    write_report(quarantine, tmp_path / "report.jsonl")
    lines = (tmp_path / "report.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == quarantine.to_dict("records")


@pytest.mark.parametrize("name", ["report.csv", "report.jsonl"])
def test_an_older_report_is_replaced(quarantine, tmp_path, name):
    write_report(quarantine, tmp_path / name)
    write_report(quarantine.iloc[:0], tmp_path / name)
    write_report(quarantine, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.csv", "session_id,set_id\n"),
        ("a.jsonl", '{"group_id": 1}\n'),
        ("b.jsonl", "a note\n"),
        ("c.jsonl", "7\n"),
        ("d.jsonl", "[" * 100_000),
    ],
)
def test_nothing_but_a_report_is_overwritten(quarantine, tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(WorkspaceError, match="is no report"):
        write_report(quarantine, tmp_path / name)
    assert (tmp_path / name).read_text() == content


def test_a_folder_in_the_way_is_an_error_of_ours(quarantine, tmp_path):
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(WorkspaceError, match="is no report; expected another name for --report"):
        write_report(quarantine, tmp_path / "x.csv")


def test_a_file_where_a_folder_is_due_is_an_error_of_ours(quarantine, tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(WorkspaceError, match=r"x/report.csv: .*expected a place that can be"):
        write_report(quarantine, tmp_path / "x" / "report.csv")


def test_another_ending_is_refused(quarantine, tmp_path):
    with pytest.raises(WorkspaceError, match=r"^report report.txt; .* in \.csv or \.jsonl"):
        write_report(quarantine, tmp_path / "report.txt")
