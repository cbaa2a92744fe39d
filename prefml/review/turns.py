"""Let one of two be at work in a workspace: a job of the desk, or the work of the first day."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prefml.exceptions import LogError

__all__ = ["Turns"]


class Turns:
    """Turns of the jobs of the desk and of what goes on beside the answers of a first day.

    A job runs on after it was begun, so it is asked for; the other holds its turn while it works.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_job_running: Callable[[], bool] = lambda: False

    def watch(self, is_job_running: Callable[[], bool]) -> None:
        """Ask a function whether a job of the desk is at work."""
        self._is_job_running = is_job_running

    def take(self) -> bool:
        """Take the turn of what goes on beside the answers; False while a job is at work."""
        self._lock.acquire()
        if self._is_job_running():
            self._lock.release()
            return False
        return True

    def give(self) -> None:
        """Give that turn back."""
        self._lock.release()

    @contextmanager
    def of_job(self) -> Iterator[None]:
        """Hold off what goes on beside the answers while a job is begun.

        Raises
        ------
        LogError
            If that is at work.
        """
        if not self._lock.acquire(blocking=False):
            raise LogError(
                "the first day's work goes on beside your answers: pictures are looked at, or a "
                "model is trained",
                "one job at a time",
                "the same again in a moment",
            )
        try:
            yield
        finally:
            self._lock.release()
