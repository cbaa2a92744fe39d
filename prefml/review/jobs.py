"""Run commands one job at a time, in a process of their own that outlives the server."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from prefml.exceptions import LogError
from prefml.files import folder_lock, is_locked, replacing
from prefml.workspace.progress import Progress, read_progress

__all__ = ["End", "Jobs", "Outcome", "Record", "State", "write_document"]

State: TypeAlias = Literal["running", "done", "failed", "stopped", "lost"]
RECORD, END, STEP, STOP = "job.json", "end.json", "step", "stop"
OUT, ERRORS, PROGRESS = "out.json", "errors.txt", "progress.json"
_KEPT = 20
# Seconds in which what is asked to stop may tidy up.
_PATIENCE = 8.0
T = TypeVar("T")
_RUN = "from prefml.review.job_process import main; main()"


class Record(Struct, frozen=True):
    """Commands of a job, as they are begun.

    Attributes
    ----------
    kind : str
        Name of the job.
    commands : list of list of str
        Words of each command, without the program.
    program : list of str
        What runs them.
    started : str
        UTC time in ISO form.
    event_id : str
        Of the request that asked for it.
    """

    kind: str
    commands: list[list[str]]
    program: list[str]
    started: str
    event_id: str = ""


class End(Struct, frozen=True):
    """Outcome that the process of a job leaves behind.

    Attributes
    ----------
    state : {"done", "failed", "stopped"}
        How it ended.
    ended : str
        UTC time in ISO form.
    """

    state: Literal["done", "failed", "stopped"]
    ended: str


class Outcome(Struct, frozen=True):
    """A job, and how far it is.

    Attributes
    ----------
    number : int
        Jobs are counted from 1.
    record : Record
        What was asked for.
    state : {"running", "done", "failed", "stopped", "lost"}
        `lost`: its process is gone and left no word.
    ended : str or None
        UTC time in ISO form.
    step : int
        Position of the command that is, or was, at work.
    progress : Progress or None
        How far it is, where it tells.
    error : str
        Last line that it wrote on standard error where it failed.
    printed : bytes
        What the last command printed; empty unless it is done.
    """

    number: int
    record: Record
    state: State
    ended: str | None
    step: int
    progress: Progress | None
    error: str
    printed: bytes


def write_document(path: Path, document: Struct) -> None:
    """Write a structure as JSON, whole or not at all.

    Parameters
    ----------
    path : Path
        The file.
    document : msgspec.Struct
        The structure.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(msgspec.json.encode(document))


class Jobs:
    """Jobs of a workspace: one at a time, whichever server began it.

    Whoever holds the lock of the folder is at work: the process of a job inherits the lock, and so
    do its commands, so that the system itself tells when none of them is left.

    Parameters
    ----------
    folder : Path
        Where they are kept, one folder each; it is made.
    program : sequence of str
        What runs a command, such as the interpreter and what it is to do.
    """

    def __init__(self, folder: Path, program: Sequence[str]) -> None:
        self._folder, self._program = folder, list(program)
        self._lock = threading.Lock()

    def start(self, kind: str, commands: Sequence[Sequence[str]], event_id: str = "") -> int:
        """Begin a job.

        Parameters
        ----------
        kind : str
            Name of the job.
        commands : sequence of sequence of str
            Words of each command; one that fails ends the job.
        event_id : str, optional
            Of the request: repeating it begins nothing.

        Returns
        -------
        int
            Its number.

        Raises
        ------
        LogError
            If a job is at work.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._lock:
            for number in reversed(self._numbers()):
                if event_id and self._record(number).event_id == event_id:
                    return number
            busy = LogError("another job is at work", "one job at a time")
            with folder_lock(self._folder, busy) as descriptor:
                return self._begin(kind, commands, event_id, descriptor)

    def _begin(
        self, kind: str, commands: Sequence[Sequence[str]], event_id: str, descriptor: int
    ) -> int:
        number = max(self._numbers(), default=0) + 1
        place = self._place(number)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        words = [list(command) for command in commands]
        write_document(place / RECORD, Record(kind, words, self._program, now, event_id))
        process = subprocess.Popen(
            [sys.executable, "-c", _RUN, str(place), str(descriptor)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=(descriptor,), start_new_session=True,
        )  # fmt: skip
        (place / "pid").write_text(str(process.pid))
        # Lets the system forget it when it has ended.
        threading.Thread(target=process.wait, daemon=True).start()
        for old in self._numbers()[:-_KEPT]:
            shutil.rmtree(self._place(old), ignore_errors=True)
        return number

    def stop(self) -> None:
        """Ask the job that is at work to end, and end it where it does not."""
        latest = self.latest()
        if latest is None or latest.state != "running":
            return
        place = self._place(latest.number)
        (place / STOP).touch()
        self._signal(place, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE
        while self.is_running():
            if time.monotonic() > deadline:
                self._signal(place, signal.SIGKILL)
                deadline += _PATIENCE
            time.sleep(0.05)

    def _signal(self, place: Path, number: signal.Signals) -> None:
        # While the lock is held the number is that of the job's own group of processes.
        with suppress(OSError, ValueError):
            os.killpg(int((place / "pid").read_text()), number)

    def latest(self) -> Outcome | None:
        """Return the job that was begun last; None before the first."""
        numbers = self._numbers()
        return self.read(numbers[-1]) if numbers else None

    def history(self) -> list[Outcome]:
        """Return the jobs that are remembered, the latest first."""
        return [self.read(number) for number in reversed(self._numbers())]

    def read(self, number: int) -> Outcome:
        """Return a job.

        Parameters
        ----------
        number : int
            Its number.

        Returns
        -------
        Outcome
        """
        place = self._place(number)
        # Asked before its end is read: a job that ends in between is still told rightly.
        at_work = number == self._numbers()[-1] and self.is_running()
        end = _read(place / END, End)
        gone: State = "stopped" if (place / STOP).exists() else "lost"
        state: State = "running" if at_work else gone if end is None else end.state
        said = _text(place / ERRORS).splitlines()
        return Outcome(
            number, self._record(number), state, None if at_work or end is None else end.ended,
            int(_text(place / STEP) or 0), read_progress(place / PROGRESS),
            said[-1].removeprefix("Error: ") if said and state in ("failed", "lost") else "",
            (place / OUT).read_bytes() if state == "done" else b"",
        )  # fmt: skip

    def is_running(self) -> bool:
        """Tell whether a job is at work, whichever server began it."""
        # To ask takes the lock for a moment, which another thread that asks would take for a job.
        with self._lock:
            return self._folder.is_dir() and is_locked(self._folder)

    def _record(self, number: int) -> Record:
        return _read(self._place(number) / RECORD, Record) or Record("", [], [], "")

    def _numbers(self) -> list[int]:
        names = [path.name for path in self._folder.glob("[0-9]*")] if self._folder.is_dir() else []
        return sorted(int(name) for name in names if name.isdecimal())

    def _place(self, number: int) -> Path:
        return self._folder / f"{number:06}"


def _read(path: Path, kind: type[T]) -> T | None:
    """Read what a job wrote; None where it has not, or was ended while it did."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
