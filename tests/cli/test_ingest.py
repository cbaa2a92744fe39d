from __future__ import annotations

import json

import pytest

from prefml.cli import main

SELECTION = "session_id,set_id,chosen_path,neg_paths,timestamp\n"
ROWS = (
    "s,g1,mojo1/a.png,\"['mojo1/b.png']\",2025-10-05T00:00:00Z\n"
    "s,g2,mojo1/c.png,[],2025-10-05T00:00:00Z\n"
    "s,g3,crop/d.png,\"['crop/e.png']\",2031-10-05T00:00:00Z\n"
)


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "data" / "training").mkdir(parents=True)
    (tmp_path / "data" / "training" / "selection_only_log.csv").write_text(SELECTION + ROWS)
    (tmp_path / "data" / "projects").mkdir()
    manifest = {"projectId": "mojo1", "startedAt": "2025-10-02", "finishedAt": "2025-10-01"}
    (tmp_path / "data" / "projects" / "mojo1.project.json").write_text(json.dumps(manifest))
    return tmp_path


@pytest.fixture
def ingest(workspace, capsys):
    def run(*options):
        status = main(["--workspace", str(workspace), "ingest", *options])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_json_has_the_promised_shape(ingest):
    status, out, _ = ingest("--json")
    told = json.loads(out)
    assert status == 0
    assert told["files"] == [
        {
            "path": "data/training/selection_only_log.csv",
            "rows": 3,
            "accepted": 2,
            "quarantined": {"no_losers": 1},
        }
    ]
    assert (told["sets"], told["crops"]) == (2, 0)
    assert told["projects"] == {
        "mojo1": {"sets": 1, "crops": 0},
        "unknown": {"sets": 1, "crops": 0},
    }
    assert told["unmatched_folders"][0]["folder"] == "crop"
    assert "before it starts" in told["problems"][0]


def test_a_person_reads_counts_reasons_folders_and_problems(ingest):
    _, out, _ = ingest()
    for expected in ("no_losers 1", "mojo1", "unknown", "crop", "before it starts"):
        assert expected in out


def test_nothing_is_said_of_folders_and_problems_where_there_are_none(tmp_path, capsys):
    row = "s,g,a.png,\"['b.png']\",\n"
    (tmp_path / "log.csv").write_text(SELECTION + row)
    assert main(["--workspace", str(tmp_path), "ingest"]) == 0
    out = capsys.readouterr().out
    assert "Folder names" not in out
    assert "Also found" not in out


def test_many_unmatched_folders_are_cut_short(ingest, workspace):
    log = workspace / "data" / "training" / "selection_only_log.csv"
    rows = (f"s,h{i},folder{i}/a.png,\"['folder{i}/b{i}.png']\",\n" for i in range(30))
    log.write_text(SELECTION + "".join(rows))
    assert "and 15 more: --json" in ingest()[1]


def test_decision_files_are_one_line_a_folder(ingest, workspace):
    (workspace / "decisions").mkdir()
    for name in "ab":
        (workspace / "decisions" / f"{name}.decision").write_text('{"needs_crop": true}')
    _, out, _ = ingest()
    assert out.count(".decision") == 1
    assert "placeholder 2" in out


def test_sets_approved_in_bulk_are_counted_apart_in_plain_words(ingest, workspace):
    (workspace / "sandbox").mkdir()
    line = {"group_id": "g", "action": "approved", "images": ["mojo1/x.png", "mojo1/y.png"],
            "final_choice": "mojo1/x.png", "shown": {"bulk": True}}  # fmt: skip
    (workspace / "sandbox" / "approved_decisions.jsonl").write_text(json.dumps(line) + "\n")
    assert "approved in bulk, no label 1" in ingest()[1]
    told = json.loads(ingest("--json")[1])
    assert told["files"][1]["quarantined"] == {"passed": 1}
    assert told["evidence"] == {"judged": 2, "passed": 1}
    assert told["sets"] == 2


@pytest.mark.parametrize("name", ["report.csv", "out/report.jsonl"])
def test_the_report_lists_every_quarantined_row(ingest, workspace, name):
    assert ingest("--report", name)[0] == 0
    text = (workspace / name).read_text()
    assert "no_losers" in text
    assert "g2,mojo1/c.png" in text


@pytest.mark.parametrize("name", ["../report.csv", "/report.csv"])
def test_a_report_outside_the_workspace_is_refused(ingest, name):
    status, out, err = ingest("--report", name)
    assert (status, out) == (1, "")
    assert "outside" in err
    assert err.count("\n") == 1


def test_a_report_never_overwrites_a_log(ingest, workspace):
    status, _, err = ingest("--report", "data/training/selection_only_log.csv")
    assert status == 1
    assert "is no report" in err
    assert (workspace / "data/training/selection_only_log.csv").read_text() == SELECTION + ROWS


def test_a_workspace_without_logs_is_one_clear_line(tmp_path, capsys):
    assert main(["--workspace", str(tmp_path), "ingest"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "no logs in" in printed.err
    assert "run: put your logs (.csv) into data/training/" in printed.err
    assert printed.err.count("\n") == 1


def test_a_missing_workspace_is_one_clear_line(tmp_path, capsys):
    assert main(["--workspace", str(tmp_path / "nowhere"), "ingest"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
