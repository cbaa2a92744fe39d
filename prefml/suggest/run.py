"""Suggest for folders of new pictures: write `sandbox/automation_decisions.jsonl`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import PurePosixPath
from typing import Protocol, TypeVar

from prefml.decisions import Decisions, read_decisions
from prefml.decisions.projects import ProjectResolver
from prefml.decisions.set_rule import set_rule
from prefml.exceptions import WorkspaceError
from prefml.prediction import Predictor
from prefml.prediction.flags import Flagging
from prefml.proposals import (
    Lines,
    Row,
    as_list,
    as_mapping,
    read_decided,
    read_suggestions,
    rewrite_lines,
    single_writer,
    suggestions_path,
)
from prefml.proposals.audits import BUDGET
from prefml.proposals.corrections import corrected_rows
from prefml.proposals.near_duplicates import is_near_duplicates
from prefml.proposals.suggestions import Suggestion, to_row
from prefml.sidecars.index import find_rows, read_index
from prefml.suggest.audit import audit_problem
from prefml.suggest.budget import ErrorBudget, Stated, read_budget
from prefml.suggest.candidates import Candidate, Candidates, find_candidates, new_images
from prefml.suggest.corrections import read_known_corrections
from prefml.suggest.embedding import embed_missing
from prefml.suggest.handled import handled_pictures, is_decided, keys_of
from prefml.suggest.lines import Context, make_suggestion
from prefml.suggest.look_alikes import look_alikes
from prefml.suggest.reask import (
    SHARE,
    OldSet,
    asked_again,
    find_old_sets,
    keep_one_in_ten,
    pick_again,
)
from prefml.workspace import Workspace

__all__ = ["ORDERS", "Request", "SuggestReport", "merge", "suggest"]

ORDERS = ("uncertain", "taken")
T = TypeVar("T")


class Watch(Protocol):
    """Progress bar that wraps what is worked through."""

    def __call__(self, items: Iterable[T], total: int, label: str, /) -> Iterable[T]:
        """Yield the items; `total` is how many there are, `label` what is being done."""
        ...


def _unwatched(items: Iterable[T], total: int, label: str) -> Iterable[T]:
    return items


@dataclass(frozen=True)
class Request:
    """Options of a run.

    Attributes
    ----------
    folders : sequence of str
        Folders of new pictures, relative to the workspace; none means `new/`.
    max_gap : float or None
        Seconds between neighbours that end a set; None: what the configuration says.
    rule : str or None
        Name of what makes a set; None: what the configuration says.
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
    budget: float = BUDGET
    reask: float = SHARE
    rule: str | None = None


