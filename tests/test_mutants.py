"""What is counted of mutation testing, and that tests kill what they should."""

import importlib
import json
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


PARTS = ("prefml/decisions/", "prefml/cropping/geometry.py", "prefml/ranking/risk.py")
LEAST = 0.85


@pytest.fixture
def script():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    yield importlib.import_module("mutants")
    sys.path.remove(str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def result():
    return json.loads((ROOT / "benchmarks/results/mutants.json").read_text("utf-8"))


@pytest.mark.parametrize("part", PARTS)
def test_tests_kill_at_least_85_per_cent_of_the_mutants(result, part):
    fates = Counter()
    for path, counts in result["modules"].items():
        fates.update(counts if path.startswith(part) else {})
    assert fates["killed"] >= LEAST * fates.total() > 0


def test_only_modules_that_are_to_be_changed_were_and_all_unless_a_share_was_tried(result):
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutmut"]
    meant = {path for pattern in settings["only_mutate"] for path in ROOT.glob(pattern)}
    with_functions = {path for path in meant if "def " in path.read_text("utf-8")}
    found = {ROOT / path for path in result["modules"]}
    assert found <= with_functions
    assert result["ending"] or found == with_functions


def test_fates_are_counted_by_module(script):
    lines = [
        "    prefml.ranking.risk.x__levels__mutmut_1: killed",
        "    prefml.decisions.projects.xǁProjectResolverǁplace__mutmut_2: no tests",
        "    prefml.ranking.risk.x__levels__mutmut_2: survived",
        "    prefml.ranking.risk.x__levels__mutmut_3: killed",
    ]
    assert script.counted(lines) == {
        "prefml/decisions/projects.py": {"no tests": 1},
        "prefml/ranking/risk.py": {"killed": 2, "survived": 1},
    }


def test_of_a_share_only_numbers_that_end_in_its_digits_count(script):
    lines = [f"a.x_f__mutmut_{number}: killed" for number in (5, 10, 11, 25)]
    assert script.counted(lines, "05") == {"a.py": {"killed": 3}}
    assert script.counted(lines, "5") == {"a.py": {"killed": 2}}


def test_a_result_holds_every_fate_of_every_module(script):
    found = script.record({"a.py": Counter(killed=2)})
    assert found["modules"] == {"a.py": dict.fromkeys(script.FATES, 0) | {"killed": 2}}
    assert found["machine"]["versions"]["mutmut"]


@pytest.mark.parametrize("modules", [{}, {"a.py": Counter({"killed": 1, "not checked": 1})}])
def test_a_run_that_was_not_finished_is_no_result(script, modules):
    with pytest.raises(SystemExit, match="--go-on"):
        script.record(modules)
