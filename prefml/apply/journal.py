"""The write-ahead journal: what a run is going to do is on disk before the first file moves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefml.apply import primitives
from prefml.apply.plan import Step
from prefml.exceptions import ApplyError
from prefml.workspace import Workspace

__all__ = ["Journal", "applied_groups", "journal_folder", "read_journals", "start_journal"]

FORMAT = 1
_NAME = re.compile(r"\d{6}\.jsonl")


@dataclass
class Journal:
    """One run: its steps, and how far it has come.

    Attributes
    ----------
    path : Path
        `sandbox/journal/NNNNNN.jsonl`.
    steps : tuple of Step
        In order, each with the hash of its source.
    groups : mapping of str to str
        The sets it carries out, with the time of each decision.
    made : dict of int to str
        Hash of what a step has written, noted before it gets its name.
    done : set of int
        Steps that are through.
    dropped : dict of str to str
        Sets that turned out to be impossible before anything of them was done, and why.
    state : {"running", "finished", "undoing"}
        Where the run stands.
    """

    path: Path
    steps: tuple[Step, ...]
    groups: Mapping[str, str]
    made: dict[int, str] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    dropped: dict[str, str] = field(default_factory=dict)
    state: str = "running"

    @property
    def pending(self) -> bool:
        """Whether the run was interrupted."""
        return self.state != "finished"

    def note_made(self, number: int, digest: str) -> None:
        """Note what a step is about to give its name."""
        self._add({"made": number, "sha256": digest})
        self.made[number] = digest

    def note_done(self, number: int) -> None:
        """Note that a step is through."""
        primitives.add_note(self.path, json.dumps({"done": number}))
        self.done.add(number)

    def note_dropped(self, group: str, reason: str) -> None:
        """Note that a set is left out after all."""
        self._add({"dropped": group, "reason": reason})
        self.dropped[group] = reason

    def note_state(self, state: str) -> None:
        """Note where the run stands."""
        self._add({"state": state})
        self.state = state

    def remove(self) -> None:
        """Remove the journal of a run that has been undone, and the folder if it was the last."""
        primitives.remove_name(self.path)
        primitives.remove_folder(self.path.parent)

    def _add(self, record: Mapping[str, Any]) -> None:
        primitives.add_line(self.path, json.dumps(record))


def journal_folder(workspace: Workspace) -> Path:
    """Return where journals lie: `sandbox/journal`."""
    return workspace.sandbox / "journal"


def start_journal(
    workspace: Workspace, steps: Iterable[Step], groups: Mapping[str, str]
) -> Journal:
    """Write the journal of a new run.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    steps : iterable of Step
        With the hashes of their sources.
    groups : mapping of str to str
        The sets, with the time of each decision.

    Returns
    -------
    Journal
    """
    folder = journal_folder(workspace)
    numbers = [int(path.stem) for path in _files(folder)]
    journal = Journal(folder / f"{max(numbers, default=0) + 1:06}.jsonl", tuple(steps), groups)
    head = {
        "format": FORMAT,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "groups": dict(groups),
        "steps": [asdict(step) for step in journal.steps],
    }
    primitives.create(journal.path, json.dumps(head))
    return journal


def read_journals(workspace: Workspace) -> list[Journal]:
    """Read the journals of a workspace, the oldest first.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Returns
    -------
    list of Journal

    Raises
    ------
    ApplyError
        If a journal is not one of ours. It is never guessed what a run may have done.
    """
    return [_read(path) for path in _files(journal_folder(workspace))]


def applied_groups(journals: Iterable[Journal]) -> dict[str, str]:
    """Return the sets that earlier runs carry out, with the time of each decision."""
    return {
        group: when
        for journal in journals
        for group, when in journal.groups.items()
        if group not in journal.dropped
    }


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def _read(path: Path) -> Journal:
    try:
        head, *records = path.read_text("utf-8").split("\n")
        facts = json.loads(head)
        if facts["format"] != FORMAT:
            raise ValueError(f"format {facts['format']!r}")
        journal = Journal(path, tuple(map(_step, facts["steps"])), facts["groups"])
        for record in filter(None, records):
            _replay(journal, record)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ApplyError(
            f"{path}: not a journal of this version ({error})",
            f"a journal of format {FORMAT}",
            "restore the file, or the prefml that wrote it",
        ) from error
    return journal


def _step(facts: Mapping[str, Any]) -> Step:
    box = facts.get("box")
    return Step(**{**facts, "box": tuple(box) if box else None})


def _replay(journal: Journal, line: str) -> None:
    try:
        record = json.loads(line)
    except ValueError:
        # Torn by an interruption: what it would have said is found on disk.
        return
    if "state" in record:
        journal.state = record["state"]
    elif "made" in record:
        journal.made[int(record["made"])] = str(record["sha256"])
    elif "done" in record:
        journal.done.add(int(record["done"]))
    elif "dropped" in record:
        journal.dropped[str(record["dropped"])] = str(record["reason"])
