"""The page on reliability says what the result file says, and nothing was lost."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RESULT = json.loads((ROOT / "benchmarks/results/reliability.json").read_text())


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    place = ROOT / "benchmarks" / "reliability.py"
    spec = importlib.util.spec_from_file_location("reliability_script", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("_machine", None)


def test_the_table_is_that_of_the_result_file(script):
    page = (ROOT / "docs/reliability.md").read_text()
    assert script.with_table(page, RESULT) == page


def test_nothing_was_lost_and_every_reader_was_attacked_a_thousand_times():
    assert not [row["what"] for row in RESULT["rows"] if row["lost"]]
    readers = [row for row in RESULT["rows"] if row["test"].startswith("tests/fuzz")]
    assert len(readers) > 20
    assert all(row["tried"] >= 1000 for row in readers)


def test_commands_were_killed_at_work_in_fifty_rounds_each():
    rows = [row for row in RESULT["rows"] if "kill -9" in row["what"]]
    killed = {row["what"].removeprefix("kill -9 in "): row["outcomes"]["killed"] for row in rows}
    takes_over = "embed, taking over files of before"
    commands = {"apply", "apply --undo", "embed", "review", "suggest", "train"}
    assert set(killed) == {*commands, takes_over}
    assert min(killed.values()) >= 45


def test_commands_ran_beside_themselves_and_beside_each_other():
    pairs = {row["what"].partition(",")[0] for row in RESULT["rows"] if " beside " in row["what"]}
    commands = ("apply", "embed", "review", "suggest", "train")
    assert {f"{name} beside {name}" for name in commands} <= pairs
    mixed = {"embed beside train", "train beside embed", "suggest beside train",
             "train beside suggest", "review beside suggest", "review beside apply",
             "suggest beside apply"}  # fmt: skip
    assert mixed <= pairs
