"""Run jobs in processes that end when the process that started them has ended."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TypeVar

from joblib import Parallel, delayed

__all__ = ["run_in_processes"]

R = TypeVar("R")
_POLL_SECONDS = 0.5


def run_in_processes(jobs: Sequence[Callable[[], R]], count: int) -> Iterator[R]:
    """Run jobs in processes of their own.

    Whoever kills this process, or closes its terminal, would leave them at work: joblib's own
    wait for the next job for minutes.

    Parameters
    ----------
    jobs : sequence of callable
        What to run; each can be pickled.
    count : int
        Number of processes.

    Yields
    ------
    object
        The results, in the order of the jobs, as they come.
    """
    parent = os.getpid()
    with warnings.catch_warnings():
        # A process that has grown by 300 MB is replaced, and nobody need hear of it. The warning is
        # given by the thread that hands out the jobs: as an error it ended that thread, and whoever
        # waited for results waited for ever.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
        yield from Parallel(count, return_as="generator")(
            delayed(_run_watched)(parent, job) for job in jobs
        )


def _run_watched(parent: int, job: Callable[[], R]) -> R:
    if os.getppid() == parent:
        _watch(parent)
    return job()


@cache
def _watch(parent: int) -> None:
    """Start to look after the parent, once in a process."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    # Not sys.exit(): a job in compiled code would go on to its end.
    os._exit(1)
