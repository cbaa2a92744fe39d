"""Attack prefml, and write down what was tried and how often: benchmarks/results/reliability.json.

python benchmarks/reliability.py

The tables of docs/reliability.md are rewritten from the result; `--table` does only that. `--told`
takes files that `pytest --reliability FILE` has written before, in place of running the tests;
`--add` puts them in place of what the same tests told before, and keeps the rest.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _machine import machine

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "reliability.json"
PAGE = ROOT / "docs" / "reliability.md"
TESTS = ("tests/fuzz", "tests/faults", "tests/review/test_api_fuzz.py")
# The name of each table on the page, and the parts of the rows in it.
TABLES = {"attacks": ("broken input", "faults", "security"), "kinds": ("kinds",)}
RUNS = {"reliability": {"full": []}}
PARTS = tuple(part for parts in TABLES.values() for part in parts)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--table", action="store_true", help="only rewrite the page's table")
    options.add_argument("--told", nargs="+", type=Path, help="what pytest --reliability wrote")
    options.add_argument("--add", nargs="+", type=Path, help="the same, of some of the tests")
    options.add_argument("--out", type=Path, default=RESULT, help="the file to write")
    given = options.parse_args()
    if given.told:
        write(f"pytest --reliability FILE {' '.join(TESTS)}", given.told, given.out)
    elif given.add:
        add(given.add, given.out)
    elif not given.table:
        attack(given.out)
    if given.out.resolve() == RESULT:
        PAGE.write_text(with_table(PAGE.read_text(), json.loads(RESULT.read_text())))


def attack(out: Path) -> None:
    """Run the tests that attack, and write down what they tried."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        words = [sys.executable, "-m", "pytest", "-q", "--hypothesis-profile=explore",
                 "--reliability", str(told), *TESTS]  # fmt: skip
        subprocess.run(words, cwd=ROOT, check=True)
        write("python benchmarks/reliability.py", [told], out)


def add(told: list[Path], out: Path) -> None:
    """Put what some tests have told in place of what they told before, and say where they ran."""
    fresh = read_rows(told)
    tests = {row["test"] for row in fresh}
    result = json.loads(out.read_text())
    kept = [row for row in result["rows"] if row["test"] not in tests]
    result["rows"] = in_order([*kept, *fresh])
    earlier = [run for run in result.get("added", []) if not tests & set(run["tests"])]
    result["added"] = [*earlier, {"tests": sorted(tests), "machine": machine()}]
    out.write_text(json.dumps(result, indent=1) + "\n")


def read_rows(told: list[Path]) -> list[dict[str, Any]]:
    return [row for path in told for row in json.loads(path.read_text())]


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (PARTS.index(row["part"]), row["test"], row["what"]))


def write(command: str, told: list[Path], out: Path) -> None:
    """Write the result file."""
    result = {"command": command, "machine": machine(), "rows": in_order(read_rows(told))}
    out.write_text(json.dumps(result, indent=1) + "\n")


def with_table(page: str, result: dict[str, Any]) -> str:
    """Return the page with its tables made anew; it is otherwise unchanged."""
    for name, parts in TABLES.items():
        start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, _, rest = page.partition(start)
        after = rest.partition(end)[2]
        table = "\n".join(lines([row for row in result["rows"] if row["part"] in parts]))
        page = f"{before}{start}\n{table}\n{end}{after}"
    return page


def lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield "| what | tried | what became of it | lost |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        outcomes = ", ".join(f"{count} {word}" for word, count in row["outcomes"].items())
        yield f"| {row['what']} | {row['tried']} | {outcomes} | {row['lost'] or 'nothing'} |"


if __name__ == "__main__":
    main()
