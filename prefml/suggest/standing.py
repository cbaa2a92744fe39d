"""Count what is new, what waits for a decision, and what is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prefml.decisions import read_decisions
from prefml.decisions.projects import ProjectResolver
from prefml.proposals import read_decided, read_suggestions
from prefml.proposals.near_duplicates import is_near_duplicates
from prefml.suggest.candidates import new_images
from prefml.suggest.handled import handled_pictures, is_decided, keys_of
from prefml.workspace import Workspace

__all__ = ["Standing", "standing_of"]


@dataclass(frozen=True)
class Standing:
    """Counts of pictures and sets before they are applied.

    Attributes
    ----------
    new_pictures : int
        Pictures in `new/` that are neither decided nor suggested for.
    undecided : int
        Suggestions without a submitted decision; those that were skipped are among them.
    within_budget : int
        Those of them that may be approved together: within the error budget, without a flag.
    decided : mapping of str to str
        Sets and single pictures with a submitted decision -> its time.
    duplicates : frozenset of str
        Those of them that are near duplicates, from which nothing is learned.
    """

    new_pictures: int = 0
    undecided: int = 0
    within_budget: int = 0
    decided: Mapping[str, str] = field(default_factory=dict)
    duplicates: frozenset[str] = frozenset()


def standing_of(workspace: Workspace) -> Standing:
    """Count what is new, what waits for a decision, and what is decided.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Returns
    -------
    Standing

    Raises
    ------
    LogError
        If a file cannot be read.
    """
    decided, suggestions = read_decided(workspace), read_suggestions(workspace)
    done = {
        group: str(row.get("timestamp") or "")
        for group, row in decided.items()
        if is_decided(group, decided)
    }
    new = 0
    if (workspace.root / "new").is_dir():
        resolver = ProjectResolver.open(workspace)
        known = handled_pictures(read_decisions(workspace), decided, suggestions, resolver)
        known.update(key for row in suggestions.values() for key in keys_of(row, resolver))
        found = {key for one in new_images(workspace, resolver, ()).groups for key in one.keys}
        new = len(found - known)
    waiting = [row for group, row in suggestions.items() if group not in done]
    within = sum(row.get("within_budget") is True and not row.get("flags") for row in waiting)
    duplicates = frozenset(
        group
        for group in done
        if is_near_duplicates(decided[group]) or is_near_duplicates(suggestions.get(group, {}))
    )
    return Standing(new, len(waiting), within, done, duplicates)
