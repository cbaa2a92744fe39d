"""Look where the work stands, by `prefml status` in a process of its own, and remember it."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec
from msgspec import Struct

from prefml.proposals import decisions_path, suggestions_path
from prefml.review.desk_answers import EarlierModel
from prefml.review.findings import Block
from prefml.workspace import Workspace

__all__ = ["Look", "Looked", "Share", "StatusOutput", "Work", "WorkModel"]

_Stamp: TypeAlias = tuple[tuple[str, int], ...]


class Share(Struct, frozen=True):
    """Share with its interval, as `prefml status --json` prints it.

    Attributes
    ----------
    share : float or None
        The share.
    n : int
        Cases.
    ci : tuple of 2 floats
        95 % interval.
    """

    share: float | None = None
    n: int = 0
    ci: tuple[float, float] = (0.0, 1.0)


class WorkModel(Struct, frozen=True):
    """A model in use, as `prefml status --json` prints it.

    Attributes
    ----------
    kind, written, counts, fold_scores, earlier, problem
        As in `ModelInUse`.
    """

    kind: str
    written: str | None = None
    counts: dict[str, int] | None = None
    fold_scores: dict[str, float | None] | None = None
    earlier: list[EarlierModel] = []
    problem: str = ""


class Work(Struct, frozen=True):
    """Counts of the work, as `prefml status --json` prints them.

    Attributes
    ----------
    new_pictures, submitted, applied, runs, interrupted, to_learn, models
        As in `Desk`.
    """

    new_pictures: int = 0
    submitted: int = 0
    applied: int = 0
    runs: int = 0
    interrupted: bool = False
    to_learn: int = 0
    models: list[WorkModel] = []


class Drift(Struct, frozen=True):
    """Alarm of falling agreement.

    Attributes
    ----------
    alarm : bool
        Whether it has fallen beyond chance.
    """

    alarm: bool = False


class StatusOutput(Struct, frozen=True):
    """The part of `prefml status --json` that the desk shows.

    Attributes
    ----------
    reviewed : int
        Reviewed groups.
    agreement : Share
        Of the latest sets.
    agreement_over_time : list of Block
        In blocks of 50 sets, the oldest first.
    drift : Drift
        Whether it has fallen.
    work : Work
        Where the work stands.
    """

    reviewed: int = 0
    agreement: Share = Share()
    agreement_over_time: list[Block] = []
    drift: Drift = Drift()
    work: Work = Work()


class Looked(Struct, frozen=True):
    """Outcome of a look.

    Attributes
    ----------
    found : StatusOutput
        What was seen last.
    at : str or None
        When, as UTC time in ISO form; None before the first look.
    looking : bool
        Whether a look is at work.
    problem : str
        Why the last one failed; empty if it did not.
    """

    found: StatusOutput = StatusOutput()
    at: str | None = None
    looking: bool = False
    problem: str = ""


class Look:
    """Looks at a workspace whenever its files have changed.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    words : sequence of str
        `prefml status --json` for it, with what runs it.
    """

    def __init__(self, workspace: Workspace, words: Sequence[str]) -> None:
        self._workspace, self._words = workspace, list(words)
        self._lock = threading.Lock()
        self._seen: _Stamp | None = None
        self._last = Looked()

    def report(self) -> Looked:
        """Return what was seen last, and look anew, in the background, where files changed."""
        with self._lock:
            stamp = tuple(self._stamps())
            if stamp != self._seen and not self._last.looking:
                self._seen = stamp
                self._last = msgspec.structs.replace(self._last, looking=True)
                threading.Thread(target=self._look, daemon=True).start()
            return self._last

    def _look(self) -> None:
        found, problem = self._last.found, ""
        try:
            ran = subprocess.run(
                self._words, stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
            if ran.returncode:
                lines = ran.stderr.decode(errors="replace").strip().splitlines()
                problem = (lines or ["prefml status failed"])[-1].removeprefix("Error: ")
            else:
                found = msgspec.json.decode(ran.stdout, type=StatusOutput)
        except (OSError, msgspec.DecodeError) as error:
            problem = f"prefml status: {error}"
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._lock:
            self._last = Looked(found, now, False, problem)

    def _stamps(self) -> Iterator[tuple[str, int]]:
        """Yield what changes with a new picture, suggestion, decision, run or model."""
        root, artifacts = self._workspace.root, self._workspace.artifacts
        new = root / "new"
        folders = [new, *sorted(new.glob("*/"))] if new.is_dir() else []
        files = (suggestions_path(self._workspace), decisions_path(self._workspace))
        models = sorted(artifacts.glob("*.manifest.json"))
        for path in (*folders, *files, root / "sandbox/journal", artifacts, *models):
            with suppress(OSError):
                yield str(path), path.stat().st_mtime_ns
