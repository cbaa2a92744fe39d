"""Keep a write-ahead journal: what a run will do is on disk before the first file moves."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType

from prefml.apply import primitives
from prefml.apply.plan import Step, leads_away
from prefml.exceptions import ApplyError
from prefml.files import file_sha256
from prefml.proposals import as_mapping
from prefml.workspace import Workspace

__all__ = [
    "Head",
    "Journal",
    "Record",
    "applied_groups",
    "failed_groups",
    "journal_folder",
    "read_journals",
    "start_journal",
]

FORMAT = 2
_NAME = re.compile(r"\d{6}\.jsonl")
State: TypeAlias = Literal["running", "finished", "undoing"]


class Head(Struct, frozen=True):
    """First line of a journal: all that the run is going to do.

    Attributes
    ----------
    format : int
        `FORMAT` of the version that wrote it.
    started : str
        UTC time in ISO form.
    groups : dict of str to str
        The sets, with the time of each decision.
    steps : list of Step
        In order, each with the hash of its source.
    follows : str, optional
        Name of the journal before it, with which it is taken back.
    sha256 : str, optional
        Hash of the other fields.
    """

    format: int
    started: str
    groups: dict[str, str]
    steps: list[Step]
    follows: str | UnsetType = UNSET
    sha256: str | UnsetType = UNSET


class Record(Struct, frozen=True):
    """A further line of a journal: one thing that happened.

    Attributes
    ----------
    made : int, optional
        A step that is about to give its name to what it has written.
    sha256 : str, optional
        Hash of that.
    done : int, optional
        A step that is through.
    dropped : str, optional
        A set that turned out to be impossible.
    reason : str, optional
        Why.
    lasting : bool, optional
        Whether the same picture and decision would fail again.
    state : {"running", "finished", "undoing"}, optional
        Where the run stands.
    """

    made: int | UnsetType = UNSET
    sha256: str | UnsetType = UNSET
    done: int | UnsetType = UNSET
    dropped: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    lasting: bool | UnsetType = UNSET
    state: State | UnsetType = UNSET


@dataclass
class Journal:
    """A run: its steps, and how far it has come.

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
        Sets that turned out to be impossible, and why. What was done of them is taken back.
    lasting : set of str
        Those among them that would fail again, being the same.
    state : {"running", "finished", "undoing"}
        Where the run stands.
    follows : str
        Name of the journal before it, with which it is taken back; empty for most.
    """

    path: Path
    steps: tuple[Step, ...]
    groups: Mapping[str, str]
    made: dict[int, str] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    dropped: dict[str, str] = field(default_factory=dict)
    lasting: set[str] = field(default_factory=set)
    state: State = "running"
    follows: str = ""

    @property
    def carried_out(self) -> list[str]:
        """The sets that are not dropped."""
        return [group for group in self.groups if group not in self.dropped]

    @property
    def pending(self) -> bool:
        """Tell whether the run was interrupted."""
        return self.state != "finished"

    def record_made(self, number: int, digest: str) -> None:
        """Note what a step is about to give its name."""
        self._append(Record(made=number, sha256=digest))
        self.made[number] = digest

    def record_done(self, number: int) -> None:
        """Note that a step is through; where the note is lost, the files tell the same."""
        primitives.append(self.path, _line(Record(done=number)))
        self.done.add(number)

    def record_dropped(self, group: str, reason: str, lasting: bool = False) -> None:
        """Note that a set is left out after all."""
        self._append(Record(dropped=group, reason=reason, lasting=lasting))
        self.dropped[group] = reason
        if lasting:
            self.lasting.add(group)

    def record_state(self, state: State) -> None:
        """Note where the run stands."""
        self._append(Record(state=state))
        self.state = state

    def _append(self, record: Record) -> None:
        primitives.append_durably(self.path, _line(record))

    @property
    def saved(self) -> Path:
        """Folder of copies of what the run changes in place: sidecars."""
        return self.path.with_suffix("")

    def remove(self) -> None:
        """Remove the journal of a run that has been undone, and the folder if it was the last."""
        if self.saved.is_dir():
            primitives.remove_folder(self.saved)
        primitives.unlink(self.path)
        primitives.remove_folder(self.path.parent)


def _line(document: Struct) -> str:
    return json.dumps(msgspec.to_builtins(document))


def journal_folder(workspace: Workspace) -> Path:
    """Return where journals lie: `sandbox/journal`."""
    return workspace.sandbox / "journal"


def start_journal(
    workspace: Workspace, steps: Iterable[Step], groups: Mapping[str, str], follows: str = ""
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
    follows : str, optional
        Name of the journal before it, with which it is taken back.

    Returns
    -------
    Journal
    """
    folder = journal_folder(workspace)
    numbers = [int(path.stem) for path in _files(folder)]
    path = folder / f"{max(numbers, default=0) + 1:06}.jsonl"
    journal = Journal(path, tuple(steps), groups, follows=follows)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    head = Head(FORMAT, started, dict(groups), list(journal.steps), follows or UNSET)
    sealed = msgspec.structs.replace(head, sha256=_digest(msgspec.to_builtins(head)))
    primitives.write_new(journal.path, _line(sealed))
    return journal


