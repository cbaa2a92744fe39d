"""Say why the audits leave nothing within the error budget."""

from __future__ import annotations

from collections.abc import Mapping

from prefml.exceptions import counted
from prefml.proposals.audits import audited_error, is_off

__all__ = ["audit_problem"]


def audit_problem(
    decided: Mapping[str, Mapping[str, object]], ranker: str | None, budget: float
) -> str:
    """Say why no set of a ranker may be approved unseen, from the answers to its audits.

    Parameters
    ----------
    decided : mapping
        Reviewed decisions by `group_id`.
    ranker : str or None
        Hash of its file; None: there is none.
    budget : float
        Largest tolerated share of wrong suggestions.

    Returns
    -------
    str
        Empty where the audits leave batches on.
    """
    error = audited_error(decided.values(), ranker or "")
    if not is_off(error, budget):
        return ""
    were = "was" if error.n == 1 else "were"
    return (
        f"of {counted(error.n, 'set')} of its batches that {were} asked one by one, the ranker in "
        f"use had suggested {error.hits} wrongly: more than {error.low:.1%}, and the budget is "
        f"{budget:.0%}; run: prefml train"
    )
