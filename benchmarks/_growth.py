"""How costs grow with size: points, exponents with intervals, and files of several parts."""

from __future__ import annotations

import ctypes
import json
import math
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _machine import machine
from scipy import stats

HERE = Path(__file__).resolve().parent


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> dict[str, float | None]:
    """Fit cost = a * size ** b by least squares of logarithms, with a 95 % interval of b.

    Costs that hardly differ from a start that is always the same have an exponent near 0. Of
    repeats at each size the interval tells how far they scatter; of two points there is none.
    """
    x, y = np.log(np.asarray(sizes, float)), np.log(np.maximum(costs, 1e-9))
    if len(set(sizes)) < 2:
        return {"exponent": None, "low": None, "high": None, "factor": None}
    found = stats.linregress(x, y)
    spread = None
    if len(x) > 2:
        # Costs that are all the same leave nothing to divide by.
        spread = float(stats.t.ppf(0.975, len(x) - 2) * np.nan_to_num(found.stderr))
    return {
        "exponent": float(found.slope),
        "low": None if spread is None else float(found.slope - spread),
        "high": None if spread is None else float(found.slope + spread),
        "factor": math.exp(float(found.intercept)),
    }


def part(points: list[dict[str, Any]], costs: Sequence[str]) -> dict[str, Any]:
    """Return points with how each cost grows, and where they were measured."""
    sizes = [point["size"] for point in points]
    growth = {cost: exponent(sizes, [point[cost] for point in points]) for cost in costs}
    return {"machine": machine(), "points": points, "growth": growth}


def write(out: Path, parts: dict[str, Any], settings: dict[str, Any]) -> None:
    """Put parts in place of those of the same names in a file, and keep the others."""
    record = json.loads(out.read_text("utf-8")) if out.is_file() else {}
    record = {"parts": {}} if "parts" not in record else record
    record["machine"] = machine()
    record["settings"] = record.get("settings", {}) | settings
    record["parts"] |= rounded(parts)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def spent() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def memory(name: str) -> int:
    """Return bytes of this process: `VmRSS` at the moment, `VmHWM` at most since `forget_most`."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(status.read_text().split(f"{name}:")[1].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def forget_most() -> None:
    """Let the most memory of this process count from here on, where the system can.

    What was freed before, such as what building invented tables took, is given back first.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
    place = Path("/proc/self/clear_refs")
    if place.exists():
        place.write_text("5")


# As from a package that was installed, whose modules are compiled once.
COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def apart(script: str, *words: Any) -> dict[str, Any]:
    """Run a script of this folder to measure one thing in a process of its own."""
    print(script, *words, file=sys.stderr, flush=True)
    line = [sys.executable, str(HERE / script), *map(str, words)]
    output = subprocess.run(line, stdout=subprocess.PIPE, check=True, env=COMPILED).stdout
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


class Clock:
    """What a block of code costs: `seconds` by the clock and `cpu_seconds` of this process."""

    def __enter__(self) -> Clock:
        self._wall, self._spent = time.perf_counter(), spent()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds = time.perf_counter() - self._wall
        self.cpu_seconds = spent() - self._spent

    def costs(self) -> dict[str, float]:
        return {"seconds": self.seconds, "cpu_seconds": self.cpu_seconds}


# The most memory of a process that has just begun counts that of the process it came from: what
# the command itself says, in the file that it is given, does not.
COMMAND = """
import atexit, pathlib, resource, sys
from prefml.cli import run

def most():
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        return 1024 * int(status.read_text().split("VmHWM:")[1].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

place = pathlib.Path(sys.argv.pop(1))
atexit.register(lambda: place.write_text(str(most())))
sys.argv[0] = "prefml"
run()
"""


def run_command(root: Path, *words: str) -> dict[str, Any]:
    """Run a command to its end; return its seconds, its most memory and what it reported."""
    print("prefml", *words, file=sys.stderr, flush=True)
    most = root / "most.txt"
    line = [sys.executable, "-c", COMMAND, str(most), "--workspace", str(root), *words, "--json"]
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(line, env=COMPILED, stdout=subprocess.PIPE, stderr=errors)
        output = child.stdout.read() if child.stdout else b""
        errors.seek(0)
        said = errors.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if child.returncode:
        raise RuntimeError(f"{words} ended with {child.returncode}: {said.decode()[-500:]}")
    return {
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "memory_mb": int(most.read_text()) / 1e6,
        "report": json.loads(output),
    }
