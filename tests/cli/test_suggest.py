import json
from collections import Counter

import numpy as np
import pytest

from prefml.cli import main
from prefml.suggest import SuggestReport


def call(workspace, capsys, *words):
    status = main(["--workspace", str(workspace), *words])
    return status, capsys.readouterr()


def test_without_a_model_one_line_says_what_to_run(workspace, capsys):
    status, printed = call(workspace, capsys, "suggest")
    assert status == 1
    assert printed.err.startswith("Error: no model")
    assert "prefml train" in printed.err
    assert printed.err.count("\n") == 1


def test_a_missing_folder_is_one_line(workspace, capsys):
    status, printed = call(workspace, capsys, "suggest", "nowhere")
    assert status == 1
    assert printed.err.startswith("Error: no folder nowhere")


def test_a_folder_outside_is_refused(workspace, capsys):
    status, printed = call(workspace, capsys, "suggest", "../..")
    assert status == 1
    assert "outside" in printed.err


def test_wrong_usage_ends_with_two(workspace, capsys):
    assert call(workspace, capsys, "suggest", "--order", "backwards")[0] == 2


@pytest.mark.parametrize("name", ["suggest", "apply", "status", "models", "duplicates"])
def test_every_command_has_help(name, capsys):
    assert main([name, "--help"]) == 0
    assert "--json" in capsys.readouterr().out


def save_crop_model(workspace):
    """Save a crop model that learned from sizes alone: it fits any pictures."""
    from prefml.cropping import CropRegressor
    from prefml.features.tables import crop_columns
    from prefml.models.store import save_model

    rng = np.random.default_rng(0)
    n = 60
    size = np.tile([64.0, 96.0], (n, 1))
    start = rng.uniform(0, 0.3, (n, 1))
    boxes = np.hstack([start, start * 0, start + 0.6, start * 0 + 0.6])
    X = crop_columns(size, np.full(n, np.nan))
    model = CropRegressor().fit(X, boxes, size=size)
    save_model(model, workspace / "artifacts" / "crop.joblib", "crop", {"encoder": None})


@pytest.mark.slow
def test_new_pictures_become_suggestions_that_can_be_applied(workspace, capsys):
    save_crop_model(workspace)
    status, printed = call(workspace, capsys, "suggest", "--json")
    assert status == 0, printed.err
    found = json.loads(printed.out)
    assert (found["sets"], found["singles"], found["embedded"]) == (2, 0, 4)
    sandbox = workspace / "sandbox"
    lines = (sandbox / "automation_decisions.jsonl").read_text().splitlines()
    rows = [
        {"group_id": line["group_id"], "action": "approved", "timestamp": "2025-01-01T00:00:00Z",
         "final_choice": line["step1_selection"]["chosen"]}
        for line in map(json.loads, lines)
    ]  # fmt: skip
    (sandbox / "approved_decisions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    status, printed = call(workspace, capsys, "suggest")
    assert "skipped 4 pictures: handled before" in printed.out
    status, printed = call(workspace, capsys, "apply", "--execute", "--json")
    assert json.loads(printed.out)["sets"] == 2
    assert (workspace / "selected/p/20250101_000001_stage2_upscaled.png").exists()


def test_earlier_suggestions_that_wait_are_counted(workspace, capsys):
    save_crop_model(workspace)
    assert call(workspace, capsys, "suggest")[0] == 0
    status, printed = call(workspace, capsys, "suggest", "new/p")
    assert status == 0, printed.err
    assert printed.out.startswith(
        "1 earlier suggestion still waits for review.\nSuggested for 1 set"
    )


@pytest.mark.parametrize("rule", ["stages", "similar"])
def test_sidecars_of_other_projects_are_not_read(workspace, capsys, rule):
    save_crop_model(workspace)
    assert call(workspace, capsys, "suggest")[0] == 0
    others = list((workspace / "data/sidecar").glob("*/q/*.parquet"))
    assert len(others) == 3
    for path in others:
        path.write_bytes(b"damaged")
    status, printed = call(workspace, capsys, "suggest", "new/p", "--rule", rule, "--json")
    assert status == 0, printed.err
    found = json.loads(printed.out)
    assert found["sets"] + found["singles"] > 0
    status, printed = call(workspace, capsys, "suggest", "new/q", "--rule", "similar", "--json")
    assert status == 1
    assert "/q/" in printed.err
    assert "prefml embed" in printed.err


def test_pictures_that_form_no_set_are_told_with_count_reason_and_command():
    from prefml.cli.suggest import _payload, _text

    report = SuggestReport(singles=3, alone=Counter({"the only picture in its folder": 3}))
    line = "3 pictures form no set: the only picture in its folder; to see which: prefml sets"
    assert line in _text(report).splitlines()
    assert _payload(report)["alone"] == {"the only picture in its folder": 3}


def test_why_nothing_lies_within_the_budget_is_said_in_one_line():
    from prefml.cli.suggest import _payload, _text

    report = SuggestReport(sets=2, thresholds={"seen": None, "next": 0.9}, why_none="too few sets")
    assert _text(report).splitlines()[-1] == "None within the error budget: too few sets"
    payload = _payload(report)
    assert payload["why_none_within_budget"] == "too few sets"
    assert (payload["threshold"], payload["thresholds"]) == (0.9, {"seen": None, "next": 0.9})
    within = SuggestReport(sets=2, within_budget=1, thresholds={"seen": 0.8, "next": 0.9})
    assert "None within" not in _text(within)
    assert (_payload(within)["why_none_within_budget"], _payload(within)["threshold"]) == (
        None,
        0.8,
    )
