"""`prefml apply`: carry out approved decisions on files, dry-run first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prefml.cli._shared import emit, json_option, open_workspace, progress
from prefml.exceptions import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prefml.apply import Report
    from prefml.apply.journal import Journal

_SHOWN = 200


@click.command("apply")
@click.option("--execute", "do_it", is_flag=True, help="Do it; without it the plan is printed.")
@click.option("--undo", "take_back", is_flag=True, help="Take the last run back, byte for byte.")
@click.option("--copy", "keep_sources", is_flag=True, help="Leave the sources where they are.")
@json_option
def command(do_it: bool, take_back: bool, keep_sources: bool, as_json: bool) -> None:
    """Move reviewed pictures: winners to selected/, losers to delete_staging/.

    Pictures to be cropped by hand go to crop/, companions of the same stem go along. Nothing is
    deleted or overwritten. An interrupted run is finished by --execute or taken back by --undo.
    """
    from prefml.apply import execute, preview, undo

    workspace = open_workspace()
    if take_back:
        report = undo(workspace, _watch)
    elif do_it:
        report = execute(workspace, keep_sources, _watch)
    else:
        report = preview(workspace, keep_sources)
    emit(_payload(report), _text(report, take_back), as_json)


def _watch(numbers: Iterable[int], total: int, label: str) -> Iterable[int]:
    return progress(numbers, total, label, "file")


def _payload(report: Report) -> dict[str, object]:
    return {
        "executed": report.executed,
        "sets": len(report.plan.groups),
        "steps": [
            {"action": s.kind, "source": s.source, "target": s.target, "role": s.role,
             "group_id": s.group, "box": list(s.box) if s.box else None}
            for s in report.plan.steps
        ],
        "left_out": [{"group_id": x.group, "reason": x.reason} for x in report.left_out],
        "not_kept": {source: list(lost) for source, lost in report.not_kept.items()},
        "already_applied": report.already,
        "decided_anew": list(report.changed),
        "finished": _sets_of(report.finished),
        "undone": _sets_of(report.undone),
        "interrupted": _sets_of(report.interrupted),
    }  # fmt: skip


def _sets_of(journal: Journal | None) -> list[str] | None:
    return None if journal is None else journal.carried_out


def _text(report: Report, take_back: bool) -> str:
    lines = list(_endings(report))
    if take_back:
        return "\n".join(lines) or "Nothing to undo."
    lines += _plan_lines(report)
    lines += [f"left out {item.group}: {item.reason}" for item in report.left_out[:_SHOWN]]
    lines += [
        f"not kept in the cropped copy of {source}: {', '.join(lost)}"
        for source, lost in list(report.not_kept.items())[:_SHOWN]
    ]
    if report.already:
        lines.append(
            f"{counted(report.already, 'reviewed set was', 'reviewed sets were')} applied before."
        )
    lines += [f"decided anew since it was applied: {group}" for group in report.changed[:_SHOWN]]
    lines.append(_summary(report))
    return "\n".join(lines)


def _endings(report: Report) -> Iterable[str]:
    if report.finished is not None:
        yield f"Finished an interrupted run of {counted(len(report.finished.carried_out), 'set')}."
    if report.undone is not None:
        yield f"Took back a run of {counted(len(report.undone.carried_out), 'set')}."
    if report.interrupted is not None:
        yield (
            f"A run of {counted(len(report.interrupted.carried_out), 'set')} was interrupted; "
            "--execute finishes it, --undo takes it back."
        )


def _plan_lines(report: Report) -> list[str]:
    files = [step for step in report.plan.steps if step.kind != "folder"]
    lines = [f"{s.kind:4}  {s.source} -> {s.target}  ({s.role})" for s in files[:_SHOWN]]
    if len(files) > _SHOWN:
        lines.append(f"... and {len(files) - _SHOWN} more; --json prints all of them")
    return lines


def _summary(report: Report) -> str:
    plan = report.plan
    if not plan.groups:
        if report.left_out:
            return "Nothing can be applied."
        return "Nothing to apply: no new decision was submitted (Shift+Enter in prefml review)."
    parts = (
        f"{plan.count('winner')} to selected/, {plan.count('manual crop')} to crop/, "
        f"{plan.count('loser')} to delete_staging/, {counted(plan.count('companion'), 'companion')}"
    )
    sets = counted(len(plan.groups), "set")
    if report.executed:
        return f"Applied {sets}: {parts}. Take it back: prefml apply --undo"
    return f"{sets}: {parts}. Nothing was changed; do it: prefml apply --execute"