@dataclass(frozen=True)
class SuggestReport:
    """Outcome of a run.

    Attributes
    ----------
    sets, singles : int
        New suggestions.
    within_budget : int
        Sets among them that could be approved unseen.
    waiting : int
        Undecided suggestions of earlier runs that stay, without old sets that are asked again.
    skipped : Counter
        Pictures left out, by reason.
    examples : mapping of str to str
        One path for each reason.
    thresholds : mapping of str to float or None
        Promise, `seen` for projects that the ranker has learned from and `next` for others -> the
        joint confidence from which sets lie within the budget; None: none yet.
    why_none : str
        Why no set lies within the budget, in one line; empty if one does, or there is none.
    computed : int
        Pictures that the run embedded.
    alone : Counter
        Pictures that form no set, by reason.
    """

    sets: int = 0
    singles: int = 0
    within_budget: int = 0
    waiting: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    examples: Mapping[str, str] = field(default_factory=dict)
    thresholds: Mapping[str, float | None] = field(default_factory=dict)
    why_none: str = ""
    computed: int = 0
    alone: Counter[str] = field(default_factory=Counter)

    @property
    def threshold(self) -> float | None:
        """Threshold for projects that the ranker has learned from, else for others."""
        found = (self.thresholds.get(name) for name in ("seen", "next"))
        return next((threshold for threshold in found if threshold is not None), None)


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
    rule = set_rule(workspace.config, name=request.rule, max_gap=request.max_gap)
    prepare = partial(_prepare, workspace, resolver, open_predictor, watch)
    if rule.name == "similar":
        # Its sets are formed of vectors.
        prepare(new_images(workspace, resolver, request.folders).groups)
    corrected = read_known_corrections(workspace, resolver)
    found = find_candidates(workspace, resolver, request.folders, handled, rule, corrected.members)
    predictor, computed = prepare(found.groups)
    usable = _usable(workspace, found) if found.groups else []
    asked = asked_again([*known.values(), *decided.values()])
    again = _sets_to_repeat(workspace, request, usable, decisions, asked, when)
    predictor.reload_sidecars(sorted({one.project for one in [*usable, *again]}))
    context = _context(workspace, request, predictor, usable, when)
    problem = audit_problem(decided, _ranker_hash(predictor), request.budget)
    if problem:
        context = replace(context, budget=context.budget.closed(problem))
    made = list(_suggestions(usable, context, watch))
    # Without a bar, which would count them.
    repeated = list(_suggestions(again, context, _unwatched))
    rows = [to_row(suggestion) for suggestion, _ in [*made, *repeated]]
    # A corrected set keeps the name under which it was reviewed.
    lines = corrected_rows(rows, corrected.sets)
    fresh = {str(line["group_id"]) for line in lines}
    earlier_sets = Lines(tuple(corrected_rows(list(known.values()), corrected.sets))).by_group()
    merged = merge(lines, earlier_sets, decided, resolver, request.order)
    merged = keep_one_in_ten(merged, decided, fresh)
    rewrite_lines(suggestions_path(workspace), merged)
    earlier = [row for row in merged if row["group_id"] not in fresh and not row.get("reask_of")]
    waiting = sum(not is_decided(row["group_id"], decided) for row in earlier)
    return _report(made, waiting, found, context, computed)


def _ranker_hash(predictor: Predictor) -> str | None:
    manifest = predictor.manifests.get("ranker")
    return None if manifest is None else manifest.sha256


def _prepare(
    workspace: Workspace,
    resolver: ProjectResolver,
    open_predictor: Callable[[Workspace], Predictor],
    watch: Watch,
    groups: Sequence[Candidate],
) -> tuple[Predictor, int]:
    """Open the models, and embed what their sidecars lack."""
    predictor = open_predictor(workspace)
    images = [image for group in groups for image in group.images]
    report = embed_missing(
        workspace, resolver, lambda: predictor.encoder, images,
        lambda results, total: watch(results, total, "embedding"),
    )  # fmt: skip
    return predictor, 0 if report is None else report.computed


def _usable(workspace: Workspace, found: Candidates) -> list[Candidate]:
    """Leave out pictures that could not be embedded."""
    index = read_index(workspace.sidecars, {group.project for group in found.groups})
    images = [image for group in found.groups for image in group.images]
    rows = find_rows(index, [one.project for one in images], [one.filename for one in images])
    rowed = {image.key for image, row in zip(images, rows, strict=True) if row >= 0}
    usable = []
    for group in found.groups:
        kept = tuple(image for image in group.images if image.key in rowed)
        lost = [image.path for image in group.images if image not in kept]
        if lost:
            found.skipped["unreadable"] += len(lost)
            found.examples.setdefault("unreadable", lost[0])
        if kept:
            usable.append(Candidate(group.project, kept))
    return usable


def _sets_to_repeat(
    workspace: Workspace,
    request: Request,
    usable: Sequence[Candidate],
    decisions: Decisions,
    asked: Collection[str],
    when: datetime,
) -> list[OldSet]:
    new_sets = sum(len(group.images) > 1 for group in usable)
    if not new_sets or request.reask <= 0:
        return []
    items = decisions.items
    names = set(pick_again(items["set_id"], len(items), asked, request.reask))
    drawn = items[items["set_id"].isin(names)]
    index = read_index(workspace.sidecars, set(drawn["project"]))
    old = find_old_sets(workspace, drawn, index, when)
    return [old[name] for name in pick_again(old, new_sets, asked, request.reask)]


