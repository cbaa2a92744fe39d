"""Commands that are killed, or held, at a moment of the test's choosing."""

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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .steps import steps_of
from .trees import small_workspace

ROUNDS = 50
# A round that ends before it is killed is tried again, this often at most in all.
MOST = 4 * ROUNDS
HOST = Path(__file__).with_name("host.py")


@dataclass
class Child:
    """A command at work in a child of the host."""

    host: Host
    pid: int
    files: dict[str, str]
    status: int | None = None

    def _path(self, name: str) -> Path:
        return Path(self.files[name])

    @property
    def steps(self) -> int:
        """How many steps in its workspace it has come to."""
        return steps_of(self._path("counter"))

    @property
    def text(self) -> str:
        """What it has printed."""
        return self._path("output").read_text() if self._path("output").exists() else ""

    def wait(self) -> int:
        """Return how it ended: its exit status, or the negative number of a signal."""
        return self.ended(wait=True)

    def ended(self, wait: bool = False) -> int | None:
        """Return how it ended, or None if it is at work."""
        if self.status is None:
            self.status = self.host.ask(child=self.pid, wait=wait)
        return self.status

    def wait_until(self, reached: Callable[[], bool]) -> int | None:
        """Wait until something is so, or the command has ended; return how, or None."""
        while self.ended() is None and not reached():
            time.sleep(0.001)
        return self.status

    def wait_until_held(self) -> int | None:
        """Wait until it stands at the step that it was to be held at; see `wait_until`."""
        return self.wait_until(self._path("here").exists)

    def go_on(self) -> None:
        """Let it go on from there."""
        self._path("go").touch()

    def kill(self) -> None:
        """Kill it and its children."""
        # In the first moments the child leads no group yet.
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


@dataclass
class Host:
    """Runs commands in children of a process in which everything is imported already."""

    process: subprocess.Popen[str]
    folder: Path
    children: list[Child] = field(default_factory=list)

    def ask(self, **asked: Any) -> Any:
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def start(self, root: Path, *words: object, **plan: int) -> Child:
        """Start a command; it may be told to `kill` or `hold` itself at one of its steps."""
        names = ("output", "counter", "here", "go")
        files = {name: str(self.folder / f"{len(self.children)}.{name}") for name in names}
        line = ["--workspace", str(root), *map(str, words)]
        child = Child(self, self.ask(words=line, folder=f"{root}/", **files, **plan), files)
        self.children.append(child)
        return child

    def run(self, root: Path, *words: object) -> Child:
        """Run a command to its end, which must be a good one."""
        child = self.start(root, *words)
        assert child.wait() == 0, child.text
        return child


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    process = subprocess.Popen(
        [sys.executable, str(HOST)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    host = Host(process, tmp_path_factory.mktemp("host"))
    yield host
    # A test that failed may have left its review or a held command behind.
    for child in host.children:
        if child.ended() is None:
            child.kill()
            child.wait()
    process.stdin.close()
    process.wait()
    process.stdout.close()


class Kills:
    """Kills a command fifty times, half of them before one of its steps, half at any moment.

    The steps are those that it takes with the files of its workspace. They and its time are cut
    into as many parts as there are rounds, so that the kills fall into all of its work, and are
    measured again whenever a round has ended before it was killed; such a round does not count.
    """

    def __init__(self, host: Host, root: Path, *words: object) -> None:
        self.host, self.root, self.words = host, root, words
        self.killed, self.tried = 0, 0
        self.shares: list[float] = []
        self.chance = random.Random(2026)
        self.parts = self.chance.sample(range(ROUNDS), ROUNDS)
        begin = time.monotonic()
        self.steps = host.run(root, *words).steps
        self.seconds = time.monotonic() - begin

    def __iter__(self) -> Iterator[int]:
        """Count rounds until fifty were killed."""
        while self.killed < ROUNDS and self.tried < MOST:
            yield self.tried
            self.tried += 1
        assert self.killed >= 0.9 * ROUNDS, f"{self.killed} of {self.tried} rounds were killed"
        tenths = {min(9, int(10 * share)) for share in self.shares}
        assert len(tenths) == 10, f"no kill in some tenth of the work: {sorted(self.shares)}"

    def strike(self) -> bool:
        """Run the command and kill it; say if it was in time."""
        number = self.parts[self.killed]
        part = (number + self.chance.random()) / ROUNDS
        child = self._at_step(part) if number % 2 else self._at_moment(part)
        in_time = child.wait() == -signal.SIGKILL
        self.killed += in_time
        if in_time:
            self.shares.append(child.steps / self.steps)
        return in_time

    def _at_step(self, part: float) -> Child:
        child = self.host.start(self.root, *self.words, kill=1 + int(part * self.steps))
        if child.wait() != -signal.SIGKILL:
            self.steps = child.steps
        return child

    def _at_moment(self, part: float) -> Child:
        child = self.host.start(self.root, *self.words)
        child.wait_until(lambda: child.steps > 0)
        begin = time.monotonic()
        if child.wait_until(lambda: time.monotonic() > begin + part * self.seconds) is None:
            child.kill()
        if child.wait() != -signal.SIGKILL:
            self.seconds = time.monotonic() - begin
        return child


@pytest.fixture
def kills(host: Host) -> Callable[..., Kills]:
    """Return a function that takes a workspace and a command, runs it once, and is to kill it."""

    def measure(root: Path, *words: object) -> Kills:
        return Kills(host, root, *words)

    return measure


@pytest.fixture
def tell(record_property) -> Callable[..., None]:
    """Return a function that notes what was tried, for the table in docs/reliability.md."""

    def note(what: str, tried: int, **outcomes: int) -> None:
        words = {name.replace("_", " "): count for name, count in outcomes.items()}
        record_property("reliability", {"part": "faults", "what": what, "tried": tried,
                                        "outcomes": words, "lost": 0})  # fmt: skip

    return note


@pytest.fixture(scope="module")
def finished(host, tmp_path_factory) -> Path:
    """A small workspace, embedded and trained."""
    root = small_workspace(tmp_path_factory.mktemp("finished") / "ws")
    for words in (["embed"], ["train"], ["suggest"]):
        host.run(root, *words)
    return root
