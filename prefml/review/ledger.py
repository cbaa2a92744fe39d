"""Derive the state of every group from the events: decisions, tags, members, undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from prefml.proposals.corrections import CorrectedSet
from prefml.proposals.decisions import State
from prefml.review.events import (
    AuditDraw,
    DecideBody,
    DecisionChange,
    Event,
    RegroupBody,
    SetMembers,
    TagBody,
    TagChange,
    UndoRedoBody,
)

__all__ = ["EXPORTED", "Entry", "Ledger"]

EXPORTED = frozenset(("approved", "overridden", "rejected"))
Change = TypeVar("Change", DecisionChange, TagChange)


@dataclass(frozen=True)
class Entry(Generic[Change]):
    """A change that is in force for a group, and the event that made it."""

    event: Event
    change: Change


class Ledger:
    """The state that a sequence of events leads to.

    Undoing takes back the latest event in force, whatever group it touched; a new decision after
    an undo ends what could be redone.

    Parameters
    ----------
    events : iterable of Event, optional
        The events so far, the oldest first.

    Attributes
    ----------
    states : dict of str to str
        State of every group that is not pending.
    audits : dict of str to AuditDraw
        Draws in force by group: sets that bulk approvals withheld, decided by now or not.
    times : list of datetime
        When single groups were decided, the oldest first.
    last_seq : int
        `seq` of the last event; 0 before the first.
    regrouped_seq : int
        `seq` of the last event that changed sets; 0 before the first.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._undo_stack: list[Event] = []
        self._redo_stack: list[Event] = []
        self._decisions: dict[str, list[Entry[DecisionChange]]] = {}
        self._tags: dict[str, list[Entry[TagChange]]] = {}
        # In the order of the draws, which is random.
        self.audits: dict[str, AuditDraw] = {}
        # Kept beside the entries: looked up for thousands of groups at a time.
        self.states: dict[str, State] = {}
        self._submitted: dict[str, tuple[int, int]] = {}
        self._unsubmitted: set[str] = set()
        self.times: list[datetime] = []
        self.last_seq = 0
        self.regrouped_seq = 0
        self._sets: dict[str, CorrectedSet] = {}
        self._set_of: dict[str, str] = {}
        self._ever_regrouped: set[str] = set()
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
        if isinstance(event.body, UndoRedoBody):
            move = self._undo if event.kind == "undo" else self._redo
            move(event.body.of, event.at)
        elif isinstance(event.body, DecideBody | TagBody | RegroupBody):
            self._redo_stack.clear()
            self._record(event, event.at)
            if _is_one_judgement(event):
                self.times.append(datetime.fromisoformat(event.at))
        else:
            for group_id in self._unsubmitted:
                self._submitted[group_id] = self._version(group_id)
            self._unsubmitted.clear()

    def _record(self, event: Event, at: str) -> None:
        self._undo_stack.append(event)
        decisions, tags = _changes(event)
        for decision in decisions:
            self._decisions.setdefault(decision.group_id, []).append(Entry(event, decision))
        for tagged in tags:
            self._tags.setdefault(tagged.group_id, []).append(Entry(event, tagged))
        self.audits.update({draw.group_id: draw for draw in event.drawn()})
        if isinstance(event.body, RegroupBody):
            self._set_members(event.body.after, at)
        self._update_states(event)

    def _undo(self, seq: int, at: str) -> None:
        if not self._undo_stack or self._undo_stack[-1].seq != seq:
            return
        undone = self._undo_stack.pop()
        self._redo_stack.append(undone)
        decisions, tags = _changes(undone)
        for decision in decisions:
            self._decisions[decision.group_id].pop()
        for tagged in tags:
            self._tags[tagged.group_id].pop()
        for draw in undone.drawn():
            del self.audits[draw.group_id]
        if isinstance(undone.body, RegroupBody):
            self._set_members(undone.body.before, at)
        self._update_states(undone)

    def _redo(self, seq: int, at: str) -> None:
        if self._redo_stack and self._redo_stack[-1].seq == seq:
            self._record(self._redo_stack.pop(), at)

    def _set_members(self, sets: Iterable[SetMembers], at: str) -> None:
        """Put sets in force, in place of all that share a picture with them."""
        self.regrouped_seq = self.last_seq
        for one in sets:
            for image in one.images:
                self._sets.pop(self._set_of.pop(image, ""), None)
        for one in sets:
            self._sets[one.group_id] = CorrectedSet(
                one.group_id, one.project_id, one.images, at, one.is_pinned
            )
            self._set_of.update(dict.fromkeys(one.images, one.group_id))
            self._ever_regrouped.add(one.group_id)

    def _version(self, group_id: str) -> tuple[int, int]:
        """Return what tells one exported line of a group from another; zeros for none."""
        decision, tags = self.decision(group_id), _latest(self._tags, group_id)
        if decision is None or decision.change.state not in EXPORTED:
            return (0, 0)
        return (decision.event.seq, tags.event.seq if tags else 0)

    def _update_states(self, event: Event) -> None:
        """Bring what is derived of the event's groups up to date."""
        for group_id in event.groups():
            decision = self.decision(group_id)
            if decision is None:
                self.states.pop(group_id, None)
            else:
                self.states[group_id] = decision.change.state
            if self._version(group_id) == self._submitted.get(group_id, (0, 0)):
                self._unsubmitted.discard(group_id)
            else:
                self._unsubmitted.add(group_id)

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

    def decision(self, group_id: str) -> Entry[DecisionChange] | None:
        """Return the decision in force for a group, or None; one that was withdrawn is none."""
        found = _latest(self._decisions, group_id)
        return None if found is None or found.change.state == "pending" else found

    @property
    def sets(self) -> list[CorrectedSet]:
        """The sets that were formed by hand, and those that undo brought back."""
        return list(self._sets.values())

    def was_regrouped(self, group_id: str) -> bool:
        """Tell whether a set ever came from a change of sets, in force or undone."""
        return group_id in self._ever_regrouped

    def state(self, group_id: str) -> State:
        """Return the state of a group, one of `prefml.review.events.STATES`."""
        return self.states.get(group_id, "pending")

    def tags(self, group_id: str) -> dict[str, list[str]]:
        """Return the anomaly tags of a group by image path."""
        entry = _latest(self._tags, group_id)
        return dict(entry.change.image_tags) if entry else {}

    def was_decided(self, group_id: str) -> bool:
        """Tell whether a group was ever decided, in force or undone."""
        return group_id in self._decisions

    def exported(self) -> list[Entry[DecisionChange]]:
        """Return the decisions that belong in the export, in the order in which they were made."""
        latest = (entries[-1] for entries in self._decisions.values() if entries)
        kept = (entry for entry in latest if entry.change.state in EXPORTED)
        return sorted(kept, key=lambda entry: entry.event.seq)


def _changes(event: Event) -> tuple[Sequence[DecisionChange], Sequence[TagChange]]:
    """Return the decisions and the tags of an event."""
    if isinstance(event.body, DecideBody):
        return event.body.changes, ()
    if isinstance(event.body, TagBody):
        return (), event.body.changes
    return (
        (event.body.changes, event.body.tags) if isinstance(event.body, RegroupBody) else ((), ())
    )


def _is_one_judgement(event: Event) -> bool:
    """Tell it from a batch, which says nothing about the pace of judging one set."""
    if not isinstance(event.body, DecideBody) or len(event.body.changes) != 1:
        return False
    return event.body.changes[0].shown.get("bulk") is not True


def _latest(entries: Mapping[str, Sequence[Entry[Change]]], group_id: str) -> Entry[Change] | None:
    found = entries.get(group_id)
    return found[-1] if found else None
