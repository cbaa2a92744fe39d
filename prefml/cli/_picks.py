"""Show what runs through files did, those of sidecars among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefml.cli._shared import progress
from prefml.exceptions import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prefml.apply import Report, Step
    from prefml.apply.journal import Journal

__all__ = ["endings", "picks_lines", "picks_payload", "sets_of", "watch_files"]

_SHOWN = 200


def watch_files(numbers: Iterable[int], total: int, label: str) -> Iterable[int]:
    """Draw the progress of a run through files."""
    return progress(numbers, total, label, "file")


def sets_of(journal: Journal | None) -> list[str] | None:
    """Return the sets that a run carried out; None without one."""
    return None if journal is None else journal.carried_out


def endings(report: Report) -> Iterable[str]:
    """Yield what became of interrupted and undone runs."""
    if report.finished is not None:
        yield f"Finished an interrupted run of {counted(len(report.finished.carried_out), 'set')}."
    if report.undone is not None:
        along = sum(len(one.steps) for one in report.undone_with)
        more = f" and {counted(along, 'sidecar')} that went along" if along else ""
        yield f"Took back a run of {counted(len(report.undone.carried_out), 'set')}{more}."
    if report.interrupted is not None:
        yield (
            f"A run of {counted(len(report.interrupted.carried_out), 'set')} was interrupted; "
            "--execute finishes it, --undo takes it back."
        )


def picks_payload(report: Report) -> dict[str, object]:
    """Return what `--json` prints of an export.

    Parameters
    ----------
    report : Report
        An export, or its preview.

    Returns
    -------
    dict
    """
    return {
        "executed": report.executed,
        "sets": len(report.plan.groups),
        "sidecars": [
            {"path": step.target, "new": not step.source, "role": step.role, "values": step.values}
            for step in report.plan.steps
        ],
        "unchanged": report.already,
        "left_out": [{"group_id": one.group, "reason": one.reason} for one in report.left_out],
        "finished": sets_of(report.finished),
        "undone": sets_of(report.undone),
        "interrupted": sets_of(report.interrupted),
    }


def picks_lines(report: Report) -> Iterator[str]:
    """Yield what a person reads of an export.

    Parameters
    ----------
    report : Report
        An export, or its preview.

    Yields
    ------
    str
    """
    steps = report.plan.steps
    yield from map(_line, steps[:_SHOWN])
    if len(steps) > _SHOWN:
        yield f"... and {len(steps) - _SHOWN} more; --json prints all of them"
    yield from (f"left out {one.group}: {one.reason}" for one in report.left_out[:_SHOWN])
    if report.already:
        yield f"{counted(report.already, 'reviewed set')} marked already."
    count = f"{counted(len(steps), 'sidecar')} of {counted(len(report.plan.groups), 'set')}"
    if not steps:
        yield "No sidecar to write."
    elif report.executed:
        yield f"Wrote {count}. Take it back: prefml export-picks --undo"
    else:
        yield f"{count}. Nothing was changed; do it: prefml export-picks --execute"


def _line(step: Step) -> str:
    values = step.values or {}
    shown = [
        f"{name.rpartition(' ')[2]} {value}" if value is not None else f"no {name}"
        for name, value in values.items()
    ]
    return f"{'change' if step.source else 'new'}  {step.target}  ({', '.join(shown)})"
