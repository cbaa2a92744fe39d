"""Carry out a plan through the journal, finish what was interrupted, and undo."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from prefml.apply.journal import (
    Journal,
    applied_groups,
    failed_groups,
    read_journals,
    start_journal,
)
from prefml.apply.locator import PictureLocator
from prefml.apply.lock import exclusive_run
from prefml.apply.metadata import lost_metadata
from prefml.apply.plan import LeftOut, Plan, make_plan
from prefml.apply.steps import StepContext, apply_step, revert_obstacle, revert_step
from prefml.decisions.projects import ProjectResolver
from prefml.exceptions import ApplyError, ImageError, PrefmlError
from prefml.files import DISK_ERRORS, file_sha256
from prefml.proposals import decisions_path, read_lines, read_suggestions
from prefml.workspace import Workspace

__all__ = ["Report", "Watch", "carry_out", "execute", "preview", "undo", "unwatched"]

Watch = Callable[[Iterable[int], int, str], Iterable[int]]


def unwatched(numbers: Iterable[int], total: int, label: str) -> Iterable[int]:
    """Watch nothing."""
    return numbers


@dataclass(frozen=True)
class Report:
    """Outcome of a run, or of its preview.

    Attributes
    ----------
    plan : Plan
        What was planned beyond `finished` and `undone`.
    executed : bool
        Whether the plan was carried out.
    finished : Journal or None
        An interrupted run that was finished first.
    undone : Journal or None
        A run that was undone.
    undone_with : tuple of Journal
        Runs of sidecars that went along with it.
    left_out : tuple of LeftOut
        Sets that could not be carried out.
    already : int
        Reviewed sets that earlier runs have carried out.
    changed : tuple of str
        Among them, those that were decided anew since.
    interrupted : Journal or None
        An interrupted run that the next `--execute` or `--undo` ends.
    not_kept : mapping of str to tuple of str
        Pictures to be cropped -> what their cropped copies cannot keep, in words.
    """

    plan: Plan
    executed: bool = False
    finished: Journal | None = None
    undone: Journal | None = None
    undone_with: tuple[Journal, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    already: int = 0
    changed: tuple[str, ...] = field(default=())
    interrupted: Journal | None = None
    not_kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def preview(workspace: Workspace, keep_sources: bool = False) -> Report:
    """Plan what the approved decisions would do, changing nothing.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    keep_sources : bool, default=False
        Copy instead of moving.

    Returns
    -------
    Report

    Raises
    ------
    ApplyError
        If a set mixes projects or a journal cannot be read.
    WorkspaceError
        If a path leads out of the workspace.
    """
    journals = read_journals(workspace)
    applied = applied_groups(journals)
    lines = read_lines(decisions_path(workspace))
    decisions = lines.by_group()
    waiting = {group: row for group, row in decisions.items() if group not in applied}
    when = {group: str(row.get("timestamp", "")) for group, row in decisions.items()}
    failed = failed_groups(journals, workspace, when)
    fresh = {group: row for group, row in waiting.items() if group not in failed}
    locator = PictureLocator(workspace, ProjectResolver.open(workspace))
    plan = make_plan(workspace, read_suggestions(workspace), fresh, locator, keep_sources)
    # A problem begins with the file and line it is about.
    unreadable = [LeftOut(*problem.split(": ", 1)) for problem in lines.bad]
    changed = tuple(
        group for group, decided in applied.items() if group in decisions and when[group] != decided
    )
    interrupted = next((journal for journal in journals if journal.pending), None)
    return Report(
        plan,
        left_out=(*unreadable, *(LeftOut(*item) for item in failed.items()), *plan.left_out),
        already=len(decisions) - len(waiting),
        changed=changed,
        interrupted=interrupted,
        not_kept=_not_kept(workspace, plan),
    )


def _not_kept(workspace: Workspace, plan: Plan) -> dict[str, tuple[str, ...]]:
    cropped = (step.source for step in plan.steps if step.kind == "crop")
    found = {source: lost_metadata(workspace.root / source) for source in cropped}
    return {source: lost for source, lost in found.items() if lost}


def execute(
    workspace: Workspace,
    keep_sources: bool = False,
    watch: Watch = unwatched,
    digest: str | None = None,
) -> Report:
    """Finish an interrupted run, then carry out what is approved.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    keep_sources : bool, default=False
        Copy instead of moving.
    watch : callable, optional
        Wraps the numbers of the steps, to draw a progress bar.
    digest : str, optional
        `Plan.digest` of the plan that was seen; without one, what is planned is carried out.

    Returns
    -------
    Report

    Raises
    ------
    ApplyError
        If an interrupted run cannot be taken back, or the plan is another than the one that was
        seen; then nothing of it is done.
    OSError
        If the disk is full or broken. What has been done so far stays, and the next run ends it or
        takes it back.
    WorkspaceError
        If a path leads out of the workspace.
    """

    def plan_it() -> Report:
        found = preview(workspace, keep_sources)
        if digest not in (None, found.plan.digest):
            raise ApplyError(
                "the plan is another than the one that was shown: decisions or files have changed",
                "the hash of the plan as it is now",
                "prefml apply, and look at it again",
            )
        return found

    return carry_out(workspace, plan_it, watch)


def carry_out(
    workspace: Workspace,
    plan_it: Callable[[], Report],
    watch: Watch,
    follows: Collection[str] = (),
) -> Report:
    """Finish an interrupted run, then plan one and carry it out.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    plan_it : callable
        Returns the report of a plan.
    watch : callable
        Wraps the numbers of the steps, to draw a progress bar.
    follows : collection of str, optional
        Sets: the run is taken back together with the last one if that carried them out.

    Returns
    -------
    Report

    Raises
    ------
    ApplyError
        If an interrupted run cannot be taken back.
    OSError
        If the disk is full or broken.
    """
    with exclusive_run(workspace):
        finished, undone = _finish_interrupted(workspace, watch)
        report = plan_it()
        plan, left_out = report.plan, report.left_out
        if finished is not None:
            named = {item.group for item in left_out}
            dropped = finished.dropped.items()
            left_out += tuple(LeftOut(*item) for item in dropped if item[0] not in named)
        if plan.steps:
            journal = _start(workspace, plan, watch, _followed(workspace, follows))
            _run_steps(workspace, journal, watch)
            left_out += tuple(LeftOut(*item) for item in journal.dropped.items())
            plan = plan.without(journal.dropped)
        return replace(
            report, plan=plan, executed=True, finished=finished, undone=undone, left_out=left_out
        )


def undo(workspace: Workspace, watch: Watch = unwatched) -> Report:
    """Take the last run back, interrupted or not, and remove its journal.

    Sidecars that were written along with it, by `apply --picks`, go first.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    watch : callable, optional
        Wraps the numbers of the steps, to draw a progress bar.

    Returns
    -------
    Report

    Raises
    ------
    ApplyError
        If a file was changed or removed since, so that taking the run back would lose something;
        nothing has been touched then.
    """
    with exclusive_run(workspace):
        journals = read_journals(workspace)
        if not journals:
            return Report(Plan((), {}, ()))
        first = len(journals) - 1
        while first and journals[first].follows == journals[first - 1].path.name:
            first -= 1
        _revert_runs(workspace, journals[first:], watch)
        undone, *along = journals[first:]
        return Report(Plan((), {}, ()), undone=undone, undone_with=tuple(along))


def _finish_interrupted(
    workspace: Workspace, watch: Watch
) -> tuple[Journal | None, Journal | None]:
    journals = read_journals(workspace)
    for place, journal in enumerate(journals):
        if journal.state == "undoing":
            _revert_runs(workspace, journals[place:], watch)
            return None, journal
        if journal.pending:
            _run_steps(workspace, journal, watch)
            return journal, None
    return None, None


def _followed(workspace: Workspace, groups: Collection[str]) -> str:
    """Return the name of the last run's journal if it carried out some sets, all of them."""
    journals = read_journals(workspace) if groups else []
    carried_out = set(journals[-1].carried_out) if journals else set()
    return journals[-1].path.name if journals and carried_out.issuperset(groups) else ""


