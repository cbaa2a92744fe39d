"""`prefml status`: show where the work stands, agreement over time, and what batches hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from prefml.cli._shared import busy, emit, json_option, next_step, open_workspace
from prefml.exceptions import counted

if TYPE_CHECKING:
    from prefml.status import Status


@click.command("status")
@json_option
def command(as_json: bool) -> None:
    """Show how far you and prefml agree: choices, crops, certainty, drift.

    A batch is what may be approved together, unseen: the undecided sets within the error budget
    (B in prefml review). None may while the audited error is above the budget.
    """
    from prefml.cli._work import work_lines, work_of
    from prefml.status import status_of, to_dict

    workspace = open_workspace()
    with busy("status"):
        status, work = status_of(workspace), work_of(workspace)
    lines = [*work_lines(work), _text(status), _batches(status, work)]
    text = "\n".join(lines) if status.reviewed else _text(status)
    emit({**to_dict(status), "work": work}, text, as_json)


def _text(status: Status) -> str:
    if not status.reviewed:
        return f"Nothing was reviewed yet; run: {next_step('prefml review')}"
    gap = "not known yet" if status.calibration is None else f"{status.calibration:.3f}"
    blocks = " ".join(f"{block.value or 0:.0%}" for block in status.over_time)
    missing = ", ".join(status.missing)
    bar = "met: choices and crops" if status.bar_met else f"not yet: {missing}"
    from prefml.status.first_day import describe

    reviewed = counted(status.reviewed, "set or single picture", "sets and single pictures")
    day = describe(status.first_day) if status.first_day.asked else []
    lines = [
        *(f"{'' if at else 'first day':<18} {words}" for at, words in enumerate(day)),
        f"reviewed           {reviewed}",
        f"choice as proposed {status.agreement}",
        f"  if not rejected  {status.agreement_kept}",
        f"none was good      {status.rejected}",
        f"crop as proposed   {status.crop_acceptance}",
        f"calibration error  {gap}",
        f"audited error      {status.audited}",
        f"your consistency   {status.consistency} of old sets asked again: the ceiling",
        *_tags(status),
        f"keystrokes saved   {status.keystrokes_saved}",
        f"over time          {blocks or 'no sets yet'}",
        _drift(status),
        f"99 % of 300        {bar}",
    ]
    return "\n".join(lines)


def _tags(status: Status) -> list[str]:
    """Tell how many tags each flag still needs; nothing while no tag was set."""
    from prefml.decisions.tags import still_needed

    if not any(tagged for tagged, _ in status.tags.values()):
        return []
    told = [
        f"{name.replace('_', ' ')} {tagged} tagged, "
        + (still_needed(tagged, projects) or "enough for prefml train")
        for name, (tagged, projects) in status.tags.items()
    ]
    return [f"{'' if at else 'flags from tags':<18} {words}" for at, words in enumerate(told)]


def _batches(status: Status, work: Mapping[str, object]) -> str:
    if status.audited.off:
        what = "OFF: the audited error is above the budget; run: prefml train, then prefml suggest"
    else:
        what = f"{work['within_budget']} undecided within the error budget, to approve together (B)"
    return f"batches            {what}"


def _drift(status: Status) -> str:
    if not status.drift.alarm:
        return "drift              none seen"
    late, early = status.drift.recent.value or 0, status.drift.before.value or 0
    return f"drift              ALARM: from {early:.1%} to {late:.1%}; run: prefml train"
