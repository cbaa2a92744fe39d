"""Find the step that gives rows of no known project a project: an alias, a column or a date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from prefml.decisions.manifests import UNKNOWN
from prefml.decisions.projects import ProjectResolver
from prefml.decisions.records import Row

__all__ = ["count_unplaced", "project_advice", "useful_aliases"]


def useful_aliases(rows: Iterable[Row], resolver: ProjectResolver) -> tuple[str, ...]:
    """Return the folder names for which an alias gives rows a project, and harms no other row.

    Parameters
    ----------
    rows : iterable of Row
        Deduplicated rows.
    resolver : ProjectResolver
        The one that found their projects.

    Returns
    -------
    tuple of str
        Names in rows of no known project; not those that also stand in rows whose project another
        folder names, which an alias would mix, or in rows that dates give to two projects. Most
        rows first.
    """
    unknown: Counter[str] = Counter()
    beside: set[str] = set()
    dated: dict[str, set[str]] = {}
    for row in rows:
        if not row.accepted:
            continue
        if row.project == UNKNOWN:
            unknown.update(row.unmatched)
        elif not row.unmatched:
            beside.update(name for path in row.paths for name in resolver.folders(path))
        for name in row.unmatched:
            dated.setdefault(name, set()).add(row.project)
    useful = (name for name in unknown if name not in beside and len(dated[name]) < 3)
    return tuple(sorted(useful, key=lambda name: (-unknown[name], name)))


def count_unplaced(rows: Iterable[Row], aliases: Collection[str]) -> int:
    """Count the accepted rows of no known project that none of some aliases would help.

    Parameters
    ----------
    rows : iterable of Row
        Deduplicated rows.
    aliases : collection of str
        What `useful_aliases` returns.

    Returns
    -------
    int
    """
    known = frozenset(aliases)
    waiting = (row for row in rows if row.accepted and row.project == UNKNOWN)
    return sum(known.isdisjoint(row.unmatched) for row in waiting)


def project_advice(aliases: Sequence[str], unplaced: int) -> str:
    """Return what gives rows of no known project one.

    Parameters
    ----------
    aliases : sequence of str
        Folder names that an alias would help.
    unplaced : int
        Rows that none would help.

    Returns
    -------
    str
        Empty if there are neither.
    """
    steps = []
    if aliases:
        steps.append(
            f'add the folder to [projects.aliases] in prefml.toml: "{aliases[0]}" = "PROJECT"'
        )
    if unplaced:
        steps.append(
            "give the rows a column `project`, or the manifest the dates (startedAt, finishedAt) "
            "in which they were decided"
        )
    return "; or ".join(steps)
