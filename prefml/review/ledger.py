"""What follows from the events: current decisions, tags, and what can be undone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = ["KINDS", "STATES", "Entry", "Event", "Ledger", "parse_event"]

KINDS = ("decide", "tag", "undo", "redo", "submit")
STATES = ("pending", "approved", "overridden", "rejected", "skipped")
EXPORTED = frozenset(("approved", "overridden", "rejected"))


@dataclass(frozen=True)
class Event:
    """One row of the event table.

    Attributes
    ----------
    seq : int
        Position in the table; the order of events, whatever the clock said.
    event_id : str
        Given by whoever asked, so that a repeated request is one event.
    at : str
        UTC time in ISO form.
    session_id : str
        The run of the server that wrote it.
    kind : str
        One of `KINDS`.
    body : mapping
        `changes` for `decide` and `tag`, `of` (a seq) for `undo` and `redo`.
    """

    seq: int
    event_id: str
    at: str
    session_id: str
    kind: str
    body: Mapping[str, Any]

    def groups(self) -> list[str]:
        """Return the groups that the event changes."""
        return [change["group_id"] for change in self.body.get("changes", ())]


def parse_event(seq: int, event_id: str, at: str, session_id: str, kind: str, body: str) -> Event:
    """Make an event of a row of the table.

    Parameters
    ----------
    seq, event_id, at, session_id, kind, body
        The columns; the body is JSON.

    Returns
    -------
    Event

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError, RecursionError
        If the row is none that the review writes.
    """
    event = Event(seq, event_id, at, session_id, kind, json.loads(body))
    datetime.fromisoformat(at)
    if kind in ("undo", "redo"):
        _check(isinstance(event.body["of"], int) and _are_texts(event.body["groups"]), event.body)
    elif kind == "submit":
        _check(isinstance(event.body["counts"], dict), event.body)
    else:
        checks = {"decide": _is_decision, "tag": _is_tag}
        _check(all(map(checks[kind], event.body["changes"])), event.body)
    return event


def _check(holds: bool, what: Any) -> None:
    if not holds:
        raise ValueError(f"{str(what)[:200]}")


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_decision(change: Mapping[str, Any]) -> bool:
    box, images = change.get("crop_coords"), change.get("images", [])
    indices = (change.get("final_index"), change.get("suggested_index"))
    return (
        _are_texts([change["group_id"], change.get("project_id", "")])
        and change["state"] in STATES
        and _are_texts(images)
        and all(i is None or (isinstance(i, int) and 0 <= i < len(images)) for i in indices)
        and change.get("final_choice") in (None, *images)
        and (box is None or (len(box) == 4 and all(0 <= edge <= 1 for edge in box)))
        and all(isinstance(change.get(name, {}), dict) for name in ("suggestion", "shown"))
    )


def _is_tag(change: Mapping[str, Any]) -> bool:
    tags = change["image_tags"]
    return isinstance(change["group_id"], str) and all(map(_are_texts, tags.values()))


@dataclass(frozen=True)
class Entry:
    """A change that is in force for a group, and the event that made it."""

    event: Event
    change: Mapping[str, Any]


class Ledger:
    """The state that a sequence of events leads to.

    Undoing takes back the latest event in force, whatever group it touched; a new decision after
    an undo ends what could be redone.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._undo_stack: list[Event] = []
        self._redo_stack: list[Event] = []
        self._entries: dict[str, dict[str, list[Entry]]] = {"decide": {}, "tag": {}}
        # State of every group that is not pending; looked up for thousands of groups at a time.
        self.states: dict[str, str] = {}
        self._submitted: dict[str, tuple[int, int]] = {}
        self._unsubmitted: set[str] = set()
        self.times: list[datetime] = []
        self.last_seq = 0
        for event in events:
            self.apply(event)

    def apply(self, event: Event) -> None:
        """Add the next event.

        Parameters
        ----------
        event : Event
            Its `seq` is higher than that of every event before.
        """
        self.last_seq = event.seq
        if event.kind == "submit":
            self._submit()
        elif event.kind == "undo":
            self._undo(event)
        elif event.kind == "redo":
            self._redo(event)
        else:
            self._redo_stack.clear()
            self._record(event)
            self._note_time(event)

    def _record(self, event: Event) -> None:
        self._undo_stack.append(event)
        entries = self._entries[event.kind]
        for change in event.body["changes"]:
            entries.setdefault(change["group_id"], []).append(Entry(event, change))
        self._update_states(event)

    def _undo(self, event: Event) -> None:
        if not self._undo_stack or self._undo_stack[-1].seq != event.body.get("of"):
            return
        undone = self._undo_stack.pop()
        self._redo_stack.append(undone)
        for group_id in undone.groups():
            self._entries[undone.kind][group_id].pop()
        self._update_states(undone)

    def _redo(self, event: Event) -> None:
        if self._redo_stack and self._redo_stack[-1].seq == event.body.get("of"):
            self._record(self._redo_stack.pop())

    def _note_time(self, event: Event) -> None:
        # A batch approved at once says nothing about the pace of judging one set.
        if event.kind == "decide" and len(event.body["changes"]) == 1:
            self.times.append(datetime.fromisoformat(event.at))

    def _version(self, group_id: str) -> tuple[int, int]:
        decision, tag = self._latest("decide", group_id), self._latest("tag", group_id)
        if decision is None or decision.change["state"] not in EXPORTED:
            return (0, 0)
        return (decision.event.seq, tag.event.seq if tag else 0)

    def _update_states(self, event: Event) -> None:
        """Bring what is derived of the event's groups up to date."""
        for group_id in event.groups():
            decision = self._latest("decide", group_id)
            if decision is None:
                self.states.pop(group_id, None)
            else:
                self.states[group_id] = str(decision.change["state"])
            if self._version(group_id) == self._submitted.get(group_id, (0, 0)):
                self._unsubmitted.discard(group_id)
            else:
                self._unsubmitted.add(group_id)

    def _submit(self) -> None:
        for group_id in self._unsubmitted:
            self._submitted[group_id] = self._version(group_id)
        self._unsubmitted.clear()

    def _latest(self, kind: str, group_id: str) -> Entry | None:
        entries = self._entries[kind].get(group_id)
        return entries[-1] if entries else None

    @property
    def to_undo(self) -> Event | None:
        """The event that undo would take back, or None."""
        return self._undo_stack[-1] if self._undo_stack else None

    @property
    def to_redo(self) -> Event | None:
        """The event that redo would bring back, or None."""
        return self._redo_stack[-1] if self._redo_stack else None

    @property
    def unsubmitted(self) -> int:
        """Number of groups whose exported line is missing or out of date."""
        return len(self._unsubmitted)

    def decision(self, group_id: str) -> Entry | None:
        """Return the decision in force for a group, or None."""
        return self._latest("decide", group_id)

    def state(self, group_id: str) -> str:
        """Return the state of a group, one of `STATES`."""
        return self.states.get(group_id, "pending")

    def tags(self, group_id: str) -> dict[str, list[str]]:
        """Return the anomaly tags of a group by image path."""
        entry = self._latest("tag", group_id)
        return dict(entry.change["image_tags"]) if entry else {}

    def was_decided(self, group_id: str) -> bool:
        """Return whether a group was ever decided, in force or undone."""
        return group_id in self._entries["decide"]

    def exported(self) -> list[Entry]:
        """Return the decisions that belong in the export, in the order in which they were made."""
        tops = (entries[-1] for entries in self._entries["decide"].values() if entries)
        kept = (entry for entry in tops if entry.change["state"] in EXPORTED)
        return sorted(kept, key=lambda entry: entry.event.seq)