def _start(workspace: Workspace, plan: Plan, watch: Watch, follows: str) -> Journal:
    numbers = watch(range(len(plan.steps)), len(plan.steps), "hashing")
    steps = []
    for step in map(plan.steps.__getitem__, numbers):
        digest = file_sha256(workspace.root / step.source) if step.source else ""
        steps.append(msgspec.structs.replace(step, sha256=digest))
    return start_journal(workspace, steps, plan.groups, follows)


def _run_steps(workspace: Workspace, journal: Journal, watch: Watch) -> None:
    """Carry out what is left; a set that fails is taken back and left out, the others go on."""
    for group in journal.dropped:
        _revert_group(workspace, journal, group)
    for number in watch(range(len(journal.steps)), len(journal.steps), "applying"):
        group = journal.steps[number].group
        if number in journal.done or group in journal.dropped:
            continue
        try:
            apply_step(StepContext(workspace, journal, number))
        except (PrefmlError, OSError) as error:
            # A folder belongs to no set: without it none of the sets could go on.
            if not group or (isinstance(error, OSError) and error.errno in DISK_ERRORS):
                raise
            reason = error.found if isinstance(error, PrefmlError) else str(error)
            # Noted first, so that a run that stops here is ended by taking the set back.
            journal.record_dropped(group, reason, lasting=isinstance(error, ImageError))
            _revert_group(workspace, journal, group)
        else:
            journal.record_done(number)
    journal.record_state("finished")


