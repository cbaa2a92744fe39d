"""Write the sets of a workspace as questions, lines of suggestions that suggest nothing."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from msgspec import UNSET

from prefml.decisions import read_decisions
from prefml.decisions.projects import ProjectResolver
from prefml.decisions.set_rule import SetRule
from prefml.exceptions import WorkspaceError, counted
from prefml.proposals import (
    Row,
    as_list,
    read_decided,
    read_suggestions,
    rewrite_lines,
    single_writer,
    suggestions_path,
)
from prefml.proposals.audits import BUDGET
from prefml.proposals.questions import read_asked
from prefml.proposals.suggestions import Asked, CropSuggestion, Selection, Suggestion, to_row
from prefml.suggest.candidates import Candidate, find_candidates, find_new
from prefml.suggest.corrections import read_known_corrections
from prefml.suggest.first_day.order import SHARE, spread_over_projects
from prefml.suggest.grouping import Grouping, form_groups, open_sources
from prefml.suggest.handled import handled_pictures, is_decided
from prefml.workspace import REVIEWED_ROOTS, Workspace

__all__ = [
    "LEAST_SETS",
    "Questions",
    "draw",
    "form_questions",
    "form_sets",
    "picture_folders",
    "refuse_trained",
    "too_few",
    "write_questions",
]  # fmt: skip

# As many as a model needs, see `prefml.features.training_data.MIN_DECISIONS`.
LEAST_SETS = 10


@dataclass(frozen=True)
class Questions:
    """Outcome of writing questions.

    Attributes
    ----------
    sets : int
        Sets that are asked about, answered or not.
    pictures : int
        Pictures in them.
    projects : int
        Their projects.
    skipped, alone : Counter
        Pictures that are left out, and such as form no set, by reason.
    """

    sets: int
    pictures: int
    projects: int
    skipped: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)


def draw(ids: Sequence[str], seed: str) -> frozenset[str]:
    """Draw the sets that are asked at random: a third of them, none likelier than another.

    Parameters
    ----------
    ids : sequence of str
        Names of the sets, each once.
    seed : str
        Of the workspace; it fixes the draw.

    Returns
    -------
    frozenset of str
        As many as a third, rounded up.

    References
    ----------
    W. G. Cochran, "Sampling Techniques", 3rd edition, 1977, chapter 2: simple random sampling.
    """

    def number(group_id: str) -> bytes:
        name = group_id.encode("utf-8", "surrogatepass")
        return hmac.new(seed.encode(), name, hashlib.sha256).digest()

    return frozenset(sorted(ids, key=number)[: math.ceil(SHARE * len(ids) - 1e-9)])


def picture_folders(workspace: Workspace) -> tuple[str, ...]:
    """Return the folders of a workspace whose pictures are asked about.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Returns
    -------
    tuple of str
        Its image roots, without those that hold reviewed pictures.

    Raises
    ------
    WorkspaceError
        If there are none.
    """
    roots = (path.relative_to(workspace.root).as_posix() for path in workspace.image_roots())
    found = tuple(root for root in roots if root == "new" or root not in REVIEWED_ROOTS)
    if not found:
        raise WorkspaceError(
            f"no pictures in {workspace.root}",
            "a folder of pictures that is named, or new/PROJECT/ in this one",
            "put pictures into new/PROJECT/, or name their folder in place of the workspace",
        )
    return found


def refuse_trained(workspace: Workspace) -> None:
    """Raise an error for a workspace that has what a model needs already.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Raises
    ------
    WorkspaceError
        If there is a model, or as many logged choices as one needs.
    """
    if (workspace.artifacts / "ranker.joblib").exists():
        raise WorkspaceError(
            f"{workspace.root} has a model already",
            "a workspace without one",
            "prefml suggest",
        )
    sets = read_decisions(workspace).items["set_id"].nunique()
    if sets >= LEAST_SETS:
        raise WorkspaceError(
            f"{workspace.root} has {sets} choices logged, enough for a model",
            "a workspace without logs",
            "prefml train",
        )


def form_sets(workspace: Workspace, rule: SetRule) -> Grouping:
    """Form the sets that would be asked about, however few.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    rule : SetRule
        What makes a set.

    Returns
    -------
    Grouping
    """
    found = find_new(workspace, ProjectResolver.open(workspace), picture_folders(workspace))
    with open_sources(workspace) as sources:
        return form_groups(found.images, rule, sources)


def too_few(made: Grouping, more: str = "") -> WorkspaceError:
    """Return the error that says that there are too few sets.

    Parameters
    ----------
    made : Grouping
        The sets.
    more : str, optional
        What else was looked for, and not found.

    Returns
    -------
    WorkspaceError
    """
    sets = f"{counted(len(made.sets), 'set')} of variants"
    few = sets if made.sets else "no variants of one picture"
    pictures = len(made.alone) + sum(len(one.images) for one in made.sets)
    alone = [f" ({n} alone: {why.split(';')[0]})" for why, n in made.reasons.most_common(1)]
    return WorkspaceError(
        f"{few} among {counted(pictures, 'picture')}{''.join(alone)}{more}",
        f"at least {LEAST_SETS} sets of two pictures or more",
        "bring more, or say what makes a set: --rule folder, name, metadata or burst",
    )


def form_questions(groups: Iterable[Candidate], seed: str, created: str) -> list[Row]:
    """Return a question for each candidate set.

    Parameters
    ----------
    groups : iterable of Candidate
        Sets; single pictures are left out.
    seed : str
        Of the draw of sets that are asked at random.
    created : str
        UTC time in ISO form.

    Returns
    -------
    list of dict
        Lines of `automation_decisions.jsonl`: projects take turns, and those drawn come last.
    """
    sets = [group for group in groups if len(group.images) > 1]
    drawn = draw([group.group_id for group in sets], seed)
    lot, other = Asked("random", len(drawn) / max(1, len(sets))), Asked("coverage", None)
    rows = [_question(one, lot if one.group_id in drawn else other, created) for one in sets]
    order = spread_over_projects([group.project for group in sets])
    # What is drawn measures a model: it waits until there can be one.
    return [rows[at] for at in sorted(order, key=lambda at: sets[at].group_id in drawn)]


def _question(group: Candidate, asked: Asked, created: str) -> Row:
    return to_row(
        Suggestion(
            group_id=group.group_id,
            images=list(group.paths),
            step1_selection=Selection(None, "asked before anything is suggested"),
            step2_crop=CropSuggestion(None, None, "no crop model yet", None),
            project_id=group.project,
            alternatives=[],
            probabilities=None,
            none_probability=None,
            reasons=["asked before anything is suggested"],
            duplicates=[],
            flags=[],
            within_budget=False,
            budget=BUDGET,
            model={},
            encoder=None,
            created=created,
            reask_of=UNSET,
            asked=asked,
        )
    )


def write_questions(workspace: Workspace, rule: SetRule, seed: str) -> Questions:
    """Write a question for every set that has none and no answer.

    What is there stays, but for what has no answer and whose set is formed in another way by now:
    of more pictures, by another rule, or by hand.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    rule : SetRule
        What makes a set.
    seed : str
        As in `form_questions`.

    Returns
    -------
    Questions

    Raises
    ------
    WorkspaceError
        If another process suggests, or applies, at this moment.
    """
    workspace.sandbox.mkdir(parents=True, exist_ok=True)
    with single_writer(workspace, WorkspaceError):
        resolver, known = ProjectResolver.open(workspace), read_suggestions(workspace)
        decisions, decided = read_decisions(workspace), read_decided(workspace)
        handled = handled_pictures(decisions, decided, known, resolver)
        corrected = read_known_corrections(workspace, resolver).members
        folders = picture_folders(workspace)
        found = find_candidates(workspace, resolver, folders, handled, rule, corrected)
        new = [group for group in found.groups if group.group_id not in known]
        fresh = form_questions(new, seed, datetime.now(UTC).isoformat(timespec="seconds"))
        kept = _without_outdated(known, decided, new)
        if fresh or len(kept) < len(known):
            rewrite_lines(suggestions_path(workspace), [*kept, *fresh])
        rows = [row for row in [*kept, *fresh] if read_asked(row)]
    return Questions(
        len(rows), sum(len(as_list(row.get("images"))) for row in rows),
        len({row["project_id"] for row in rows}), found.skipped, found.alone,
    )  # fmt: skip


def _without_outdated(
    known: Mapping[str, Row], decided: Mapping[str, Row], new: Iterable[Candidate]
) -> list[Row]:
    """Leave out what has no answer and is about pictures of other sets by now."""
    moved = {path for group in new for path in group.paths}
    return [
        row
        for key, row in known.items()
        if row.get("reask_of")
        or is_decided(key, decided)
        or moved.isdisjoint(map(str, as_list(row.get("images"))))
    ]
