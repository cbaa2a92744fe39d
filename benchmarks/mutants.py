"""Change the code in small ways and count the changes that tests notice: mutation testing.

python benchmarks/mutants.py

mutmut changes what `[tool.mutmut]` of pyproject.toml names, one place at a time, and runs the tests
that reach it. A mutant is killed when one of them fails. One that survives, that runs until its
time is over, or that no test reaches counts against the tests, also where it does the same as the
code.

It works in `mutants/`, beside the code; afterwards `mutmut show NAME` says what a mutant changed.
`--go-on` takes up a run that was interrupted; `--ending 5` tries a tenth of the mutants, those
whose number ends in that digit. The tables of the documents are made anew.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tables
from _machine import machine

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "mutants.json"
WORK = ROOT / "mutants"
RUNS = {"mutants": {"full": []}}
FATES = ("killed", "survived", "timeout", "no tests", "suspicious")
TOOLS = ("mutmut", "pytest", "hypothesis")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--go-on", action="store_true", help="take up an interrupted run")
    options.add_argument("--ending", default="", metavar="DIGITS", help="5: a tenth, 05: a fifth")
    options.add_argument("--children", type=int, default=2, help="mutants at the same time")
    options.add_argument("--out", type=Path, default=RESULT, help="the file to write")
    given = options.parse_args()
    if WORK.exists() and not given.go_on:
        shutil.rmtree(WORK)
    names = [f"*__mutmut_*[{given.ending}]"] if given.ending else []
    mutmut("run", "--max-children", str(given.children), *names)
    told = mutmut("results", "--all", "true", capture_output=True)
    found = record(counted(told.splitlines(), given.ending), given.ending)
    given.out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if given.out.resolve() == RESULT:
        tables.rewrite()


def mutmut(*words: str, capture_output: bool = False) -> str:
    """Run one command of mutmut and return what it printed, if that was to be captured."""
    command = [str(Path(sys.executable).with_name("mutmut")), *words]
    done = subprocess.run(command, cwd=ROOT, check=True, text=True, capture_output=capture_output)
    return done.stdout or ""


def counted(lines: Iterable[str], ending: str = "") -> dict[str, Counter[str]]:
    """Count fates by module, from lines such as `package.module.x_function__mutmut_1: killed`.

    With an ending, only mutants whose number ends in one of its digits count.
    """
    modules: dict[str, Counter[str]] = {}
    for line in lines:
        name, _, fate = line.strip().rpartition(": ")
        if name[-1] in (ending or name):
            path = name.rpartition(".")[0].replace(".", "/") + ".py"
            modules.setdefault(path, Counter())[fate] += 1
    return dict(sorted(modules.items()))


def record(modules: Mapping[str, Mapping[str, int]], ending: str = "") -> dict[str, Any]:
    """Return what is written down: where it ran, and the fates of the mutants of each module.

    Raises
    ------
    SystemExit
        If a mutant was not tried to its end.
    """
    strange = {fate for fates in modules.values() for fate in fates} - set(FATES)
    if strange or not modules:
        raise SystemExit(f"mutants: {sorted(strange) or 'none'}; run again with --go-on")
    here: dict[str, Any] = machine()
    here["versions"] |= {name: version(name) for name in TOOLS}
    rows = {path: {fate: fates[fate] for fate in FATES} for path, fates in modules.items()}
    command = f"make mutants ENDING={ending}" if ending else "make mutants"
    return {"command": command, "ending": ending, "machine": here, "modules": rows}


if __name__ == "__main__":
    main()