def _revert_group(workspace: Workspace, journal: Journal, group: str) -> None:
    """Take back what was done of one set, in reverse order."""
    numbers = [n for n, step in enumerate(journal.steps) if step.group == group]
    for number in reversed(numbers):
        context = StepContext(workspace, journal, number)
        if revert_obstacle(context) is None:
            revert_step(context)


def _revert_runs(workspace: Workspace, journals: Sequence[Journal], watch: Watch) -> None:
    """Take runs back, the last first, or none if there is an obstacle to one of them."""
    changed: set[str] = set()
    for journal in reversed(journals):
        _refuse_obstacles(_contexts(workspace, journal, changed))
        # Given back as they were before the run before is taken back.
        changed |= {step.target for step in journal.steps if step.kind == "mark"}
    # Noted of all before the first is touched, so that an interruption ends in all being undone.
    for journal in journals:
        if journal.state != "undoing":
            journal.record_state("undoing")
    for journal in reversed(journals):
        for group in journal.dropped:
            _revert_group(workspace, journal, group)
        contexts = _contexts(workspace, journal)
        _refuse_obstacles(contexts)
        for number in watch(range(len(contexts)), len(contexts), "undoing"):
            revert_step(contexts[-1 - number])
        journal.remove()


def _contexts(
    workspace: Workspace, journal: Journal, without: Collection[str] = ()
) -> list[StepContext]:
    """Return the steps of the sets that are not dropped, but for those of some targets."""
    return [
        StepContext(workspace, journal, number)
        for number, step in enumerate(journal.steps)
        if step.group not in journal.dropped and step.target not in without
    ]


def _refuse_obstacles(contexts: Sequence[StepContext]) -> None:
    obstacles = [reason for context in contexts if (reason := revert_obstacle(context))]
    if obstacles:
        more = f" and {len(obstacles) - 1} more like it" if len(obstacles) > 1 else ""
        raise ApplyError(
            f"cannot undo: {obstacles[0]}{more}", "the files as apply left them",
            "put the files back, then prefml apply --undo",
        )  # fmt: skip
