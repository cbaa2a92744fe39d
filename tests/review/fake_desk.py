"""A program that stands for prefml, and waiting for what it does."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class FakeProgram:
    """A copy of `fake_program.py`, with what it is to answer."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.words = [
            sys.executable,
            str(shutil.copy(Path(__file__).with_name("fake_program.py"), folder)),
        ]

    def answers(self, name: str, document: Any) -> None:
        (self.folder / f"{name}.json").write_text(json.dumps(document))

    def fails(self, name: str, line: str) -> None:
        (self.folder / f"{name}.fails").write_text(line)

    def is_slow(self, name: str) -> None:
        (self.folder / f"{name}.slow").touch()

    @property
    def calls(self) -> list[list[str]]:
        """Words of each call, without those that every call has, and without looks."""
        path = self.folder / "calls.txt"
        lines = path.read_text().splitlines() if path.exists() else []
        found = [json.loads(line) for line in lines]
        return [call[: call.index("--json")] for call in found if call[0] != "status"]


def until(holds: Callable[[], Any], seconds: float = 300) -> Any:
    """Wait until something holds, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it never did"
        time.sleep(0.02)
    return found