def _context(
    workspace: Workspace,
    request: Request,
    predictor: Predictor,
    usable: Sequence[Candidate],
    when: datetime,
) -> Context:
    promised = _read_budget(predictor, request.budget)
    created = when.isoformat(timespec="seconds")
    if not usable:
        return Context(predictor, promised, created=created)
    flagging = Flagging.open(workspace, sorted({one.project for one in usable}))
    alike = look_alikes(predictor.sidecars, usable)
    return Context(predictor, promised, alike, created, flagging)


def _read_budget(predictor: Predictor, budget: float) -> ErrorBudget:
    ranker, rejection = (predictor.manifests.get(kind) for kind in ("ranker", "rejection"))
    return read_budget(
        None if ranker is None else ranker.document,
        budget,
        None if rejection is None else rejection.sha256,
        predictor.cropper is not None,
    )


def _suggestions(
    candidates: Sequence[Candidate], context: Context, watch: Watch
) -> Iterator[tuple[Suggestion, Stated]]:
    for candidate in watch(candidates, len(candidates), "suggesting"):
        rows = context.predictor.from_sidecars(candidate.project, list(candidate.names))
        yield make_suggestion(candidate, rows, context)


def merge(
    lines: Sequence[Row],
    known: Mapping[str, Row],
    decided: Mapping[str, Row],
    resolver: ProjectResolver,
    order: str = "uncertain",
) -> list[Row]:
    """Put new suggestions and those of earlier runs together.

    Parameters
    ----------
    lines : sequence of dict
        New suggestions.
    known, decided : mapping
        Suggestions of earlier runs and reviewed decisions, by `group_id`.
    resolver : ProjectResolver
        Finds the project of a path.
    order : {"uncertain", "taken"}
        Order of what waits for review.

    Returns
    -------
    list of dict
        What waits first. An earlier suggestion about a picture that a new one covers is replaced
        by it; decided ones stay at the end, for `prefml apply`, `status` and undo in review.
        Lines of earlier runs keep fields that prefml does not know.
    """
    fresh = {line["group_id"] for line in lines}
    covered = {key for line in lines if "reask_of" not in line for key in keys_of(line, resolver)}
    earlier = {group: line for group, line in known.items() if group not in fresh}
    done = [line for group, line in earlier.items() if is_decided(group, decided)]
    waiting = [
        line
        for group, line in earlier.items()
        if not is_decided(group, decided)
        and (line.get("reask_of") or covered.isdisjoint(keys_of(line, resolver)))
    ]
    key = _by_confidence if order == "uncertain" else _by_time
    return [*sorted([*lines, *waiting], key=key), *done]


def _by_confidence(line: Row) -> tuple[float, tuple[str, str]]:
    """Sort the least certain first; what states no confidence is least certain of all.

    Near duplicates come last: they are no sets to learn from.
    """
    if is_near_duplicates(line):
        return 2.0, _by_time(line)
    part = "step1_selection" if len(as_list(line.get("images"))) > 1 else "step2_crop"
    confidence = as_mapping(line.get(part)).get("confidence")
    return (float(confidence) if isinstance(confidence, int | float) else 0.0), _by_time(line)


def _by_time(line: Row) -> tuple[str, str]:
    """Sort by project and by the first file name, which begins with the time."""
    first = str((as_list(line.get("images")) or [""])[0])
    return str(line.get("project_id") or ""), PurePosixPath(first).name


def _report(
    made: Sequence[tuple[Suggestion, Stated]],
    waiting: int,
    found: Candidates,
    context: Context,
    computed: int,
) -> SuggestReport:
    sets = [stated for line, stated in made if len(line.images) > 1]
    within = sum(line.within_budget for line, _ in made)
    return SuggestReport(
        sets=len(sets),
        singles=len(made) - len(sets),
        within_budget=within,
        waiting=waiting,
        skipped=found.skipped,
        examples=found.examples,
        thresholds=context.budget.thresholds,
        why_none=context.budget.why_none(sets) if sets and not within else "",
        computed=computed,
        alone=found.alone,
    )
