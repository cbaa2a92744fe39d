"""Approve sets together: which may be, what is withheld to be asked, and when batches are off."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence

from prefml.exceptions import LogError, counted
from prefml.proposals import Row, decisions_path, read_lines
from prefml.proposals.audits import (
    AuditedError,
    audited_error,
    budget_of,
    is_off,
    ranker_of,
    read_audit,
)
from prefml.proposals.decisions import DrawnFrom
from prefml.proposals.suggestions import to_row
from prefml.review import answers
from prefml.review.audits import draw
from prefml.review.budget_levels import crops_of, level_of, levels_of
from prefml.review.events import AuditDraw, DecideBody
from prefml.review.exports import export_decision
from prefml.review.groups import Group
from prefml.review.ledger import EXPORTED, Ledger
from prefml.review.outcome import bulk_change
from prefml.workspace import Workspace

__all__ = ["Batches"]


class Batches:
    """Bulk approvals of one workspace, and the audited error of each ranker.

    Parameters
    ----------
    workspace : Workspace
        Its file of decisions holds those that the event table does not know.
    secret : str
        Of the event table; fixes the draws.
    """

    def __init__(self, workspace: Workspace, secret: str) -> None:
        self._share, self._secret = workspace.config.audit, secret
        lines = read_lines(decisions_path(workspace)).by_group().values()
        self._foreign = [line for line in lines if read_audit(line) is not None]
        self._known: dict[str, tuple[int, AuditedError]] = {}

    def error(self, ledger: Ledger, ranker: str) -> AuditedError:
        """Return the audited error of a ranker.

        Parameters
        ----------
        ledger : Ledger
            The decisions.
        ranker : str
            Hash of its file.

        Returns
        -------
        AuditedError
        """
        seq, error = self._known.get(ranker, (-1, AuditedError(0, 0)))
        if seq != ledger.last_seq:
            error = audited_error(self._lines(ledger), ranker)
            self._known[ranker] = ledger.last_seq, error
        return error

    def _lines(self, ledger: Ledger) -> Iterable[Row]:
        yield from (line for line in self._foreign if not ledger.was_decided(str(line["group_id"])))
        for entry in ledger.exported():
            if entry.change.audit:
                yield to_row(export_decision(entry, ledger))

    def offer(
        self,
        groups: Iterable[Group],
        known: Mapping[str, Group],
        ledger: Ledger,
        level: float = 1.0,
    ) -> answers.Budget:
        """Return what may be approved together, what of it would be asked, or why nothing may.

        Groups with flags, or tagged by the person, need a look of their own. None is offered
        while groups of an earlier batch wait to be answered one by one, or while the audited
        error of its ranker exceeds the budget.

        Parameters
        ----------
        groups : iterable of Group
            The groups to choose from.
        known : mapping of str to Group
            All that are under review.
        ledger : Ledger
            The decisions.
        level : float, default=1.0
            Only groups within this error budget.

        Returns
        -------
        Budget
        """
        within = [group for group in groups if _is_inside(group, ledger)]
        waiting = _waiting(ledger, known)
        reasons = {g.group_id: waiting or self._off(ledger, g) for g in within}
        free = [known[key] for key, reason in reasons.items() if not reason]
        ids = [group.group_id for group in free if level_of(group) <= level]
        why = next(filter(None, reasons.values()), "")
        versions = {key: known[key].version for key in ids}
        asked = draw(ids, self._share, self._secret)
        crops = crops_of(known[key] for key in ids)
        return answers.Budget(ids, asked, why, versions, levels_of(free), crops)

    def body(
        self,
        ids: Iterable[str],
        known: Mapping[str, Group],
        ledger: Ledger,
        versions: Mapping[str, str] | None = None,
        whole: Collection[str] = (),
    ) -> DecideBody | None:
        """Return the event of a bulk approval: what is approved, and what is withheld.

        Parameters
        ----------
        ids : iterable of str
            The groups to approve.
        known : mapping of str to Group
            All that are under review.
        ledger : Ledger
            The decisions.
        versions : mapping of str to str, optional
            Group -> version of its suggestion when it was offered, where the caller states it.
        whole : collection of str, default=()
            Those of the groups whose picture is kept whole, whatever crop is suggested.

        Returns
        -------
        DecideBody or None
            None without groups.

        Raises
        ------
        LogError
            If one of them is unknown, decided already, or not inside the error budget, or while
            batches are off.
        """
        wanted = list(dict.fromkeys(ids))
        waiting = _waiting(ledger, known) if wanted else ""
        for group_id in wanted:
            if group_id not in known or not _is_inside(known[group_id], ledger):
                raise LogError(f"group {group_id}", "an undecided group inside the error budget")
            if reason := waiting or self._off(ledger, known[group_id]):
                raise LogError(f"group {group_id}: {reason}", "decisions one by one")
        if not wanted:
            return None
        return self._withhold([known[key] for key in wanted], versions or {}, set(whole))

    def _withhold(
        self, groups: Sequence[Group], versions: Mapping[str, str], whole: Collection[str]
    ) -> DecideBody:
        by_id = {group.group_id: group for group in groups}
        drawn = draw(list(by_id), self._share, self._secret)
        audit = DrawnFrom(max(len(drawn), 1) / len(groups), secrets.token_hex(8))
        withheld = set(drawn)
        return DecideBody(
            [
                bulk_change(group, versions.get(key), key in whole)
                for key, group in by_id.items()
                if key not in withheld
            ],
            [AuditDraw(key, list(by_id[key].images), dict(by_id[key].raw), audit) for key in drawn],
        )

    def _off(self, ledger: Ledger, group: Group) -> str:
        """Say why batches are off for the ranker that suggested for a group; else nothing."""
        error, budget = self.error(ledger, ranker_of(group.raw)), budget_of(group.raw)
        if not is_off(error, budget):
            return ""
        asked = counted(error.n, "set that was", "sets that were")
        return (
            f"Batches are off: of {asked} asked one by one, {error.hits} had been "
            f"suggested wrongly, so that more than {error.low:.1%} of what this model would "
            f"have approved is wrong, and the budget is {budget:.0%}. A new model brings them "
            "back: prefml train, then prefml suggest."
        )


def _waiting(ledger: Ledger, known: Mapping[str, Group]) -> str:
    """Say how many drawn sets still wait for an answer; one whose pictures are gone does not."""
    found = [key for key in ledger.audits if key in known and ledger.state(key) not in EXPORTED]
    count = counted(len(found), "set")
    return f"{count} of an earlier batch, first in the list, must be answered first." * bool(found)


def _is_inside(group: Group, ledger: Ledger) -> bool:
    """Tell whether a group may be approved unseen as far as it goes itself."""
    return (
        group.within_budget
        and group.chosen is not None
        and not group.flags
        # A set that is asked about once more is to be answered, not passed.
        and not group.raw.get("reask_of")
        and ledger.state(group.group_id) == "pending"
        and group.group_id not in ledger.audits
        and not ledger.tags(group.group_id)
    )
