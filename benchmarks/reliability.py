"""Attack prefml, and write down what was tried and how often: benchmarks/results/reliability.json.

python benchmarks/reliability.py

The table of docs/reliability.md is rewritten from the result; `--table` does only that. `--told`
takes files that `pytest --reliability FILE` has written before, in place of running the tests.
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
START, END = "<!-- attacks -->", "<!-- /attacks -->"
RUNS = {"reliability": {"full": []}}
PARTS = ("broken input", "faults", "security")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--table", action="store_true", help="only rewrite the page's table")
    options.add_argument("--told", nargs="+", type=Path, help="what pytest --reliability wrote")
    options.add_argument("--out", type=Path, default=RESULT, help="the file to write")
    given = options.parse_args()
    if given.told:
        write(f"pytest --reliability FILE {' '.join(TESTS)}", given.told, given.out)
    elif not given.table:
        attack(given.out)
    if given.out.resolve() == RESULT:
        PAGE.write_text(with_table(PAGE.read_text(), json.loads(RESULT.read_text())))


def attack(out: Path) -> None:
    """Run the tests that attack, and write down what they tried."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        words = [sys.executable, "-m", "pytest", "-q", "--reliability", str(told), *TESTS]
        subprocess.run(words, cwd=ROOT, check=True)
        write("python benchmarks/reliability.py", [told], out)


def write(command: str, told: list[Path], out: Path) -> None:
    """Write the result file."""
    rows = [row for path in told for row in json.loads(path.read_text())]
    rows.sort(key=lambda row: (PARTS.index(row["part"]), row["test"], row["what"]))
    result = {"command": command, "machine": machine(), "rows": rows}
    out.write_text(json.dumps(result, indent=1) + "\n")


def with_table(page: str, result: dict[str, Any]) -> str:
    """Return the page with its table made anew; it is otherwise unchanged."""
    before, _, rest = page.partition(START)
    after = rest.partition(END)[2]
    table = "\n".join(lines(result))
    return f"{before}{START}\n{table}\n{END}{after}"


def lines(result: dict[str, Any]) -> Iterator[str]:
    yield "| what | tried | what became of it | lost |"
    yield "| --- | --- | --- | --- |"
    for row in result["rows"]:
        outcomes = ", ".join(f"{count} {word}" for word, count in row["outcomes"].items())
        yield f"| {row['what']} | {row['tried']} | {outcomes} | {row['lost'] or 'nothing'} |"


if __name__ == "__main__":
    main()
