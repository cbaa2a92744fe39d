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


def test_commands_that_were_killed_were_killed_in_fifty_rounds_each():
    killed = {row["what"]: row["tried"] for row in RESULT["rows"] if "kill -9" in row["what"]}
    assert {f"kill -9 in {name}" for name in ("apply", "review", "suggest", "train")} <= set(killed)
    assert set(killed.values()) == {50}
