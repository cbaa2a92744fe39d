"""Commands that are killed at a moment of the test's choosing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

ROUNDS = 50
HOST = Path(__file__).with_name("host.py")


@dataclass
class Host:
    """Runs commands in children of a process in which everything is imported already."""

    process: subprocess.Popen[str]
    output: Path

    def start(self, *words: object) -> int:
        asked = {"words": [str(word) for word in words], "output": str(self.output)}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def wait(self) -> int:
        return int(self.process.stdout.readline())

    def run(self, *words: object) -> float:
        """Run a command to its end, which must be a good one; return the seconds it took."""
        begin = time.monotonic()
        self.start(*words)
        status = self.wait()
        assert status == 0, self.output.read_text()
        return time.monotonic() - begin

    def kill_after(self, seconds: float, *words: object) -> bool:
        """Run a command and kill it, with its children, after some time; say if it was in time."""
        child = self.start(*words)
        time.sleep(seconds)
        kill_group(child)
        return self.wait() == -signal.SIGKILL


def kill_group(child: int) -> None:
    # In the first moments the child leads no group yet.
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    output = tmp_path_factory.mktemp("host") / "output"
    process = subprocess.Popen(
        [sys.executable, str(HOST)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    yield Host(process, output)
    process.stdin.close()
    process.wait()
    process.stdout.close()


@pytest.fixture
def moments() -> Callable[[float], Iterator[float]]:
    """Return as many random moments as there are rounds, up to a little after the usual end."""

    def pick(usual: float) -> Iterator[float]:
        chance = random.Random(2026)
        return (chance.uniform(0, 1.1 * usual) for _ in range(ROUNDS))

    return pick


@pytest.fixture
def tell(record_property) -> Callable[..., None]:
    """Return a function that notes what was tried, for the table in docs/reliability.md."""

    def note(what: str, tried: int, **outcomes: int) -> None:
        words = {name.replace("_", " "): count for name, count in outcomes.items()}
        record_property("reliability", {"part": "faults", "what": what, "tried": tried,
                                        "outcomes": words, "lost": 0})  # fmt: skip

    return note
