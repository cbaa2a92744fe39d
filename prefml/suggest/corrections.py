"""Read corrected sets as project and file name, and measure every rule against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from prefml.decisions.projects import ProjectResolver
from prefml.decisions.set_rule import RULES, SetRule
from prefml.exceptions import PrefmlError, counted
from prefml.proposals.corrections import CorrectedSet, read_corrections
from prefml.proposals.suggestions import to_row
from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping import Grouping, Sources, form_groups
from prefml.suggest.grouping.corrected import Members, score_rule
from prefml.suggest.grouping.outcome import Measured, RuleScore
from prefml.suggest.handled import keys_of
from prefml.workspace import Workspace

__all__ = ["KnownCorrections", "measure_rules", "read_known_corrections"]


@dataclass(frozen=True)
class KnownCorrections:
    """Corrected sets of a workspace.

    Attributes
    ----------
    sets : tuple of CorrectedSet
        As they are kept.
    members : tuple of sequence of (project, file name)
        Their pictures, each in one set and each set of one project.
    notes : tuple of str
        What of the file could not be used.
    """

    sets: tuple[CorrectedSet, ...]
    members: tuple[Members, ...]
    notes: tuple[str, ...]


def read_known_corrections(workspace: Workspace, resolver: ProjectResolver) -> KnownCorrections:
    """Read the corrected sets of a workspace, and tell whose pictures they are.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    resolver : ProjectResolver
        Finds the project of a path or a name.

    Returns
    -------
    KnownCorrections

    Raises
    ------
    LogError
        If the file exists and cannot be read.
    """
    found = read_corrections(workspace)
    problems, taken = list(found.problems), set[tuple[str, str]]()
    sets, members = [], []
    for one in found.sets:
        keys = keys_of(to_row(one), resolver)
        if len({project for project, _ in keys}) != 1 or len(keys) < len(one.images):
            problems.append(f"{one.group_id} is not of one known project")
        elif len(set(keys)) < len(keys) or not taken.isdisjoint(keys):
            problems.append(f"{one.group_id} names a picture twice")
        else:
            taken.update(keys)
            sets.append(one)
            members.append(keys)
    unused = counted(len(problems), "line is", "lines are")
    notes = (
        f"sandbox/set_corrections.jsonl: {unused} not used, such as {problems[0]}"
        for _ in problems[:1]
    )
    return KnownCorrections(tuple(sets), tuple(members), tuple(notes))


def measure_rules(
    images: Sequence[ImageFile], rule: SetRule, sources: Sources, corrected: Sequence[Members]
) -> Measured | None:
    """Measure every rule against corrected sets.

    Parameters
    ----------
    images : sequence of ImageFile
        All pictures, of which the rules form sets.
    rule : SetRule
        Settings that the rules share.
    sources : Sources
        What the rules may ask for.
    corrected : sequence of sequence of (project, file name)
        Corrected sets.

    Returns
    -------
    Measured or None
        None where none of their pictures is there.
    """
    there = {image.key for image in images}
    known = [[key for key in keys if key in there] for keys in corrected]
    known = [keys for keys in known if keys]
    if not known:
        return None
    rules = tuple(_measured(images, replace(rule, name=name), sources, known) for name in RULES)
    return Measured(len(known), sum(map(len, known)), rules)


def _measured(
    images: Sequence[ImageFile], rule: SetRule, sources: Sources, known: Sequence[Members]
) -> RuleScore:
    problem, made = "", Grouping()
    if rule.name == "table" and not rule.table:
        problem = "no table is stated; prefml sets --table FILE.csv"
    elif rule.name == "similar" and sources.sidecars(()) is None:
        problem = "no vectors yet; run: prefml embed"
    else:
        try:
            made = form_groups(images, rule, sources)
        except PrefmlError as error:
            problem = str(error)
    return score_rule(rule.name, made, known, problem)
