"""What `make bench` runs, what it leaves, and that the documents quote it."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


@pytest.fixture(scope="module", autouse=True)
def scripts_can_be_imported():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    yield
    sys.path.remove(str(ROOT / "benchmarks"))


@pytest.fixture
def run():
    return importlib.import_module("run")


@pytest.fixture
def tables():
    return importlib.import_module("tables")


def kept_results():
    return sorted(p for p in RESULTS.glob("*.json") if not p.name.endswith(".quick.json"))


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_TABLES = [page for page in PAGES if "<!-- results " in page.read_text("utf-8")]


def test_the_readme_and_the_experiments_hold_tables_made_from_results():
    assert {"README.md", "experiments.md"} <= {page.name for page in WITH_TABLES}


@pytest.mark.parametrize("page", WITH_TABLES, ids=lambda page: page.name)
def test_the_tables_of_a_page_say_what_the_results_say(page, tables, monkeypatch):
    # A quick run of this machine is no part of the project.
    monkeypatch.setattr(tables, "result", full_result)
    text = page.read_text("utf-8")
    assert text == tables.with_tables(text), "run: python benchmarks/tables.py"


def full_result(name):
    path = RESULTS / f"{name}.json"
    return (path, json.loads(path.read_text("utf-8"))) if path.exists() else None


def test_a_figure_that_was_changed_by_hand_is_noticed(tables):
    text = (ROOT / "README.md").read_text("utf-8")
    start = text.index("<!-- results summary -->")
    digit = text.index("0.", start) + 2
    changed = text[:digit] + str((int(text[digit]) + 1) % 10) + text[digit + 1 :]
    assert tables.with_tables(changed) != changed


def test_make_bench_runs_every_script_and_tells_it_where_to_write(run):
    assert {bench.script for bench in run.discover()} == set(run.scripts())
    for script in run.scripts():
        assert '"--out"' in script.read_text("utf-8"), script.name


def test_a_script_that_declares_nothing_has_a_full_run(folder, run):
    (folder / "plain.py").write_text("")
    (bench,) = [one for one in run.discover() if one.name == "plain"]
    assert bench.words == {"full": []}


def test_every_benchmark_can_be_run_in_full_or_quickly(run):
    for bench in run.discover():
        assert bench.words
        assert set(bench.needs) <= set(run.NEEDS)


@pytest.mark.parametrize("path", kept_results(), ids=lambda path: path.name)
def test_a_result_names_its_machine_versions_and_commit(path):
    record = json.loads(path.read_text("utf-8"))
    machines = [part["machine"] for part in (record, *record.values()) if has_machine(part)]
    assert machines
    for machine in machines:
        assert machine["versions"]["prefml"]
        assert machine["commit"]
        assert machine["cores"]


def has_machine(part):
    return isinstance(part, dict) and "machine" in part


@pytest.mark.parametrize("path", kept_results(), ids=lambda path: path.name)
def test_no_result_of_a_quick_run_is_kept_as_a_full_one(path):
    assert not json.loads(path.read_text("utf-8")).get("quick", False)


@pytest.fixture
def folder(tmp_path, run, tables, monkeypatch):
    """Return a folder of one benchmark that writes what it was told."""
    (tmp_path / "results").mkdir()
    for module in (run, tables):
        monkeypatch.setattr(module, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(run, "HERE", tmp_path)
    (tmp_path / "made_up.py").write_text(
        "import json, sys\n"
        "RUNS = {'made_up': {'quick': ['1'], 'full': ['2'], 'needs': []},\n"
        "        'broken': {'quick': ['no'], 'needs': []},\n"
        "        'far': {'quick': ['{live}']}}\n"
        "*words, _, out = sys.argv[1:]\n"
        "open(out, 'w').write(json.dumps({'word': int(words[0])}))\n"
    )
    monkeypatch.setattr(run, "SHARED", tmp_path / "nothing")
    monkeypatch.setattr(tables, "pages", list)
    return tmp_path


def call(run, monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["run.py", *words])
    return run.main()


def test_a_quick_run_leaves_the_result_of_a_full_one_alone(folder, run, monkeypatch):
    assert call(run, monkeypatch, "made_up", "--full") == 0
    full = (folder / "results" / "made_up.json").read_bytes()
    assert call(run, monkeypatch, "made_up") == 0
    assert (folder / "results" / "made_up.json").read_bytes() == full
    quick = json.loads((folder / "results" / "made_up.quick.json").read_text())
    assert quick["quick"]
    assert quick["word"] == 1
    assert quick["machine"]["commit"]


def test_a_benchmark_that_fails_fails_the_run(folder, run, monkeypatch, capsys):
    assert call(run, monkeypatch, "broken", "made_up") == 1
    assert "FAILED" in capsys.readouterr().out
    assert (folder / "results" / "made_up.quick.json").exists()


def test_what_is_not_here_is_left_out_by_name(folder, run, monkeypatch, capsys):
    assert call(run, monkeypatch, "far") == 0
    assert "left out: needs nothing/data/live_challenge" in capsys.readouterr().out


def test_a_table_is_made_from_a_quick_run_only_where_there_is_no_full_one(folder, tables):
    (folder / "results" / "x.quick.json").write_text('{"quick": true}')
    assert tables.result("x")[1] == {"quick": True}
    (folder / "results" / "x.json").write_text('{"quick": false}')
    assert tables.result("x")[1] == {"quick": False}


@pytest.fixture
def branches():
    return importlib.import_module("branches")


@pytest.mark.parametrize(("covered", "status"), [(189, 1), (190, 0)])
def test_fewer_branches_than_asked_for_fail_and_are_written(
    tmp_path, branches, monkeypatch, capsys, covered, status
):
    totals = {"covered_branches": covered, "num_branches": 200, "excluded_lines": 3}
    lines = {"covered_lines": 10, "num_statements": 10}
    gap = {"missing_branches": [[1, 2]], "summary": {"num_branches": 4}}
    files = {"prefml/a.py": gap, "prefml/b.py": gap | {"missing_branches": []}}
    found, out = tmp_path / "found.json", tmp_path / "out.json"
    found.write_text(json.dumps({"totals": totals | lines, "files": files}))
    monkeypatch.setattr(branches, "coverage", lambda *_: 0)
    assert branches.report({}, [], found, out, least=95) == status
    kept = json.loads(out.read_text())
    assert kept["branches"] == {"covered": covered, "of": 200, "percent": covered / 2}
    assert kept["files"] == {"prefml/a.py": {"missing": 1, "branches": 4}}
    assert ("expected at least 95 %" in capsys.readouterr().out) == bool(status)


def test_a_share_just_below_the_bar_is_not_rounded_up_to_it(branches):
    assert branches.share(94999, 100000)["percent"] == 94.99


def test_what_failing_tests_take_is_told_and_not_kept(branches, monkeypatch):
    told = []
    monkeypatch.setattr(branches, "coverage", lambda _, command, *words: int(command == "run"))
    monkeypatch.setattr(branches, "report", lambda *words: told.append(words) or 0)
    monkeypatch.setattr("sys.argv", ["branches.py", "--out", "kept.json"])
    assert branches.main() == 1
    assert [words[3] for words in told] == [None]


def test_processes_that_a_test_starts_are_counted(tmp_path):
    (tmp_path / "test_starts_one.py").write_text(
        "import subprocess, sys\n"
        "def test_it():\n"
        "    words = 'import os, prefml.exceptions; os._exit(0)'\n"
        "    subprocess.run([sys.executable, '-c', words], check=True, cwd='/')\n"
    )
    out = tmp_path / "out.json"
    script = ROOT / "benchmarks" / "branches.py"
    words = ["--least", "0", "--out", out, tmp_path, "-q", "-p", "no:cacheprovider"]
    done = subprocess.run([sys.executable, script, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(out.read_text())["statements"]["covered"] > 0


def test_the_tests_take_as_many_branches_as_they_are_asked_to(branches):
    kept = json.loads((RESULTS / "coverage.json").read_text("utf-8"))
    assert kept["branches"]["percent"] >= branches.LEAST


@given(
    st.floats(0.1, 100), st.floats(-0.5, 3), st.lists(st.floats(0.98, 1.02), min_size=6, max_size=6)
)
def test_the_exponent_of_a_power_law_lies_in_its_interval_about_it(factor, power, noise):
    growth = importlib.import_module("_growth")
    sizes = [1000, 1000, 2000, 2000, 4000, 4000]
    exact = growth.exponent(sizes, [factor * size**power for size in sizes])
    assert exact["exponent"] == pytest.approx(power, abs=1e-6)
    assert exact["factor"] == pytest.approx(factor, rel=1e-3)
    costs = [factor * size**power * one for size, one in zip(sizes, noise, strict=True)]
    found = growth.exponent(sizes, costs)
    assert found["low"] <= found["exponent"] <= found["high"]
    assert found["exponent"] == pytest.approx(power, abs=0.05)


def test_of_one_size_there_is_no_exponent_and_of_two_runs_no_interval():
    growth = importlib.import_module("_growth")
    assert growth.exponent([5, 5, 5], [1, 2, 3])["exponent"] is None
    found = growth.exponent([5, 10], [1, 2])
    assert found["exponent"] == pytest.approx(1)
    assert found["low"] is None


def test_a_part_that_is_measured_again_leaves_the_others(tmp_path):
    growth = importlib.import_module("_growth")
    growth.write(tmp_path / "r.json", {"one": {"points": [1]}, "two": {"points": [2]}}, {"a": 1})
    growth.write(tmp_path / "r.json", {"two": {"points": [3]}}, {"b": 2})
    record = json.loads((tmp_path / "r.json").read_text())
    assert record["parts"] == {"one": {"points": [1]}, "two": {"points": [3]}}
    assert record["settings"] == {"a": 1, "b": 2}
    assert record["machine"]["commit"]
