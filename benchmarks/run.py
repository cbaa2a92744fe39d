"""Run the benchmarks and rewrite the tables that are made from their results.

python benchmarks/run.py [NAME ...] [--full] [--workspace FOLDER] [--list]

Quick by default: small data, minutes, `benchmarks/results/NAME.quick.json`. Those files are of this
machine alone and not kept with the project, and no table is made from one while `NAME.json` is
there. `--full` is what the documents quote, hours, `NAME.json`.

A benchmark is a script of this folder that declares, as a literal, how it is run:

    RUNS = {"rank": {"quick": ["{workspace}"], "full": ["{workspace}", "--full"]}}

NAME -> the words for either kind; without one of them it is left out of that kind. A script that
declares nothing has one full run without words. Every script takes `--out FILE` and writes JSON
there. What stands in braces is put there when it is needed:
`{workspace}` an embedded workspace, `{live}` and `{mef}` copies of the real photographs and of the
fused exposures beside the project, `{mobilenet}` the encoder there, `{scratch}` a folder to be
thrown away. `"needs": ["chromium", "cuda", "torch"]` leaves it out where those are not.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import tables
from _machine import machine

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
SHARED = HERE.parents[1] / "shared"
# Scripts of this folder that measure nothing.
TOOLS = {"run.py", "tables.py"}
QUICK_SHARE = 0.2


@dataclass(frozen=True)
class Bench:
    """One benchmark as its script declares it.

    Attributes
    ----------
    name : str
        The results go to `NAME.json`.
    script : Path
    words : dict of str to list of str
        `quick` and `full` -> arguments.
    needs : tuple of str
        What must be there.
    """

    name: str
    script: Path
    words: dict[str, list[str]]
    needs: tuple[str, ...]

    def target(self, kind: str) -> Path:
        """Return the file of one kind of run."""
        return RESULTS / (f"{self.name}.json" if kind == "full" else f"{self.name}.quick.json")


class MissingError(Exception):
    """Something that a benchmark needs is not here."""


class Supplies:
    """What benchmarks are run on, made when the first of them asks for it."""

    def __init__(self, stack: ExitStack, workspace: Path | None, quick: bool) -> None:
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.given = workspace
        self.quick = quick

    def fill(self, words: list[str]) -> list[str]:
        """Replace what stands in braces."""
        makers: dict[str, Callable[[], Path]] = {
            "{workspace}": lambda: self.workspace,
            "{live}": lambda: self.live,
            "{mef}": lambda: self.mef,
            "{mobilenet}": lambda: self.mobilenet,
        }
        words = [word.replace("{scratch}", str(self.folder)) for word in words]
        return [str(makers[word]()) if word in makers else word for word in words]

    @cached_property
    def workspace(self) -> Path:
        """The workspace that was named, or a sample; embedded."""
        from prefml.cli import main as prefml
        from prefml.sample import write_sample

        folder = self.given or self.folder / "sample"
        if self.given is None:
            write_sample(folder, share=QUICK_SHARE if self.quick else 1.0)
        if prefml(["--workspace", str(folder), "embed", "--json"]):
            raise MissingError(f"embeddings of {folder}")
        return folder

    @cached_property
    def live(self) -> Path:
        """A copy of the real photographs, for what is run writes beside them."""
        return Path(shutil.copytree(_shared("data/live_challenge"), self.folder / "live"))

    @cached_property
    def mef(self) -> Path:
        """A copy of the fused exposures, variants of one picture each."""
        return Path(shutil.copytree(_shared("data/mef"), self.folder / "mef"))

    @cached_property
    def mobilenet(self) -> Path:
        """The network that lies beside the project."""
        return _shared("encoders/mobilenet_v2")


def _shared(name: str) -> Path:
    if not (SHARED / name).exists():
        raise MissingError(f"{SHARED.name}/{name} beside the project")
    return SHARED / name


def discover() -> list[Bench]:
    """Return every benchmark of this folder, by name."""
    return sorted((bench for script in scripts() for bench in declared(script)), key=_name)


def scripts() -> list[Path]:
    """Return the scripts that measure something."""
    found = sorted(HERE.glob("[!_]*.py"))
    return [script for script in found if script.name not in TOOLS]


def declared(script: Path) -> Iterator[Bench]:
    """Read what a script declares, without running it."""
    for node in ast.parse(script.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "RUNS":
            for name, entry in ast.literal_eval(node.value).items():
                words = {kind: entry[kind] for kind in ("quick", "full") if kind in entry}
                yield Bench(name, script, words, tuple(entry.get("needs", ())))
            return
    yield Bench(script.stem, script, {"full": []}, ())


def main() -> int:
    options = parse()
    kind = "full" if options.full else "quick"
    benches = [one for one in discover() if not options.names or one.name in options.names]
    if unknown := set(options.names) - {one.name for one in benches}:
        raise SystemExit(f"no benchmark {', '.join(sorted(unknown))}; see --list")
    if options.list:
        print(*(f"{one.name:40} {', '.join(one.words)}" for one in benches), sep="\n")
        return 0
    with ExitStack() as stack:
        supplies = Supplies(stack, options.workspace, quick=not options.full)
        outcomes = {one.name: outcome(one, kind, supplies) for one in benches}
    for page in tables.rewrite():
        print(f"rewritten: {page}")
    for name, said in outcomes.items():
        print(f"{name:40} {said}")
    return int(any(said.startswith("FAILED") for said in outcomes.values()))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="all by default")
    parser.add_argument("--full", action="store_true", help="what the documents quote; hours")
    parser.add_argument("--workspace", type=Path, help="instead of a sample made for the occasion")
    parser.add_argument("--list", action="store_true", help="name the benchmarks and stop")
    return parser.parse_args()


def outcome(bench: Bench, kind: str, supplies: Supplies) -> str:
    """Run one benchmark and say in one line what came of it."""
    if kind not in bench.words:
        return f"left out: has no {kind} run"
    try:
        for need in bench.needs:
            NEEDS[need]()
        words = supplies.fill(bench.words[kind])
    except MissingError as missing:
        return f"left out: needs {missing}"
    target = bench.target(kind)
    print(f"== {bench.name}", flush=True)
    began = time.perf_counter()
    command = [sys.executable, str(bench.script), *words, "--out", str(target)]
    # Numeric threads that spin while they wait make every figure worse.
    quiet = {"OMP_WAIT_POLICY": "passive", "OPENBLAS_NUM_THREADS": "1"}
    status = subprocess.run(command, env=quiet | os.environ).returncode
    seconds = round(time.perf_counter() - began, 1)
    if status or not target.is_file():
        return f"FAILED with status {status} after {seconds} s"
    stamp(target, kind, bench, seconds)
    return f"{seconds} s -> {target.relative_to(HERE.parent)}"


def stamp(target: Path, kind: str, bench: Bench, seconds: float) -> None:
    """Say in a result how it came about."""
    record: dict[str, Any] = json.loads(target.read_text("utf-8"))
    flag = " --full" if kind == "full" else ""
    record |= {
        "quick": kind == "quick",
        "run": f"python benchmarks/run.py {bench.name}{flag}",
        "run_seconds": seconds,
    }
    record.setdefault("machine", machine())
    target.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", "utf-8")


def _name(bench: Bench) -> str:
    return bench.name


def _need_chromium() -> None:
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        raise MissingError("chromium")


def _need_torch() -> None:
    if find_spec("torch") is None or find_spec("open_clip") is None:
        raise MissingError("the extra `clip`")


def _need_cuda() -> None:
    _need_torch()
    import torch

    if not torch.cuda.is_available():
        raise MissingError("a CUDA device")


NEEDS: dict[str, Callable[[], None]] = {
    "chromium": _need_chromium,
    "cuda": _need_cuda,
    "torch": _need_torch,
}

if __name__ == "__main__":
    raise SystemExit(main())
