"""From folders of new pictures to `sandbox/automation_decisions.jsonl`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from prefml.decisions import Decisions, read_decisions
from prefml.decisions.projects import ProjectResolver
from prefml.exceptions import WorkspaceError
from prefml.files import remove_leftovers
from prefml.prediction import Predictor
from prefml.proposals import (
    as_mapping,
    decisions_path,
    read_decided,
    read_suggestions,
    rewrite_lines,
    single_writer,
    suggestions_path,
)
from prefml.suggest.budget import threshold_for
from prefml.suggest.candidates import Candidate, Candidates, find_candidates
from prefml.suggest.embedding import embed_missing
from prefml.suggest.handled import DECIDED, handled_pictures, keys_of
from prefml.suggest.lines import Context, make_line
from prefml.suggest.look_alikes import look_alikes
from prefml.suggest.none_good import NoneGood, learn_none_good
from prefml.suggest.reask import SHARE, OldSet, asked_again, find_old_sets, pick_again
from prefml.workspace import Workspace

__all__ = ["ORDERS", "Request", "SuggestReport", "merge", "suggest"]

ORDERS = ("uncertain", "taken")
Line = dict[str, Any]
Watch = Callable[[Any, int, str], Any]


def _unwatched(items: Any, total: int, label: str) -> Any:
    return items


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes
    ----------
    folders : sequence of str
        Folders of new pictures, relative to the workspace; none means `new/`.
    max_gap : float or None
        Seconds between neighbours that end a set; None: what the configuration says.
    order : {"uncertain", "taken"}
        Least certain first, or as taken.
    budget : float
        Error budget of `within_budget`.
    reask : float
        Chance of an old set to be asked again; 0 switches it off.
    """

    folders: Sequence[str] = ()
    max_gap: float | None = None
    order: str = "uncertain"
    budget: float = 0.05
    reask: float = SHARE


@dataclass(frozen=True)
class SuggestReport:
    """What a run wrote.

    Attributes
    ----------
    sets, singles : int
        New suggestions.
    within_budget : int
        Sets among them that could be approved unseen.
    waiting : int
        Undecided suggestions of earlier runs that stay.
    skipped : Counter
        Pictures left out, by reason.
    examples : mapping of str to str
        One path for each reason.
    threshold : float or None
        The probability from which sets lie within the budget; None: none yet.
    computed : int
        Pictures that were embedded now.
    """

    sets: int = 0
    singles: int = 0
    within_budget: int = 0
    waiting: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    examples: Mapping[str, str] = field(default_factory=dict)
    threshold: float | None = None
    computed: int = 0


def suggest(
    workspace: Workspace,
    request: Request,
    open_predictor: Callable[[Workspace], Predictor] = Predictor.open,
    watch: Watch = _unwatched,
    now: datetime | None = None,
) -> SuggestReport:
    """Suggest for new pictures, and keep what earlier runs suggested and is not decided yet.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    request : Request
        What is asked for.
    open_predictor : callable
        Opens the models.
    watch : callable, optional
        Wraps what is worked through, to draw a progress bar: (items, total, label).
    now : datetime, optional
        The present, in UTC.

    Returns
    -------
    SuggestReport

    Raises
    ------
    WorkspaceError
        If a folder does not exist or lies outside the workspace, or another run is at work.
    ModelFileError
        If there is no model yet.
    """
    workspace.sandbox.mkdir(parents=True, exist_ok=True)
    with single_writer(workspace, WorkspaceError):
        remove_leftovers(workspace.sandbox, suggestions_path(workspace).name)
        return _suggest(workspace, request, open_predictor, watch, now or datetime.now(UTC))


def _suggest(
    workspace: Workspace,
    request: Request,
    open_predictor: Callable[[Workspace], Predictor],
    watch: Watch,
    when: datetime,
) -> SuggestReport:
    resolver = ProjectResolver.open(workspace)
    decisions = read_decisions(workspace)
    decided, known = read_decided(workspace), read_suggestions(workspace)
    handled = handled_pictures(decisions, decided, known, resolver)
    gap = request.max_gap if request.max_gap is not None else workspace.config.max_gap
    found = find_candidates(workspace, resolver, request.folders, handled, gap)
    predictor, computed = _prepare(workspace, resolver, found.groups, open_predictor, watch)
    usable = _usable(found, predictor) if found.groups else []
    again = _again(workspace, request, usable, decisions, predictor, (known, decided), when)
    context = _context(workspace, request, predictor, decisions, usable)
    lines = list(_lines([*usable, *again], predictor, context, when, watch))
    merged = merge(lines, known, decided, resolver, request.order)
    rewrite_lines(suggestions_path(workspace), merged)
    return _report(lines, merged, decided, found, context, computed)


def _prepare(
    workspace: Workspace,
    resolver: ProjectResolver,
    groups: Sequence[Candidate],
    open_predictor: Callable[[Workspace], Predictor],
    watch: Watch,
) -> tuple[Predictor, int]:
    predictor = open_predictor(workspace)
    images = [image for group in groups for image in group.images]
    report = embed_missing(
        workspace, resolver, lambda: predictor.encoder, images,
        lambda results, total: watch(results, total, "embedding"),
    )  # fmt: skip
    if report is None:
        return predictor, 0
    predictor.reload_sidecars()
    return predictor, report.computed


