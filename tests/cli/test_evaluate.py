from __future__ import annotations

import json

import numpy as np
import pytest

from prefml.cli import main
from prefml.evaluation import contenders, report, run
from prefml.evaluation.run import Evaluation, Options
from prefml.sample import write_sample

SCORES = {
    "top1": 0.9, "pair_accuracy": 0.85, "ndcg": 0.95, "lower_stage_top1": np.nan,
    "other_top1": 0.9, "ece": np.nan, "fit_seconds": 1.0, "top1_ci": [0.8, 1.0],
    "top1_by_seed": [0.9],
}  # fmt: skip
RANKER = {
    "sets": 12, "images": 36, "projects": 2, "folds": 2, "folds_by": "project", "seeds": 1,
    "near_duplicate_sets_purged": [0], "interval_by": "set", "lower_stage_sets": 0,
    "models": {"prefml": SCORES}, "lead": {}, "auto_approve": [], "rejection": None,
    "by_project": {}, "by_set_size": {}, "by_stage_choice": {}, "reliability": [],
    "risk_coverage": {}, "importances": {}, "learning_curve": [], "per_project": None,
    "settings": None,
}  # fmt: skip


@pytest.fixture
def calls(monkeypatch):
    asked = []

    def evaluate(workspace, options, track):
        asked.append(options)
        return Evaluation(ranker=RANKER, left_out=["crops: 0 usable"])

    monkeypatch.setattr(run, "evaluate", evaluate)
    monkeypatch.setattr(report, "render_report", lambda *given: "<!doctype html>")
    return asked


def test_evaluate_writes_metrics_and_report_into_the_artifacts(calls, tmp_path):
    assert main(["--workspace", str(tmp_path), "evaluate"]) == 0

    assert json.loads((tmp_path / "artifacts/metrics.json").read_text())["ranker"]["sets"] == 12
    assert (tmp_path / "artifacts/report.html").read_text() == "<!doctype html>"


def test_evaluate_prints_the_metrics_as_strict_json(calls, tmp_path, capsys):
    main(["--workspace", str(tmp_path), "evaluate", "--json"])

    printed = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)

    assert printed == json.loads((tmp_path / "artifacts/metrics.json").read_text())
    assert printed["ranker"]["models"]["prefml"]["ece"] is None


def test_evaluate_prints_a_table_and_what_was_left_out(calls, tmp_path, capsys):
    main(["--workspace", str(tmp_path), "evaluate"])

    printed = capsys.readouterr().out

    assert "12 sets, held out by project" in printed
    head, row = printed.splitlines()[1:3]
    assert head.split("  ")[-4:] == [
        "agreement (top-1)", "pairs in order", "lower stage chosen", "calibration error",
    ]  # fmt: skip
    assert row.split() == ["prefml", "0.900", "0.850", "-", "-"]
    assert len(row) == len(head)
    assert "left out: crops: 0 usable" in printed


def test_that_torch_is_missing_is_printed_once_and_before_the_work(
    calls, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(contenders, "has_torch", lambda: False)
    (note,) = contenders.missing_torch(contenders.RANKERS)
    assert "torch" in note
    printed_before = []

    def evaluate(workspace, options, track):
        printed_before.append(capsys.readouterr().err)
        return Evaluation(ranker=RANKER, left_out=[note, "crops: 0 usable"])

    monkeypatch.setattr(run, "evaluate", evaluate)
    main(["--workspace", str(tmp_path), "evaluate"])

    after = capsys.readouterr()
    assert printed_before == [f"left out: {note}\n"]
    assert note not in after.out + after.err
    assert "left out: crops: 0 usable" in after.out
    assert note in json.loads((tmp_path / "artifacts/metrics.json").read_text())["left_out"]


def test_options_are_passed_on(calls, tmp_path):
    words = [
        "evaluate",
        "--seeds",
        "3",
        "--folds",
        "5",
        "--models",
        "random, linear",
        "--jobs",
        "1",
    ]

    main(["--workspace", str(tmp_path), *words])

    assert calls[0] == Options(3, 5, ("random", "linear"), 1)


def test_an_unknown_model_is_one_line(calls, tmp_path, capsys):
    assert main(["--workspace", str(tmp_path), "evaluate", "--models", "oracle"]) == 1

    assert capsys.readouterr().err.count("\n") == 1


def test_an_empty_workspace_is_one_line_that_names_the_next_step(tmp_path, capsys):
    assert main(["--workspace", str(tmp_path), "evaluate"]) == 1

    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "run: put pictures into images/PROJECT/" in error


@pytest.mark.slow
def test_a_small_sample_is_evaluated_from_end_to_end(tmp_path, capsys):
    write_sample(tmp_path, share=0.08)
    assert main(["--workspace", str(tmp_path), "embed"]) == 0
    capsys.readouterr()

    models = "highest_stage,random,linear,constant_box,full_frame"
    words = ["evaluate", "--folds", "2", "--models", models, "--json"]
    assert main(["--workspace", str(tmp_path), *words]) == 0

    metrics = json.loads(capsys.readouterr().out)
    assert set(metrics["ranker"]["models"]) == {"prefml", "highest_stage", "random", "linear"}
    assert set(metrics["crop"]["models"]) == {"prefml", "constant_box", "full_frame"}
    assert metrics["encoder"]["id"].startswith("builtin")
    assert [row["budget"] for row in metrics["ranker"]["auto_approve"]] == [0.01, 0.02, 0.05, 0.1]
    assert (tmp_path / "artifacts/report.html").stat().st_size > 50_000
