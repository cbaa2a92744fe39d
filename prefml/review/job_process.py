"""Run the commands of one job, in the process that holds the lock of all jobs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from prefml.files import write_text
from prefml.review.jobs import (
    END,
    ERRORS,
    OUT,
    PROGRESS,
    RECORD,
    STEP,
    STOP,
    End,
    Record,
    write_document,
)
from prefml.workspace.progress import VARIABLE

__all__ = ["main", "run_job"]


def main() -> None:
    """Run the job of the folder that the command line names, holding on to the lock it names."""
    with suppress(OSError):
        # The cores are the page's first.
        os.setpriority(os.PRIO_PROCESS, 0, 10)
    # The commands of its group are asked to end, too; what becomes of them is waited for.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    run_job(Path(sys.argv[1]), int(sys.argv[2]))


def run_job(place: Path, descriptor: int) -> None:
    """Run one command after the other, until one fails; note how it ended.

    Parameters
    ----------
    place : Path
        Folder of the job.
    descriptor : int
        Lock of all jobs, which the commands inherit.
    """
    record = msgspec.json.decode((place / RECORD).read_bytes(), type=Record)
    state: Literal["done", "failed", "stopped"] = "done"
    for number, words in enumerate(record.commands):
        write_text(place / STEP, str(number))
        (place / PROGRESS).unlink(missing_ok=True)
        failed = (place / STOP).exists() or _run([*record.program, *words], place, descriptor)
        if failed:
            state = "stopped" if (place / STOP).exists() else "failed"
            break
    now = datetime.now(UTC).isoformat(timespec="seconds")
    write_document(place / END, End(state, now))


def _run(words: list[str], place: Path, descriptor: int) -> int:
    """Run a command, with what it prints in files; return its exit status."""
    with (place / OUT).open("wb") as out, (place / ERRORS).open("wb") as errors:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, pass_fds=(descriptor,),
            env={**os.environ, VARIABLE: str(place / PROGRESS)}, restore_signals=True,
        )  # fmt: skip
        return process.wait()
