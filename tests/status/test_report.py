import json
from datetime import UTC, datetime

from prefml.cli import main
from prefml.status.answers import Answer
from prefml.status.report import summarize, to_dict


def answers(n, agreed=True, crop=True, **more):
    when = datetime(2025, 1, 1, tzinfo=UTC)
    action = "approved" if agreed else "overridden"
    return [
        Answer(when, action, 3, 0.9, agreed, crop, cropped=True, final="a.png", **more)
    ] * n  # fmt: skip


def test_the_bar_is_met_by_three_hundred_in_a_row():
    assert summarize(answers(300), {}).bar_met
    assert summarize(answers(5, agreed=False) + answers(300), {}).bar_met
    assert summarize(answers(297) + answers(3, agreed=False), {}).bar_met


def test_the_bar_is_not_met_by_fewer_or_worse():
    assert "299 of 300 sets" in summarize(answers(299), {}).missing[0]
    worse = summarize(answers(296) + answers(4, agreed=False), {})
    assert worse.missing == ("98.7% of the last 300 sets as suggested",)
    assert not summarize(answers(296) + answers(4, crop=False), {}).bar_met


def test_bulk_approvals_do_not_lift_the_bar():
    assert summarize(answers(300, bulk=True), {}).agreement.n == 0


def test_consistency_compares_second_answers_with_the_first():
    again = answers(1, reask_of="s1") + answers(1, reask_of="s2") + answers(1, reask_of="gone")
    status = summarize(again, {"s1": "a.png", "s2": "b.png"})
    assert (status.consistency.value, status.consistency.n) == (0.5, 2)
    assert status.reviewed == 0


def test_accepted_suggestions_save_keystrokes_and_edits_do_not():
    assert summarize(answers(10), {}).keystrokes_saved == 100
    assert summarize(answers(10, crop=False), {}).keystrokes_saved == 0


def test_agreement_is_shown_over_time():
    blocks = summarize(answers(50, agreed=False) + answers(60), {}).over_time
    assert [(block.value, block.n) for block in blocks] == [(0.0, 50), (1.0, 50), (1.0, 10)]


def test_a_status_is_plain_json():
    for made in ([], answers(40), answers(400)):
        json.dumps(to_dict(summarize(made, {})), allow_nan=False)


def test_the_command_prints_one_object_or_lines(tmp_path, capsys):
    assert main(["--workspace", str(tmp_path), "status"]) == 0
    assert "prefml suggest" in capsys.readouterr().out
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir()
    suggested = {"group_id": "g", "images": ["new/p/a.png", "new/p/b.png"],
                 "step1_selection": {"chosen": "new/p/a.png", "confidence": 0.7}}  # fmt: skip
    (sandbox / "automation_decisions.jsonl").write_text(json.dumps(suggested))
    row = {"group_id": "g", "action": "approved", "final_choice": "a.png", "crop_coords": None,
           "timestamp": "2025-01-01T00:00:00Z"}  # fmt: skip
    (sandbox / "approved_decisions.jsonl").write_text(json.dumps(row))
    assert main(["--workspace", str(tmp_path), "status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["agreement"]["share"] == 1.0
    assert found["bar"]["met"] is False
    assert main(["--workspace", str(tmp_path), "status"]) == 0
    assert "choice as proposed 100.0% of 1" in capsys.readouterr().out
