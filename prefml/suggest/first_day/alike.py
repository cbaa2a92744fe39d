"""Form sets of pictures that look alike where names, metadata and times tell none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from prefml.decisions.set_rule import SetRule
from prefml.exceptions import ConfigError, WorkspaceError
from prefml.suggest.first_day.questions import LEAST_SETS, form_sets, too_few
from prefml.suggest.grouping import Grouping
from prefml.suggest.grouping.outcome import FolderRule
from prefml.suggest.grouping.paths import folder_of
from prefml.workspace import CONFIG_NAME, Workspace

__all__ = ["ALIKE", "find_sets", "state_rule"]

ALIKE = "similar"
"""Name of the rule."""
_WHY = "names, metadata and times tell no sets, and these pictures look alike"
_STATED = re.compile(r"""^(\s*rule\s*=\s*)(["'])auto\2""", re.MULTILINE)
_TABLE = re.compile(r"^\s*\[sets\][^\n]*$", re.MULTILINE)


def find_sets(
    workspace: Workspace, rule: SetRule, look: Callable[[Workspace], object]
) -> tuple[Grouping, SetRule]:
    """Form the sets that would be asked about: by likeness where the rule `auto` finds too few.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    rule : SetRule
        What makes a set.
    look : callable
        Embeds the pictures of a workspace; called only where they have to be compared.

    Returns
    -------
    made : Grouping
        It tells the rule that was taken for each folder.
    rule : SetRule
        The rule that was taken.

    Raises
    ------
    WorkspaceError
        If there are no sets, or fewer than a model needs.
    """
    if rule.name == ALIKE:
        look(workspace)
        made = form_sets(workspace, rule)
        if len(made.sets) < LEAST_SETS:
            raise too_few(made)
        return _told(made, "it was asked for"), rule
    made = form_sets(workspace, rule)
    if len(made.sets) >= LEAST_SETS:
        return made, rule
    pictures = len(made.alone) + sum(len(one.images) for one in made.sets)
    if rule.name != "auto" or pictures < 2 * LEAST_SETS:
        raise too_few(made)
    look(workspace)
    by_looks = replace(rule, name=ALIKE)
    alike = form_sets(workspace, by_looks)
    if len(alike.sets) < LEAST_SETS:
        raise too_few(made, f", nor {LEAST_SETS} sets of pictures that look alike")
    return _told(alike, _WHY), by_looks


def _told(made: Grouping, why: str) -> Grouping:
    images = [lone.image for lone in made.alone]
    images += [image for one in made.sets for image in one.images]
    counts = Counter(folder_of(image.path) for image in images)
    folders = [FolderRule(folder, ALIKE, why, n) for folder, n in sorted(counts.items())]
    return replace(made, folders=folders)


def state_rule(workspace: Workspace, name: str) -> Workspace:
    """State the rule of a workspace in its `prefml.toml`, where it can be changed.

    Parameters
    ----------
    workspace : Workspace
        It states no rule, or `auto`.
    name : str
        The rule.

    Returns
    -------
    Workspace
        The same, with that rule.

    Raises
    ------
    WorkspaceError
        If the file does not say it afterwards; it is as it was then.
    """
    path = workspace.root / CONFIG_NAME
    before = path.read_text("utf-8") if path.exists() else None
    line, text = f'rule = "{name}"', before or ""
    if _STATED.search(text):
        text = _STATED.sub(rf'\g<1>"{name}"', text, count=1)
    elif table := _TABLE.search(text):
        text = f"{text[: table.end()]}\n{line}{text[table.end() :]}"
    else:
        text += f"{chr(10) * bool(text)}[sets]\n{line}\n"
    workspace.write_page(CONFIG_NAME, text)
    try:
        changed = Workspace.open(workspace.root, workspace.artifacts)
        if changed.config.rule == name:
            return changed
    except ConfigError:
        # Such as a key with a dot, beside which no table can stand.
        pass
    workspace.write_page(CONFIG_NAME, text if before is None else before)
    raise WorkspaceError(
        f"{path} states another rule", f"{line} under [sets]", f"write {line} there"
    )
