"""`prefml status`: show agreement over time, and whether the bar for batches is met."""

from __future__ import annotations

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

    Batches may be proposed once 99 % of the last 300 sets and crops were taken over as suggested.
    """
    from prefml.cli._work import work_lines, work_of
    from prefml.status import status_of, to_dict

    workspace = open_workspace()
    with busy("status"):
        status, work = status_of(workspace), work_of(workspace)
    text = "\n".join([*work_lines(work), _text(status)]) if status.reviewed else _text(status)
    emit({**to_dict(status), "work": work}, text, as_json)


def _text(status: Status) -> str:
    if not status.reviewed:
        return f"Nothing was reviewed yet; run: {next_step('prefml review')}"
    gap = "not known yet" if status.calibration is None else f"{status.calibration:.3f}"
    blocks = " ".join(f"{block.value or 0:.0%}" for block in status.over_time)
    missing = ", ".join(status.missing)
    bar = "may be proposed: 99 % over 300 in a row" if status.bar_met else f"not yet: {missing}"
    if status.audited.off:
        bar = "OFF: the audited error is above the budget; run: prefml train, then prefml suggest"
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
        f"keystrokes saved   {status.keystrokes_saved}",
        f"over time          {blocks or 'no sets yet'}",
        _drift(status),
        f"batches            {bar}",
    ]
    return "\n".join(lines)


def _drift(status: Status) -> str:
    if not status.drift.alarm:
        return "drift              none seen"
    late, early = status.drift.recent.value or 0, status.drift.before.value or 0
    return f"drift              ALARM: from {early:.1%} to {late:.1%}; run: prefml train"
