"""`prefml apply`: carry out approved decisions on files, dry-run first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prefml.cli._picks import endings, picks_lines, picks_payload, sets_of, watch_files
from prefml.cli._shared import emit, json_option, open_workspace
from prefml.exceptions import counted

if TYPE_CHECKING:
    from prefml.apply import Report
    from prefml.workspace import Workspace

_SHOWN = 200
_ROLES = ("winner", "manual crop", "loser", "companion")


@click.command("apply")
@click.option("--execute", "do_it", is_flag=True, help="Do it; without it the plan is printed.")
@click.option(
    "--plan",
    "digest",
    metavar="HASH",
    help="With --execute: only if the plan is still the one of this hash, which --json prints.",
)
@click.option("--undo", "take_back", is_flag=True, help="Take the last run back, byte for byte.")
@click.option("--copy", "keep_sources", is_flag=True, help="Leave the sources where they are.")
@click.option("--picks", "with_picks", is_flag=True, help="Write sidecars too, see export-picks.")
@json_option
def command(
    do_it: bool,
    digest: str | None,
    take_back: bool,
    keep_sources: bool,
    with_picks: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Move reviewed pictures: winners to selected/, losers to delete_staging/.

    Pictures to be cropped by hand go to crop/, companions of the same stem go along. Nothing is
    deleted or overwritten. An interrupted run is finished by --execute or taken back by --undo.
    """
    from prefml.apply import execute, preview, undo

    if digest is not None and not do_it:
        raise click.UsageError("--plan is for --execute: without it nothing is done.")
    workspace = open_workspace()
    if take_back:
        report = undo(workspace, watch_files)
    elif do_it:
        report = execute(workspace, keep_sources, watch_files, digest)
    else:
        report = preview(workspace, keep_sources)
    payload, text = _payload(report), _text(report, take_back)
    if with_picks and not take_back:
        picks = _picks(workspace, report, do_it)
        payload["picks"] = picks_payload(picks)
        text = "\n".join([text, *picks_lines(picks)])
    emit(payload, text, as_json)


def _picks(workspace: Workspace, report: Report, do_it: bool) -> Report:
    """Write the sidecars of the sets that are applied, as a run of their own."""
    from prefml.apply import export_picks, preview_picks

    groups = set(report.plan.groups)
    if do_it:
        return export_picks(workspace, None, watch_files, groups)
    return preview_picks(workspace, None, groups)


def _payload(report: Report) -> dict[str, object]:
    return {
        "executed": report.executed,
        "sets": len(report.plan.groups),
        "plan": report.plan.digest,
        "counts": {role: report.plan.count(role) for role in _ROLES},
        "steps": [
            {"action": s.kind, "source": s.source, "target": s.target, "role": s.role,
             "group_id": s.group, "box": list(s.box) if s.box else None}
            for s in report.plan.steps
        ],
        "left_out": [{"group_id": x.group, "reason": x.reason} for x in report.left_out],
        "not_kept": {source: list(lost) for source, lost in report.not_kept.items()},
        "already_applied": report.already,
        "decided_anew": list(report.changed),
        "finished": sets_of(report.finished),
        "undone": sets_of(report.undone),
        "interrupted": sets_of(report.interrupted),
    }  # fmt: skip


def _text(report: Report, take_back: bool) -> str:
    lines = list(endings(report))
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
