"""`prefml sample`: write a sample workspace."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from prefml.cli._shared import emit, json_option, progress
from prefml.exceptions import counted

if TYPE_CHECKING:
    from prefml.sample import SampleReport

__all__ = ["command"]


@click.command("sample")
@click.argument("folder", metavar="[DIR]", default="sample")
@json_option
def command(folder: str, as_json: bool) -> None:
    """Write a sample workspace into DIR (by default the folder `sample` below the current one).

    It holds edited pictures of two real photographs, selection and crop logs with the usual
    irregularities, manifests, and a folder `new` with undecided sets. Running it again writes only
    what is missing; a folder with other files in it is refused.
    """
    from prefml.sample import write_sample

    report = write_sample(folder, partial(progress, label="pictures", unit="set"))
    emit(_payload(report), _text(report), as_json)


def _payload(report: SampleReport) -> dict[str, object]:
    return {
        "folder": str(report.folder),
        "sets": report.sets,
        "lower_stage_sets": report.lower_stage_sets,
        "crops": report.crops,
        "new_sets": report.new_sets,
        "images": report.images,
        "written": report.written,
        "seconds": round(report.seconds, 2),
    }


def _text(report: SampleReport) -> str:
    return (
        f"{counted(report.images, 'picture')}, {counted(report.sets, 'decided set')} "
        f"({report.lower_stage_sets} of them for a lower stage), {counted(report.crops, 'crop')} "
        f"and {counted(report.new_sets, 'undecided set')} in "
        f"{report.folder} ({counted(report.written, 'file')} written in {report.seconds:.0f} s)\n"
        f"next: prefml --workspace {report.folder} embed"
    )
