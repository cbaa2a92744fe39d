"""Run every test, and count which branches of prefml they take.

`python benchmarks/branches.py [--least PERCENT] [--out FILE] [PYTEST WORDS]`. Prints what no test
reaches and writes `benchmarks/results/coverage.json`, or FILE alone where words for pytest choose
other tests. Fails when a test does, or when fewer branches are taken than `--least`. Processes that
tests start are counted; `[tool.coverage.run]` of `pyproject.toml` says how. `--data` takes what
`coverage run` has left before, in place of running the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from _machine import machine

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "coverage.json"
RUNS = {"coverage": {"full": []}}
TESTS = ("-n", "logical", "--dist", "loadfile")
LEAST = 98.0


def main() -> int:
    given, words = parse()
    with tempfile.TemporaryDirectory() as folder:
        place = {**os.environ, "COVERAGE_FILE": str(Path(folder, "data"))}
        failed = 0
        if not given.data:
            failed = coverage(place, "run", "-m", "pytest", *(words or TESTS))
        # What was counted is told all the same; the record is of tests that passed.
        out = None if failed else given.out or (None if words else RESULT)
        data = [str(one.resolve()) for one in given.data]
        status = report(place, data, Path(folder, "found.json"), out, given.least)
        return failed or status


def parse() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--least", type=float, default=LEAST, help="percent of all branches")
    parser.add_argument("--out", type=Path, help="the file to write")
    parser.add_argument("--data", nargs="+", type=Path, default=[], help="what was measured before")
    return parser.parse_known_args()


def coverage(place: dict[str, str], *words: str) -> int:
    """Run coverage on this checkout and return its exit status."""
    return subprocess.run(
        [sys.executable, "-m", "coverage", *words], cwd=ROOT, env=place
    ).returncode


def report(
    place: dict[str, str], data: list[str], found: Path, out: Path | None, least: float
) -> int:
    """Print and write what the processes left behind; return 1 when that is too little."""
    for words in (
        # A process that was killed while it wrote leaves half a file; that is left out, and said.
        ("combine", "--quiet", "--keep", *data),
        ("report", "--show-missing", "--skip-covered"),
        ("json", "--quiet", "-o", str(found)),
    ):
        if status := coverage(place, *words):
            return status
    result = summary(json.loads(found.read_text("utf-8")), "--data FILES" if data else "")
    if out is not None:
        out.write_text(json.dumps(result, indent=1) + "\n")
    percent = result["branches"]["percent"]
    print(f"{percent} % of all branches, {result['statements']['percent']} % of all statements")
    if percent < least:
        print(f"found {percent} %, expected at least {least:g} %; what is missing stands above")
    return int(percent < least)


def summary(found: dict[str, Any], words: str) -> dict[str, Any]:
    """Return the figures of coverage's own report: the whole, and every file with a gap."""
    totals = found["totals"]
    gaps = {
        name: {"missing": len(one["missing_branches"]), "branches": one["summary"]["num_branches"]}
        for name, one in found["files"].items()
        if one["missing_branches"]
    }
    return {
        "command": f"python benchmarks/branches.py {words}".rstrip(),
        "machine": machine(),
        "branches": share(totals["covered_branches"], totals["num_branches"]),
        "statements": share(totals["covered_lines"], totals["num_statements"]),
        "statements_left_out": totals["excluded_lines"],
        "files": gaps,
    }


def share(covered: int, of: int) -> dict[str, Any]:
    """Return a count and its percentage, cut off rather than rounded up."""
    return {"covered": covered, "of": of, "percent": int(10000 * covered / of) / 100}


if __name__ == "__main__":
    sys.exit(main())
