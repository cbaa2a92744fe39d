"""One way to attack a reader: damaged files in, an error of prefml's own or sound content out."""

from __future__ import annotations

import itertools
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from prefml.exceptions import PrefmlError

CASES = 1000
# Far above what any case takes, even on a busy machine: a reader that needs longer hangs.
PATIENCE = 60


class HangError(BaseException):
    """A reader did not come back; no handler of a reader may catch it."""


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch):
    """Leave syncing out: no power fails while a test runs."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@contextmanager
def patience(seconds: int = PATIENCE) -> Iterator[None]:
    """Raise `HangError` if the block does not end in time.

    Seconds in which this process is stopped, as a debugger or a sleeping laptop does, do not count.
    """
    seen = itertools.count(1)

    def tick(number: int, frame: Any) -> None:
        if next(seen) >= seconds:
            raise HangError(f"no answer in {seconds} s")

    before = signal.signal(signal.SIGALRM, tick)
    signal.setitimer(signal.ITIMER_REAL, 1, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def attack(record_property, tmp_path) -> Callable[..., Counter[str]]:
    """Return a function that feeds damaged files to a reader and counts what becomes of them.

    The judge gets what was read and raises if it is unsound; it returns a word for it.
    """

    def run(
        name: str,
        copies: Iterable[bytes],
        read: Callable[[bytes], Any],
        judge: Callable[[Any], str],
    ) -> Counter[str]:
        counts: Counter[str] = Counter()
        for number, raw in enumerate(copies):
            (tmp_path / "case").write_bytes(raw)
            with patience():
                try:
                    found = read(raw)
                except PrefmlError:
                    word = "refused"
                except Exception as error:
                    raise AssertionError(f"case {number}, {raw[:300]!r}") from error
                else:
                    try:
                        word = judge(found)
                    except Exception as error:
                        raise AssertionError(f"case {number}, {raw[:300]!r}") from error
            counts[word] += 1
        assert counts.total() >= CASES
        record_property(
            "reliability", {"part": "broken input", "what": name, "tried": counts.total(),
                            "outcomes": dict(sorted(counts.items())), "lost": 0}
        )  # fmt: skip
        return counts

    return run


def place(path: Path, raw: bytes) -> Path:
    """Write a file and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path
