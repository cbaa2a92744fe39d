"""Embed, train and order questions in processes of their own, while the person answers."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from prefml.exceptions import PrefmlError

__all__ = ["Answers", "Background", "Commands", "is_due"]

# Training takes at most this share of the time.
_SHARE_OF_TIME = 0.2
# New answers before the next training: so many, or this share of those that were learned from.
_LEAST_NEW, _SHARE_NEW = 5, 0.2
_TICK = 0.5
# Seconds after which something that failed is tried again, and between two exports.
_AGAIN, _EXPORT = 10.0, 5.0


@dataclass(frozen=True)
class Commands:
    """Command lines of the processes.

    Attributes
    ----------
    embed, train, order, suggest : sequence of str
        Program and arguments; each prints a line on standard error where it fails.
    """

    embed: Sequence[str]
    train: Sequence[str]
    order: Sequence[str]
    suggest: Sequence[str]


class Answers(Protocol):
    """Answers of a review."""

    def count(self) -> int:
        """Return how many sets have an answer to learn from."""
        ...

    def unsubmitted(self) -> int:
        """Return how many answers are not where training reads them."""
        ...

    def export(self) -> None:
        """Write the answers where training reads them."""
        ...


class Turns(Protocol):
    """Turns that this work takes with other work on the same workspace."""

    def take(self) -> bool:
        """Take a turn; False while other work goes on."""
        ...

    def give(self) -> None:
        """Give the turn back."""
        ...


class _Alone:
    """Turns where there is no other work."""

    def take(self) -> bool:
        return True

    def give(self) -> None:
        pass


def is_due(
    answered: int, learned: int, first: int, seconds_since: float, seconds_of_last: float
) -> bool:
    """Tell whether to train.

    Parameters
    ----------
    answered : int
        Answers that there are.
    learned : int
        Answers at the last training; 0 before the first.
    first : int
        Answers that the first training needs.
    seconds_since : float
        Seconds since the last training ended.
    seconds_of_last : float
        Seconds that it took.

    Returns
    -------
    bool
        The first as soon as there are enough; then after new answers in number, and at most a
        fifth of the time.
    """
    if answered < first:
        return False
    if not learned:
        return True
    enough = answered - learned >= max(_LEAST_NEW, _SHARE_NEW * learned)
    return enough and seconds_since * _SHARE_OF_TIME >= seconds_of_last * (1 - _SHARE_OF_TIME)


@dataclass
class _State:
    """State that the page is told."""

    phase: str = "embedding"
    problem: str = ""
    orders: int = 0


class Background:
    """Work beside the answers; use it as a context manager.

    Parameters
    ----------
    commands : Commands
        The processes.
    answers : Answers
        The answers so far.
    first : int
        Answers that the first training needs.
    learned : int, default=0
        Answers that the model in use has learned from, when there is one already.
    turns : Turns, optional
        Each process waits for its turn.
    """

    def __init__(
        self,
        commands: Commands,
        answers: Answers,
        first: int,
        learned: int = 0,
        turns: Turns | None = None,
    ) -> None:
        self._turns: Turns = turns or _Alone()
        self._commands, self._answers = commands, answers
        self._first, self._learned = first, learned
        self._state = _State()
        self._stop, self._wanted = threading.Event(), threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._exported_at, self._ended, self._took = 0.0, 0.0, 0.0

    @property
    def phase(self) -> str:
        """Name of what is at work: `embedding`, `training`, `suggesting`, else `answering`."""
        return self._state.phase

    @property
    def problem(self) -> str:
        """The last failure in words; empty once the same succeeded."""
        return self._state.problem

    @property
    def orders(self) -> int:
        """Number of times the questions were put in order."""
        return self._state.orders

    @property
    def learned(self) -> int:
        """Number of answers at the last training; 0 before the first."""
        return self._learned

    def suggest(self) -> None:
        """Ask for suggestions for the sets without an answer, once nothing else is at work."""
        self._wanted.set()

    def __enter__(self) -> Background:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop, and end the process that is at work: it is taken up by the next run."""
        self._stop.set()
        with self._lock:
            if self._process is not None:
                with suppress(OSError):
                    self._process.terminate()
        self._thread.join()

    def _run(self) -> None:
        self._until_done(self._commands.embed)
        self._order()
        while not self._stop.is_set():
            self._state.phase = "answering"
            try:
                self._work()
            except PrefmlError as error:
                # The event table may be out of reach for a moment; the page says so, too.
                self._state.problem = str(error)
            self._stop.wait(_TICK)

    def _work(self) -> None:
        answered, now = self._answers.count(), time.monotonic()
        if now - self._exported_at >= _EXPORT:
            self._export()
        if self._wanted.is_set() and self._learned:
            self._state.phase = "suggesting"
            self._export()
            self._wanted.clear()
            self._state.orders += self._call(self._commands.suggest)
        elif is_due(answered, self._learned, self._first, now - self._ended, self._took):
            if self._train(answered):
                self._order()
            self._ended = time.monotonic()
            self._took = self._ended - now

    def _export(self) -> None:
        if self._answers.unsubmitted():
            self._answers.export()
        self._exported_at = time.monotonic()

    def _train(self, answered: int) -> bool:
        self._state.phase = "training"
        self._export()
        if not self._call(self._commands.train):
            # What failed is not tried again before there is more to learn from, or time has gone.
            self._stop.wait(_AGAIN)
            return False
        self._learned = answered
        return True

    def _order(self) -> None:
        if self._until_done(self._commands.order):
            self._state.orders += 1

    def _until_done(self, words: Sequence[str]) -> bool:
        """Run a process until it succeeds, or the day is over."""
        while not self._stop.is_set():
            if self._call(words):
                return True
            self._stop.wait(_AGAIN)
        return False

    def _call(self, words: Sequence[str]) -> bool:
        """Run a process once it is its turn; tell whether it succeeded."""
        while not self._turns.take():
            if self._stop.wait(_TICK):
                return False
        try:
            return self._call_now(words)
        finally:
            self._turns.give()

    def _call_now(self, words: Sequence[str]) -> bool:
        """Run a process that leaves the cores to the page; tell whether it succeeded."""
        with self._lock:
            if self._stop.is_set():
                return False
            self._process = subprocess.Popen(
                list(words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True, errors="replace",
            )  # fmt: skip
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._process.pid, 10)
        _, said = self._process.communicate()
        done = self._process.returncode == 0
        self._process = None
        last = (said.strip() or "ended without a word").splitlines()[-1]
        self._state.problem = "" if done else last.removeprefix("Error: ")
        return done
