"""Measure how often the suggestions that are approved unseen are wrong, from the audits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prefml.intervals import ALPHA
from prefml.proposals import as_mapping
from prefml.proposals.audits import (
    BUDGET,
    AuditedError,
    audited_error,
    budget_of,
    is_off,
    ranker_of,
    read_audit,
)

__all__ = ["LEVEL", "Audited", "audited"]

# Of the interval: each of its bounds may be wrong with probability `ALPHA`.
LEVEL = 1 - 2 * ALPHA


@dataclass(frozen=True)
class Audited:
    """Audited error of the ranker that made the latest suggestions.

    Attributes
    ----------
    error : AuditedError
        Share of its suggestions, among those approved unseen, that were wrong, with an interval
        that may be looked at after every answer.
    budget : float
        The error budget of these suggestions.
    ranker : str
        Hash of the ranker's file; empty if the suggestions name none.
    """

    error: AuditedError = field(default_factory=lambda: AuditedError(0, 0))
    budget: float = BUDGET
    ranker: str = ""

    @property
    def off(self) -> bool:
        """Tell whether batches are off."""
        return is_off(self.error, self.budget)

    def __str__(self) -> str:
        """Return it in per cent with its interval and the budget."""
        if self.error.value is None:
            return "no set of a batch was asked one by one yet"
        low, high = self.error.low, self.error.high
        return (
            f"{self.error.value:.1%} of {self.error.n} ({low:.1%} to {high:.1%}, at every look); "
            f"the budget is {self.budget:.0%}"
        )


def audited(
    decided: Mapping[str, Mapping[str, object]], suggestions: Mapping[str, Mapping[str, object]]
) -> Audited:
    """Read the audited error of the ranker that made the latest suggestions.

    Parameters
    ----------
    decided, suggestions : mapping
        Reviewed decisions and suggestions by `group_id`.

    Returns
    -------
    Audited
    """
    audits = [row for row in decided.values() if read_audit(row) is not None]
    latest = _latest(
        [*suggestions.values(), *(as_mapping(row.get("suggestion")) for row in audits)]
    )
    if latest is None:
        return Audited()
    ranker = ranker_of(latest)
    return Audited(audited_error(audits, ranker), budget_of(latest), ranker)


def _latest(lines: Iterable[Mapping[str, object]]) -> Mapping[str, object] | None:
    named = [line for line in lines if ranker_of(line)] or list(lines)
    return max(named, key=lambda line: str(line.get("created") or ""), default=None)
