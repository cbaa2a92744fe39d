"""Find the pictures that were decided before, by log or in review."""

from __future__ import annotations

from collections.abc import Mapping

from prefml.decisions import Decisions
from prefml.decisions.frames import picture_keys
from prefml.decisions.projects import ProjectResolver
from prefml.decisions.stages import split_path
from prefml.proposals import Row, as_list, index_of
from prefml.proposals.near_duplicates import is_near_duplicates
from prefml.suggest.candidates import Key

__all__ = ["DECIDED", "handled_pictures", "is_decided", "keys_of"]

DECIDED = ("approved", "overridden", "rejected")


def keys_of(row: Mapping[str, object], resolver: ProjectResolver) -> list[Key]:
    """Return the pictures that a suggestion or decision is about.

    Parameters
    ----------
    row : mapping
        A line with `images`, and `project_id` if it is known.
    resolver : ProjectResolver
        Finds the project of a path or a name.

    Returns
    -------
    list of (project, file name)
        Without pictures whose project cannot be determined.
    """
    stated = str(row.get("project_id") or "")
    keys = []
    for path in as_list(row.get("images")):
        project = resolver.from_name(stated) if stated else resolver.from_path(str(path))
        if project:
            # A name that is ambiguous is that of no picture.
            name = resolver.identities.find(project, str(path)) or split_path(str(path))[1]
            keys.append((project, name))
    return keys


def is_decided(group: object, decided: Mapping[str, Mapping[str, object]]) -> bool:
    """Tell whether the person has decided on a group; one that was skipped still waits."""
    return decided.get(str(group), {}).get("action") in DECIDED


def handled_pictures(
    decisions: Decisions,
    decided: Mapping[str, Mapping[str, object]],
    suggestions: Mapping[str, Mapping[str, object]],
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
        Finds the project of a path or a name.

    Returns
    -------
    set of (project, file name)
        Of near duplicates those that were not kept: nothing was said of the one that was.
    """
    keys: set[Key] = set()
    for frame in (decisions.items, decisions.crops, decisions.rejections):
        keys.update(picture_keys(frame))
    for group, row in decided.items():
        if row.get("action") in DECIDED:
            source = row if row.get("images") else suggestions.get(group, {})
            keys.update(keys_of(_without_kept_duplicate(row, source), resolver))
    return keys


def _without_kept_duplicate(
    row: Mapping[str, object], source: Mapping[str, object]
) -> Mapping[str, object]:
    if not (is_near_duplicates(row) or is_near_duplicates(source)):
        return source
    images = list(map(str, as_list(source.get("images"))))
    kept = index_of(row.get("final_choice"), images)
    others: Row = {"images": [image for at, image in enumerate(images) if at != kept]}
    return {**source, **others}
