"""Read the anomaly tags that a person set in the review, picture by picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from prefml.decisions.documents import as_mapping, as_paths
from prefml.decisions.manifests import UNKNOWN
from prefml.decisions.projects import ProjectResolver, explicit_project
from prefml.decisions.quarantine import REFUSED
from prefml.exceptions import counted
from prefml.proposals import as_list, read_decided
from prefml.workspace import Workspace

__all__ = [
    "FLAG_TAGS", "LEAST_PROJECTS", "LEAST_TAGGED", "count_tagged", "no_tags", "read_tags",
    "still_needed",
]  # fmt: skip

# Anomaly score -> the tags of the review that name what it measures. Nothing measures feet.
FLAG_TAGS: Mapping[str, tuple[str, ...]] = {
    "hand_length": ("long_hand",),
    "wrist": ("warped_wrist",),
    "limb": ("limb_misaligned", "foreshortened_upper_arm"),
    "suspicion": ("extra_fingers", "malformed_phone_grip"),
}
# Tagged pictures that a flag is learned from at least, and projects that they come from: one is
# held out, and of the rest one more to set the limit.
LEAST_TAGGED, LEAST_PROJECTS = 20, 3
_DECIDED = ("approved", "overridden", "rejected")


def no_tags() -> pd.DataFrame:
    """Return the frame of `read_tags` without a row."""
    return pd.DataFrame(columns=["project", "filename", *FLAG_TAGS])


def read_tags(
    workspace: Workspace, decided: Mapping[str, Mapping[str, object]] | None = None
) -> pd.DataFrame:
    """Read which pictures were tagged, and which were not though tags were set beside them.

    Parameters
    ----------
    workspace : Workspace
        Its reviewed decisions are read.
    decided : mapping, optional
        The decisions by group, where they have been read before.

    Returns
    -------
    DataFrame
        Columns project, filename, and for each of `FLAG_TAGS` whether the picture bears one of its
        tags; a row for each picture of a set that was decided by itself, in projects where the
        person set a tag. Pictures that were seen twice bear the tags of both times. Lines that
        cannot be used have no row; `read_decisions` names them.
    """
    known_rows = read_decided(workspace) if decided is None else decided
    # Of a set that was approved in bulk a missing tag says nothing.
    rows = [
        row
        for row in known_rows.values()
        if row.get("action") in _DECIDED and as_mapping(row.get("shown")).get("bulk") is not True
    ]
    if not any(as_mapping(row.get("image_tags")) for row in rows):
        return no_tags()
    resolver = ProjectResolver.open(workspace)
    found = pd.DataFrame([one for row in rows for one in _pictures(row, resolver)])
    known = found[found["project"] != UNKNOWN] if len(found) else found
    if not len(known):
        return no_tags()
    tagging = known.groupby("project")["tagged"].transform("any").astype(bool)
    return known[tagging].groupby(["project", "filename"], as_index=False)[list(FLAG_TAGS)].any()


def count_tagged(tags: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Count the tagged pictures of each flag, and the projects that they come from.

    Parameters
    ----------
    tags : DataFrame
        As `read_tags` returns it.

    Returns
    -------
    dict of str to (int, int)
    """
    marked = {name: tags[tags[name].astype(bool)] for name in FLAG_TAGS}
    return {name: (len(own), own["project"].nunique()) for name, own in marked.items()}


def still_needed(tagged: int, projects: int) -> str:
    """Say what is missing until a flag is learned from tags.

    Parameters
    ----------
    tagged, projects : int
        Tagged pictures, and the projects that they come from.

    Returns
    -------
    str
        Empty if nothing is.
    """
    more, where = LEAST_TAGGED - tagged, LEAST_PROJECTS - projects
    missing = [
        *([f"{counted(more, 'tagged picture')} more"] if more > 0 else []),
        *([f"tags in {counted(where, 'more project')}"] if where > 0 else []),
    ]
    return f"needs {' and '.join(missing)}" if missing else ""


def _pictures(
    row: Mapping[str, object], resolver: ProjectResolver
) -> Iterator[dict[str, str | bool]]:
    try:
        paths = as_paths(row.get("images"))
        named = explicit_project(row) or explicit_project(as_mapping(row.get("suggestion")))
        project = resolver.resolve(paths, named).project
        names = [resolver.identities.of(project, path) for path in paths]
    except REFUSED:
        return
    marked = as_mapping(row.get("image_tags"))
    for path, name in zip(paths, names, strict=True):
        tags = {tag for tag in as_list(marked.get(path)) if isinstance(tag, str)}
        flags = {flag: not tags.isdisjoint(own) for flag, own in FLAG_TAGS.items()}
        yield {"project": project, "filename": name, "tagged": bool(tags), **flags}
