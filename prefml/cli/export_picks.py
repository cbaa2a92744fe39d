"""`prefml export-picks`: write sidecars that tell other programs what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prefml.cli._picks import endings, picks_lines, picks_payload, watch_files
from prefml.cli._shared import emit, json_option, open_workspace

if TYPE_CHECKING:
    from prefml.apply import Report

_PRESETS = ("darktable", "digikam", "lightroom")


@click.command("export-picks")
@click.option("--execute", "do_it", is_flag=True, help="Do it; without it the plan is printed.")
@click.option("--undo", "take_back", is_flag=True, help="Take the last run back, byte for byte.")
@click.option(
    "--preset",
    type=click.Choice(_PRESETS),
    help="What marks mean.  [default: preset under [picks] in prefml.toml, else lightroom]",
)
@json_option
def command(do_it: bool, take_back: bool, preset: str | None, as_json: bool) -> None:
    """Write ratings, labels, picks and crops of decided sets into XMP sidecars.

    Pictures stay as they are. A sidecar that is there keeps every other field and its encoding; the
    journal of prefml apply takes the last run back, whichever it was.
    """
    from prefml.apply import export_picks, preview_picks, undo

    workspace = open_workspace()
    if take_back:
        report = undo(workspace, watch_files)
    elif do_it:
        report = export_picks(workspace, preset, watch_files)
    else:
        report = preview_picks(workspace, preset)
    emit(picks_payload(report), _text(report, take_back), as_json)


def _text(report: Report, take_back: bool) -> str:
    lines = list(endings(report))
    if take_back:
        return "\n".join(lines) or "Nothing to undo."
    return "\n".join([*lines, *picks_lines(report)])
