"""Ask which of near duplicates to keep: put groups of them among what is under review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from prefml._typing import Ints
from prefml.decisions import read_decisions
from prefml.decisions.frames import picture_keys
from prefml.decisions.projects import ProjectResolver
from prefml.duplicates import DuplicateGroup
from prefml.exceptions import WorkspaceError
from prefml.proposals import (
    Row,
    as_list,
    index_of,
    read_decided,
    read_suggestions,
    rewrite_lines,
    single_writer,
    suggestions_path,
)
from prefml.proposals.audits import BUDGET
from prefml.proposals.near_duplicates import is_near_duplicates, name_of_duplicates
from prefml.proposals.suggestions import (
    CropSuggestion,
    NearDuplicates,
    Selection,
    Suggestion,
    to_row,
)
from prefml.sidecars.find import UNKNOWN
from prefml.sidecars.store import Sidecars
from prefml.suggest.handled import handled_pictures, is_decided
from prefml.workspace import Workspace

__all__ = ["MOST", "FreePictures", "ask_about", "withdraw"]

# What the page can show of one group.
MOST = 99
_STAGING, _NEW = "delete_staging/", "new/"


class FreePictures:
    """Pictures of which near duplicates may be decided: nothing else is about to happen to them.

    Parameters
    ----------
    workspace : Workspace
        Its logs, suggestions and decisions are read once.

    Attributes
    ----------
    left_out : Counter
        Near duplicates that are not asked about, by reason.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.left_out: Counter[str] = Counter()
        decided, known = read_decided(workspace), read_suggestions(workspace)
        decisions, resolver = read_decisions(workspace), ProjectResolver.open(workspace)
        kept = decisions.items[decisions.items["chosen"]]
        winners = {*picture_keys(kept), *picture_keys(decisions.crops)}
        self._lost = handled_pictures(decisions, {}, {}, resolver) - winners
        self._reasons: dict[str, str] = {}
        for group, row in known.items():
            if not is_decided(group, decided) and not is_near_duplicates(row):
                self._note(row, "of sets that wait for a decision")
        for group, row in decided.items():
            source = row if row.get("images") else known.get(group, {})
            if is_decided(group, decided) and not self._is_over(row, source):
                self._note(source, "of decided sets, where they were decided")

    def _note(self, row: Mapping[str, object], reason: str) -> None:
        self._reasons.update(dict.fromkeys(map(str, as_list(row.get("images"))), reason))

    def _is_over(self, row: Mapping[str, object], source: Mapping[str, object]) -> bool:
        """Tell whether near duplicates were decided and applied: the one that was kept is free."""
        images = list(map(str, as_list(source.get("images"))))
        kept = index_of(row.get("final_choice"), images)
        others = (image for at, image in enumerate(images) if at != kept)
        duplicates = is_near_duplicates(row) or is_near_duplicates(source)
        return duplicates and not any((self._workspace.root / one).is_file() for one in others)

    def rows(self, sidecars: Sidecars, groups: Iterable[DuplicateGroup]) -> Ints:
        """Return the rows of near duplicates that are free, and count the others.

        Parameters
        ----------
        sidecars : Sidecars
            What the groups were found in.
        groups : iterable of DuplicateGroup
            Near duplicates.

        Returns
        -------
        ndarray of shape (n,)
            Ascending.
        """
        found = []
        for group in groups:
            for row, name, path in zip(group.rows, group.filenames, group.paths, strict=True):
                reason = self._reason(group.project, name, path)
                if reason:
                    self.left_out[reason] += 1
                else:
                    found.append(int(row))
        return np.array(sorted(found), np.intp)

    def _reason(self, project: str, name: str, path: str) -> str:
        """Say why a picture is left out; empty where it is not."""
        if path.startswith(_STAGING):
            return "in delete_staging/ already"
        if not (self._workspace.root / path).is_file():
            return "not where they were; prefml embed looks again"
        if project == UNKNOWN:
            return "of no known project"
        if path in self._reasons:
            return self._reasons[path]
        if path.startswith(_NEW):
            return "in new/, whose sets come first; prefml suggest"
        return "that lost their set" if (project, name) in self._lost else ""


def ask_about(
    workspace: Workspace, groups: Sequence[DuplicateGroup], how: str, now: datetime | None = None
) -> int:
    """Put groups of near duplicates among what is under review.

    What waits since an earlier call stays, unless a new group holds one of its pictures. What is
    decided stays in any case.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    groups : sequence of DuplicateGroup
        Near duplicates that are free.
    how : str
        How the best was found, in words.
    now : datetime, optional
        The present, in UTC.

    Returns
    -------
    int
        Groups that were not asked about before.

    Raises
    ------
    WorkspaceError
        If another process suggests, or applies, at this moment.
    """
    workspace.sandbox.mkdir(parents=True, exist_ok=True)
    created = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    with single_writer(workspace, WorkspaceError):
        known, decided = read_suggestions(workspace), read_decided(workspace)
        made = [_question(group, how, created) for group in groups]
        fresh = {str(row["group_id"]): row for row in made}
        taken = {str(image) for row in made for image in as_list(row["images"])}
        waiting, done = [], []
        for group, row in known.items():
            images = map(str, as_list(row.get("images")))
            if is_decided(group, decided):
                done.append(row)
            elif not is_near_duplicates(row) or (group not in fresh and taken.isdisjoint(images)):
                waiting.append(row)
        new = [row for group, row in fresh.items() if not is_decided(group, decided)]
        # A later question on the same pictures, as after an undo, has the answer of the first.
        rewrite_lines(suggestions_path(workspace), [*waiting, *new, *done])
    return len(fresh.keys() - known.keys())


def withdraw(workspace: Workspace) -> int:
    """Take back the questions on near duplicates that nobody has answered.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Returns
    -------
    int
        Groups that are not asked about any more.

    Raises
    ------
    WorkspaceError
        If another process suggests, or applies, at this moment.
    """
    workspace.sandbox.mkdir(parents=True, exist_ok=True)
    with single_writer(workspace, WorkspaceError):
        known, decided = read_suggestions(workspace), read_decided(workspace)
        kept = [
            row
            for group, row in known.items()
            if not is_near_duplicates(row) or is_decided(group, decided)
        ]
        if len(kept) < len(known):
            rewrite_lines(suggestions_path(workspace), kept)
    return len(known) - len(kept)


def _question(group: DuplicateGroup, how: str, created: str) -> Row:
    return to_row(
        Suggestion(
            group_id=name_of_duplicates(group.project, group.filenames),
            images=list(group.paths),
            step1_selection=Selection(group.paths[group.best], how),
            step2_crop=CropSuggestion(None, None, "near duplicates: no crop is suggested", None),
            project_id=group.project,
            alternatives=[],
            probabilities=None,
            none_probability=None,
            reasons=[*([how] if how else []), "what you keep stays where it is", "S leaves all"],
            duplicates=[],
            flags=[],
            within_budget=False,
            budget=BUDGET,
            model={},
            encoder=None,
            created=created,
            near_duplicates=NearDuplicates(
                list(group.distance), [round(one, 4) for one in group.cosine]
            ),
        )
    )