def _digest(head: Mapping[str, object]) -> str:
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


def failed_groups(
    journals: Iterable[Journal], workspace: Workspace, decisions: Mapping[str, str]
) -> dict[str, str]:
    """Return the sets that failed in an earlier run and would fail again, and why.

    Parameters
    ----------
    journals : iterable of Journal
        The earlier runs.
    workspace : Workspace
        Where the pictures lie.
    decisions : mapping
        Time of each set's decision as it stands.

    Returns
    -------
    dict of str to str
        A set is left out of it once it was decided anew or a file of it has changed.
    """
    failed = {}
    for journal in journals:
        for group in journal.lasting:
            steps = [step for step in journal.steps if step.group == group]
            if decisions.get(group) == journal.groups[group] and all(
                _is_unchanged(workspace.root / step.source, step.sha256) for step in steps
            ):
                failed[group] = journal.dropped[group]
    return failed


def _is_unchanged(path: Path, sha256: str) -> bool:
    return path.is_file() and file_sha256(path) == sha256


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def _read(path: Path) -> Journal:
    try:
        first, *records = path.read_text("utf-8").split("\n")
        journal = _parse_head(path, as_mapping(json.loads(first)))
        for line in filter(None, records):
            _replay(journal, line)
        if journal.state == "finished" and not _is_complete(journal):
            raise ValueError("it says that it is finished and lacks records of what was done")
    except (OSError, ValueError, msgspec.ValidationError, RecursionError) as error:
        raise ApplyError(
            f"{path}: not a journal of this version ({error})",
            f"a journal of format {FORMAT}",
            "restore the file, or the prefml that wrote it",
        ) from error
    return journal


def _parse_head(path: Path, document: Mapping[str, object]) -> Journal:
    if document.get("format") != FORMAT:
        raise ValueError(f"format {document.get('format')!r}")
    if document.get("sha256") != _digest(document):
        raise ValueError("changed since it was written")
    head = msgspec.convert(document, Head)
    for step in head.steps:
        if leads_away(step.source) or leads_away(step.target):
            raise ValueError(f"step {step}"[:300])
    return Journal(path, tuple(head.steps), head.groups, follows=head.follows or "")


def _is_complete(journal: Journal) -> bool:
    """Tell whether every step that was not dropped left its records."""
    return all(
        number in journal.done and (step.kind in ("folder", "move") or number in journal.made)
        for number, step in enumerate(journal.steps)
        if step.group not in journal.dropped
    )


def _replay(journal: Journal, line: str) -> None:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        # Torn by an interruption: what it would have said is found on disk.
        return
    record = msgspec.convert(document, Record)
    if record.state is not UNSET:
        journal.state = record.state
    elif record.made is not UNSET:
        if record.sha256 is UNSET:
            raise ValueError(f"no hash of what step {record.made} made")
        journal.made[_number(record.made, journal)] = record.sha256
    elif record.done is not UNSET:
        journal.done.add(_number(record.done, journal))
    elif record.dropped is not UNSET:
        if record.reason is UNSET:
            raise ValueError(f"no reason why {record.dropped!r} was dropped"[:200])
        journal.dropped[record.dropped] = record.reason
        if record.lasting is True:
            journal.lasting.add(record.dropped)


def _number(value: int, journal: Journal) -> int:
    if value not in range(len(journal.steps)):
        raise ValueError(f"no step {value!r}"[:200])
    return value
