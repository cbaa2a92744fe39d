"""Tell questions on near duplicates, of which the person keeps one, from sets of variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prefml.proposals.corrections import name_of_set
from prefml.proposals.fields import as_mapping

__all__ = ["is_near_duplicates", "name_of_duplicates"]

FIELD = "near_duplicates"


def is_near_duplicates(line: Mapping[str, object]) -> bool:
    """Tell whether a line asks, or answers, which of near duplicates to keep.

    Parameters
    ----------
    line : mapping
        A line of `automation_decisions.jsonl`, or one of `approved_decisions.jsonl`, which carries
        its `suggestion`.

    Returns
    -------
    bool
    """
    return any(
        isinstance(part.get(FIELD), dict) for part in (line, as_mapping(line.get("suggestion")))
    )


def name_of_duplicates(project: str, names: Sequence[str]) -> str:
    """Return a name for near duplicates, which no set of the same pictures has.

    Parameters
    ----------
    project : str
        Their project.
    names : sequence of str
        Names of the pictures, at least one.

    Returns
    -------
    str
    """
    return name_of_set(project, names, FIELD)