def _usable(found: Candidates, predictor: Predictor) -> list[Candidate]:
    """Leave out pictures that could not be embedded."""
    usable = []
    for group in found.groups:
        names = list(group.names)
        rows = predictor.sidecars.positions([group.project] * len(names), names)
        kept = tuple(image for image, row in zip(group.images, rows, strict=True) if row >= 0)
        lost = [image.path for image in group.images if image not in kept]
        if lost:
            found.skipped["unreadable"] += len(lost)
            found.examples.setdefault("unreadable", lost[0])
        if kept:
            usable.append(Candidate(group.project, kept))
    return usable


def _again(
    workspace: Workspace,
    request: Request,
    usable: Sequence[Candidate],
    decisions: Decisions,
    predictor: Predictor,
    lines: tuple[Mapping[str, Line], Mapping[str, Line]],
    when: datetime,
) -> list[OldSet]:
    new_sets = sum(len(group.images) > 1 for group in usable)
    if not new_sets or request.reask <= 0:
        return []
    already = asked_again(row for rows in lines for row in rows.values())
    items, index = decisions.items, predictor.sidecars.index
    names = set(pick_again(items["set_id"], len(items), already, request.reask))
    old = find_old_sets(workspace, items, index, when, names)
    return [old[name] for name in pick_again(old, new_sets, already, request.reask)]


def _context(
    workspace: Workspace,
    request: Request,
    predictor: Predictor,
    decisions: Decisions,
    usable: Sequence[Candidate],
) -> Context:
    source = decisions_path(workspace).relative_to(workspace.root).as_posix()
    sidecars = predictor.sidecars if usable else None
    manifest = predictor.manifests.get("ranker")
    if sidecars is None:
        return Context(predictor, NoneGood(predictor.ranker, None), request.budget)
    return Context(
        predictor,
        learn_none_good(predictor.ranker, decisions, sidecars, source),
        request.budget,
        threshold_for(workspace, manifest, request.budget),
        look_alikes(sidecars, usable),
    )


def _lines(
    candidates: Sequence[Candidate],
    predictor: Predictor,
    context: Context,
    when: datetime,
    watch: Watch,
) -> Iterable[Line]:
    for candidate in watch(candidates, len(candidates), "suggesting"):
        rows = predictor.from_sidecars(candidate.project, list(candidate.names))
        line = make_line(candidate, rows, context)
        line["created"] = when.isoformat(timespec="seconds")
        if isinstance(candidate, OldSet):
            line["reask_of"] = candidate.set_id
        yield line


def merge(
    lines: Sequence[Line],
    known: Mapping[str, Line],
    decided: Mapping[str, Line],
    resolver: ProjectResolver,
    order: str = "uncertain",
) -> list[Line]:
    """Put new suggestions and those of earlier runs together.

    Parameters
    ----------
    lines : sequence of dict
        New suggestions.
    known, decided : mapping
        Suggestions of earlier runs and reviewed decisions, by `group_id`.
    resolver : ProjectResolver
        Knows the projects.
    order : {"uncertain", "taken"}
        Order of what waits for review.

    Returns
    -------
    list of dict
        What waits first. An earlier suggestion about a picture that a new one covers is replaced
        by it; decided ones stay at the end, for `prefml apply`, `status` and undo in review.
    """
    fresh = {line["group_id"] for line in lines}
    covered = {key for line in lines if "reask_of" not in line for key in keys_of(line, resolver)}
    done = [
        line for group, line in known.items() if group not in fresh and _is_decided(group, decided)
    ]
    waiting = [
        line
        for group, line in known.items()
        if group not in fresh and not _is_decided(group, decided)
        and (line.get("reask_of") or covered.isdisjoint(keys_of(line, resolver)))
    ]  # fmt: skip
    key = _certainty if order == "uncertain" else _taken
    return [*sorted([*lines, *waiting], key=key), *done]


def _is_decided(group: str, decided: Mapping[str, Line]) -> bool:
    return decided.get(group, {}).get("action") in DECIDED


def _certainty(line: Line) -> tuple[float, tuple[str, str]]:
    part = "step1_selection" if len(_images(line)) > 1 else "step2_crop"
    confidence = as_mapping(line.get(part)).get("confidence")
    return (float(confidence) if isinstance(confidence, int | float) else 0.0), _taken(line)


def _taken(line: Line) -> tuple[str, str]:
    first = str((_images(line) or [""])[0])
    return str(line.get("project_id") or ""), PurePosixPath(first).name


def _images(line: Line) -> list[Any]:
    images = line.get("images")
    return images if isinstance(images, list) else []


def _report(
    lines: Sequence[Line],
    merged: Sequence[Line],
    decided: Mapping[str, Line],
    found: Candidates,
    context: Context,
    computed: int,
) -> SuggestReport:
    new = [line for line in lines if "reask_of" not in line]
    old = sum(not _is_decided(line["group_id"], decided) for line in merged) - len(lines)
    return SuggestReport(
        sets=sum(len(line["images"]) > 1 for line in new),
        singles=sum(len(line["images"]) == 1 for line in new),
        within_budget=sum(line["within_budget"] for line in new),
        waiting=old,
        skipped=found.skipped,
        examples=found.examples,
        threshold=context.threshold,
        computed=computed,
    )
