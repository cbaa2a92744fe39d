"""Order the groups under review, filter them, and name those that follow on some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from prefml.proposals.near_duplicates import is_near_duplicates
from prefml.review.audits import blank, drawn_group
from prefml.review.groups import Group
from prefml.review.ledger import Ledger
from prefml.review.requests import Filter

__all__ = ["PREFETCHED_SETS", "pictures_ahead", "queue_groups"]

# Sets behind those just asked for whose pictures are made ready.
PREFETCHED_SETS = 40


def queue_groups(
    groups: Mapping[str, Group], ledger: Ledger, name: Filter, project: str | None
) -> Iterator[Group]:
    """Yield the groups that pass a filter: the audited ones, as they were drawn, then the others.

    Parameters
    ----------
    groups : mapping of str to Group
        All that are under review, in the order of the file.
    ledger : Ledger
        The decisions.
    name : {"all", "pending", "uncertain", "crops", "flagged", "skipped", "duplicates"}
        The filter.
    project : str or None
        Only groups of this project.

    Yields
    ------
    Group
    """
    drawn = ledger.audits
    first = [blank(drawn_group(drawn[key])) for key in drawn if key in groups]
    for group in (*first, *(group for key, group in groups.items() if key not in drawn)):
        if project in (None, group.project) and _matches(name, group, ledger):
            yield group


def _matches(name: Filter, group: Group, ledger: Ledger) -> bool:
    if name == "uncertain":
        return group.uncertain and not is_near_duplicates(group.raw)
    if name == "crops":
        return group.judges_crop
    if name == "flagged":
        return bool(group.flags) or bool(ledger.tags(group.group_id))
    if name == "duplicates":
        return is_near_duplicates(group.raw)
    return name == "all" or ledger.state(group.group_id) == name


def pictures_ahead(groups: Sequence[Group], known: Mapping[str, Group]) -> list[str]:
    """Return the pictures of some groups, and of those that follow on the last.

    Parameters
    ----------
    groups : sequence of Group
        What was asked for.
    known : mapping of str to Group
        All that are under review, in the order of the file.

    Returns
    -------
    list of str
        Paths.
    """
    names = [name for group in groups for name in group.images]
    if groups:
        ids = list(known)
        last = ids.index(groups[-1].group_id)
        for key in ids[last + 1 : last + 1 + PREFETCHED_SETS]:
            names.extend(known[key].images)
    return names
