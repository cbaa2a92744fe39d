"""A thousand damaged files for each log: errors of prefml's own, or counted quarantine."""

import json

import pytest

from prefml.decisions import write_report
from prefml.workspace import Workspace

from . import logs
from .conftest import CASES, place
from .damage import Damage

LOGS = {
    "selection log": logs.selection_log,
    "crop log v1": logs.crop_log,
    "crop log of mixed schemas": logs.mixed_log,
    "crop log v2": logs.plain_crop_log,
}


@pytest.mark.parametrize("kind", LOGS)
def test_a_sound_log_is_accepted_whole(tmp_path, kind):
    logs.workspace(tmp_path)
    place(tmp_path / "data/training/log.csv", LOGS[kind]())
    found = logs.read_all(tmp_path)
    assert logs.judge(found) == ("quarantined in part" if "mixed" in kind else "accepted")


@pytest.mark.slow
@pytest.mark.parametrize("kind", LOGS)
def test_a_damaged_log_is_refused_or_quarantined(tmp_path, attack, kind):
    logs.workspace(tmp_path)
    damage = Damage(71)

    def read(raw):
        place(tmp_path / "data/training/log.csv", raw)
        return logs.read_all(tmp_path)

    counts = attack(kind, damage.copies(LOGS[kind](), CASES, damage.cells), read, logs.judge)
    assert counts["quarantined in part"] > CASES / 10
    assert counts["accepted"] > 0


def test_every_quarantined_row_of_damaged_logs_can_be_reported(tmp_path):
    logs.workspace(tmp_path)
    damage = Damage(72)
    for raw in damage.copies(logs.selection_log(), 60, damage.cells):
        place(tmp_path / "data/training/log.csv", raw)
        found = logs.read_all(tmp_path)
        for ending in ("csv", "jsonl"):
            report = tmp_path / f"report.{ending}"
            write_report(found.quarantine, report)
        lines = (tmp_path / "report.jsonl").read_text("utf-8").splitlines()
        assert [json.loads(line)["line"] for line in lines] == found.quarantine["line"].tolist()


def test_a_damaged_manifest_is_left_out_with_a_problem_or_understood(tmp_path, attack):
    logs.workspace(tmp_path, "beta")
    place(tmp_path / "data/training/log.csv", logs.selection_log())
    place(tmp_path / "data/training/crops.csv", logs.crop_log())
    damage = Damage(73)

    def read(raw):
        place(tmp_path / "data/projects/alpha.project.json", raw)
        return logs.read_all(tmp_path)

    def judge(found):
        word = logs.judge(found)
        ids = {m.project for m in found.manifests}
        if "alpha" in ids:
            return word
        assert found.problems or ids - {"beta"}
        return "left out, and said so" if found.problems else word

    copies = damage.copies(logs.manifest(), CASES, damage.document)
    assert attack("project manifest", copies, read, judge)["left out, and said so"]


@pytest.mark.parametrize("sound", [logs.decision_file, logs.accepted_crop_file])
def test_a_damaged_decision_file_is_quarantined_or_understood(tmp_path, attack, sound):
    logs.workspace(tmp_path)
    damage = Damage(74)

    def read(raw):
        place(tmp_path / "decisions/20250705_100000_stage1_generated.decision", raw)
        return logs.read_all(tmp_path)

    name = f".decision file, {sound.__name__.replace('_', ' ')}"
    counts = attack(name, damage.copies(sound(), CASES, damage.document), read, logs.judge)
    assert counts["quarantined"]
    assert counts["accepted"]


def test_damaged_reviewed_decisions_are_quarantined_line_by_line(tmp_path, attack):
    logs.workspace(tmp_path)
    place(tmp_path / "sandbox/automation_decisions.jsonl", logs.suggestions())
    damage = Damage(75)

    def read(raw):
        place(tmp_path / "sandbox/approved_decisions.jsonl", raw)
        return raw, logs.read_all(tmp_path)

    def judge(pair):
        raw, found = pair
        lines = [line for line in raw.split(b"\n") if line.strip(b" \t\r\xef\xbb\xbf")]
        assert sum(file.rows for file in found.files) == len(lines)
        return logs.judge(found)

    copies = damage.copies(logs.approved(), CASES, damage.lines)
    assert attack("approved_decisions.jsonl", copies, read, judge)["quarantined in part"]


@pytest.mark.slow
def test_damaged_suggestions_never_make_a_label(tmp_path, attack):
    logs.workspace(tmp_path)
    place(tmp_path / "sandbox/approved_decisions.jsonl", logs.approved())
    damage = Damage(76)

    def read(raw):
        place(tmp_path / "sandbox/automation_decisions.jsonl", raw)
        return logs.read_all(tmp_path)

    copies = damage.copies(logs.suggestions(), CASES, damage.lines)
    attack("automation_decisions.jsonl, as labels", copies, read, logs.judge)


def test_a_folder_where_a_log_should_be_is_passed_over(tmp_path):
    logs.workspace(tmp_path)
    (tmp_path / "data/training/log.csv").mkdir()
    (tmp_path / "decisions/x.decision").mkdir(parents=True)
    assert logs.read_all(tmp_path).files == ()
    assert Workspace.open(tmp_path).log_folders()
