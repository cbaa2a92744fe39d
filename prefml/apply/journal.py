"""The write-ahead journal: what a run is going to do is on disk before the first file moves."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from prefml.apply import primitives
from prefml.apply.plan import Step
from prefml.exceptions import ApplyError
from prefml.workspace import Workspace

__all__ = ["Journal", "applied_groups", "journal_folder", "read_journals", "start_journal"]

FORMAT = 2
STATES = ("running", "finished", "undoing")
_NAME = re.compile(r"\d{6}\.jsonl")
_KINDS = ("folder", "move", "copy", "crop")


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

    def record_made(self, number: int, digest: str) -> None:
        """Note what a step is about to give its name."""
        self._add({"made": number, "sha256": digest})
        self.made[number] = digest

    def record_done(self, number: int) -> None:
        """Note that a step is through."""
        primitives.append(self.path, json.dumps({"done": number}))
        self.done.add(number)

    def record_dropped(self, group: str, reason: str) -> None:
        """Note that a set is left out after all."""
        self._add({"dropped": group, "reason": reason})
        self.dropped[group] = reason

    def record_state(self, state: str) -> None:
        """Note where the run stands."""
        self._add({"state": state})
        self.state = state

    def remove(self) -> None:
        """Remove the journal of a run that has been undone, and the folder if it was the last."""
        primitives.unlink(self.path)
        primitives.remove_folder(self.path.parent)

    def _add(self, record: Mapping[str, Any]) -> None:
        primitives.append_durably(self.path, json.dumps(record))


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
    primitives.write_new(journal.path, json.dumps({**head, "sha256": _digest(head)}))
    return journal


def _digest(head: Mapping[str, Any]) -> str:
    """Return the hash of all that a run is going to do: a changed journal must move no file."""
    content = {name: value for name, value in head.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


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
        if facts["sha256"] != _digest(facts):
            raise ValueError("changed since it was written")
        journal = Journal(path, tuple(map(_step, facts["steps"])), facts["groups"])
        for record in filter(None, records):
            _replay(journal, record)
        if journal.state == "finished" and not _is_complete(journal):
            raise ValueError("it says that it is finished and lacks records of what was done")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ApplyError(
            f"{path}: not a journal of this version ({error})",
            f"a journal of format {FORMAT}",
            "restore the file, or the prefml that wrote it",
        ) from error
    return journal


def _is_complete(journal: Journal) -> bool:
    return all(
        number in journal.done and (step.kind in ("folder", "move") or number in journal.made)
        for number, step in enumerate(journal.steps)
        if step.group not in journal.dropped
    )


def _step(facts: Mapping[str, Any]) -> Step:
    box = facts.get("box")
    step = Step(**{**facts, "box": tuple(box) if box else None})
    names = [PurePosixPath(name) for name in (step.source, step.target)]
    if step.kind not in _KINDS or any(name.is_absolute() or ".." in name.parts for name in names):
        raise ValueError(f"step {step}"[:300])
    return step


def _replay(journal: Journal, line: str) -> None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        # Torn by an interruption: what it would have said is found on disk.
        return
    if "state" in record:
        journal.state = STATES[STATES.index(record["state"])]
    elif "made" in record:
        journal.made[_number(record["made"], journal)] = str(record["sha256"])
    elif "done" in record:
        journal.done.add(_number(record["done"], journal))
    elif "dropped" in record:
        journal.dropped[str(record["dropped"])] = str(record["reason"])


def _number(value: Any, journal: Journal) -> int:
    if isinstance(value, bool) or value not in range(len(journal.steps)):
        raise ValueError(f"no step {value!r}"[:200])
    return int(value)
