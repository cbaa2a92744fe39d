"""Show which sets would be formed of new pictures, and why each other picture is alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from prefml.decisions import read_decisions
from prefml.decisions.projects import ProjectResolver
from prefml.decisions.set_rule import SetRule
from prefml.proposals import read_decided, read_suggestions
from prefml.sidecars.find import UNKNOWN, ImageFile
from prefml.suggest.candidates import Key, find_new
from prefml.suggest.corrections import measure_rules, read_known_corrections
from prefml.suggest.grouping import Grouping, Lone, form_groups, open_sources
from prefml.suggest.grouping.corrected import hold_to_corrections
from prefml.suggest.handled import handled_pictures
from prefml.workspace import Workspace

__all__ = ["preview_sets", "without_handled"]

HANDLED = "decided before"
_UNKNOWN = "its project is unknown; put it into new/PROJECT"
_SHADOWED = "another picture of the project has its name"


def preview_sets(workspace: Workspace, folders: Sequence[str], rule: SetRule) -> Grouping:
    """Form sets of new pictures as `prefml suggest` would, and write nothing but kept facts.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    folders : sequence of str
        Relative to the workspace; none means its `new/`.
    rule : SetRule
        What makes a set.

    Returns
    -------
    Grouping
        Every file that is named like a picture is in one set, or alone with a reason; every rule
        is measured against the sets that were corrected in the review.

    Raises
    ------
    WorkspaceError
        If a folder does not exist or lies outside the workspace.
    ConfigError
        If the rule cannot be used.
    """
    resolver = ProjectResolver.open(workspace)
    found = find_new(workspace, resolver, folders)
    known = [image for image in found.images if image.project != UNKNOWN]
    corrected = read_known_corrections(workspace, resolver)
    with open_sources(workspace) as sources:
        made = hold_to_corrections(form_groups(known, rule, sources), corrected.members)
        measured = measure_rules(known, rule, sources, corrected.members)
    decided, suggestions = read_decided(workspace), read_suggestions(workspace)
    handled = handled_pictures(read_decisions(workspace), decided, suggestions, resolver)
    shown = without_handled(made, handled)
    shown.alone.extend(Lone(image, _UNKNOWN) for image in found.images if image.project == UNKNOWN)
    shown.alone.extend(Lone(_file(path), _SHADOWED) for path in found.shadowed)
    shown.alone.extend(
        Lone(_file(failure.path), f"unreadable: {failure.reason}") for failure in found.failures
    )
    shown.notes.extend(corrected.notes)
    return replace(shown.sorted(), measured=measured)


def without_handled(grouping: Grouping, handled: Collection[Key]) -> Grouping:
    """Take what was decided out of the sets that it would form.

    Parameters
    ----------
    grouping : Grouping
        A partition of all pictures.
    handled : collection of (project, file name)
        Pictures that were decided before.

    Returns
    -------
    Grouping
        What is left of a set stays together, as in `prefml suggest`.
    """
    made = Grouping(folders=[*grouping.folders], notes=[*grouping.notes])
    for lone in grouping.alone:
        made.alone.append(Lone(lone.image, HANDLED) if lone.image.key in handled else lone)
    for one in grouping.sets:
        fresh = tuple(image for image in one.images if image.key not in handled)
        made.alone.extend(Lone(image, HANDLED) for image in one.images if image.key in handled)
        if len(fresh) > 1:
            made.sets.append(type(one)(one.project, fresh, one.rule, one.doubt))
        else:
            made.alone.extend(Lone(image, "the rest of its set was decided") for image in fresh)
    return made


def _file(path: str) -> ImageFile:
    return ImageFile(UNKNOWN, PurePosixPath(path).name, path, 0, 0)
