"""Which pictures were decided before, by log or in review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from prefml.decisions import Decisions
from prefml.decisions.projects import ProjectResolver
from prefml.suggest.candidates import Key

__all__ = ["DECIDED", "handled_pictures", "keys_of"]

DECIDED = ("approved", "overridden", "rejected")


def keys_of(row: Mapping[str, Any], resolver: ProjectResolver) -> list[Key]:
    """Return the pictures that a suggestion or decision is about.

    Parameters
    ----------
    row : mapping
        A line with `images`, and `project_id` if it is known.
    resolver : ProjectResolver
        Knows the projects.

    Returns
    -------
    list of (project, file name)
        Without pictures whose project cannot be determined.
    """
    images = row.get("images")
    keys = []
    for path in images if isinstance(images, list) else ():
        stated = str(row.get("project_id") or "")
        project = resolver.from_name(stated) if stated else resolver.from_path(str(path))
        if project:
            keys.append((project, PurePosixPath(str(path)).name))
    return keys


def handled_pictures(
    decisions: Decisions,
    decided: Mapping[str, Mapping[str, Any]],
    suggestions: Mapping[str, Mapping[str, Any]],
    resolver: ProjectResolver,
) -> set[Key]:
    """Collect every picture that the person has decided on.

    Parameters
    ----------
    decisions : Decisions
        The logs.
    decided, suggestions : mapping
        Reviewed decisions and suggestions, by `group_id`.
    resolver : ProjectResolver
        Knows the projects.

    Returns
    -------
    set of (project, file name)
    """
    keys: set[Key] = set()
    for frame in (decisions.items, decisions.crops, decisions.rejections):
        keys |= _frame_keys(frame["project"], frame["filename"])
    for group, row in decided.items():
        if row.get("action") in DECIDED:
            source = row if row.get("images") else suggestions.get(group, {})
            keys.update(keys_of(source, resolver))
    return keys


def _frame_keys(projects: Iterable[Any], names: Iterable[Any]) -> set[Key]:
    return {(str(project), str(name)) for project, name in zip(projects, names, strict=True)}
