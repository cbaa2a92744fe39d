import json

import pytest

from prefml.cli import main
from prefml.status.audited import Audited, audited

IMAGES = ["new/p/a.png", "new/p/b.png"]


def suggestion(ranker, created, budget=0.1):
    return {
        "images": IMAGES, "step1_selection": {"chosen": IMAGES[1], "confidence": 0.9},
        "model": {"ranker": {"sha256": ranker}}, "created": created, "budget": budget,
    }  # fmt: skip


def answers(n, wrong, ranker="r1", created="2025-01-01"):
    return {
        f"{ranker}-{i}": {
            "group_id": f"{ranker}-{i}", "action": "overridden", "images": IMAGES,
            "final_choice": IMAGES[0 if i < wrong else 1], "crop_coords": None,
            "suggestion": suggestion(ranker, created), "timestamp": f"2025-01-02T00:00:{i:02}Z",
            "audit": {"probability": 0.1, "batch": "b"},
        }
        for i in range(n)
    }  # fmt: skip


def test_before_any_audit_nothing_is_known():
    assert audited({}, {}) == Audited()
    assert "no set of a batch was asked" in str(Audited())
    assert not Audited().off


def test_the_error_is_that_of_the_ranker_that_suggested_last():
    decided = answers(20, 9, "r1") | answers(10, 1, "r2", "2025-02-01")
    found = audited(decided, {})
    assert (found.ranker, found.error.hits, found.error.n) == ("r2", 1, 10)
    fresh = {"g": suggestion("r3", "2025-03-01")}
    assert (audited(decided, fresh).ranker, audited(decided, fresh).error.n) == ("r3", 0)


@pytest.mark.parametrize(("wrong", "off"), [(1, False), (9, True)])
def test_batches_are_off_above_the_budget(wrong, off):
    found = audited(answers(20, wrong), {})
    assert found.off is off
    assert "at every look" in str(found)


def run(root, capsys, *words):
    assert main(["--workspace", str(root), "status", *words]) == 0
    return capsys.readouterr().out


def test_the_command_shows_the_audited_error_beside_the_consistency(tmp_path, capsys):
    (tmp_path / "sandbox").mkdir()
    lines = "".join(json.dumps(row) + "\n" for row in answers(20, 9).values())
    (tmp_path / "sandbox" / "approved_decisions.jsonl").write_text(lines)
    (tmp_path / "sandbox" / "automation_decisions.jsonl").write_text("")
    told = run(tmp_path, capsys).splitlines()
    place = next(i for i, line in enumerate(told) if line.startswith("audited error      45.0% of"))
    assert told[place + 1].startswith("your consistency")
    assert any(line.startswith("batches            OFF") for line in told)
    plain = json.loads(run(tmp_path, capsys, "--json"))
    assert plain["audit"]["off"] is True
    assert (plain["audit"]["wrong"], plain["audit"]["n"]) == (9, 20)
    assert plain["audit"]["ci"][0] >= 0.1
    assert plain["audit"]["level"] == pytest.approx(0.9)
    assert "audited error above the budget" in plain["bar"]["missing"]
