"""Counting what a command does with the files of a folder, and ending or holding it at one step."""

from __future__ import annotations

import itertools
import mmap
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# What the interpreter tells before it is done; https://docs.python.org/3/library/audit_events.html
TOLD = {
    "open", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink",
    "os.truncate", "shutil.copyfile", "sqlite3.connect",
}  # fmt: skip


def count_steps(folder: str, counter: Path, act: Callable[[int], None]) -> None:
    """Call `act` with its number before every step inside a folder; keep the number in a file.

    A step opens, makes, renames, links or removes something, or waits for the disk. The number in
    the file outlives the process, whatever ends it.
    """
    numbers = itertools.count(1)
    with counter.open("w+b") as file:
        file.write(bytes(8))
        file.flush()
        shown = mmap.mmap(file.fileno(), 8)

    def step() -> None:
        number = next(numbers)
        shown[:] = number.to_bytes(8, "little")
        act(number)

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if event in TOLD and any(_inside(folder, value) for value in given[:2]):
            step()

    wait_for_disk = os.fsync

    def fsync(descriptor: int) -> None:
        step()
        wait_for_disk(descriptor)

    os.fsync = fsync
    sys.addaudithook(hook)


def _inside(folder: str, value: Any) -> bool:
    if isinstance(value, bytes):
        value = os.fsdecode(value)
    return isinstance(value, str | os.PathLike) and str(value).startswith(folder)


def steps_of(counter: Path) -> int:
    """Return how many steps a process has come to."""
    return int.from_bytes(counter.read_bytes(), "little") if counter.exists() else 0


def nothing(number: int) -> None:
    """Go on."""


def kill_at(last: int) -> Callable[[int], None]:
    """Return what ends the process before a step, as `kill -9` does."""

    def act(number: int) -> None:
        if number == last:
            os.kill(os.getpid(), signal.SIGKILL)

    return act


def hold_at(last: int, here: Path, go: Path) -> Callable[[int], None]:
    """Return what makes the process say that it is at a step, and wait until it may go on."""

    def act(number: int) -> None:
        if number == last:
            here.touch()
            while not go.exists():
                time.sleep(0.002)

    return act
