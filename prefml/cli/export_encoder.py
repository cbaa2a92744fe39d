"""`prefml export-encoder`: an image tower as an ONNX folder that runs without torch."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from prefml.cli._shared import emit, json_option, open_workspace
from prefml.exceptions import ImageError

if TYPE_CHECKING:
    from PIL import Image

    from prefml.encoders.export import ExportReport
    from prefml.workspace import Workspace

_PICTURES = 32
# Pictures for the comparison are kept in memory, so not at full size.
_SIDE = 1024


@click.command("export-encoder")
@click.argument("out", metavar="OUT")
@click.option(
    "--encoder",
    "name",
    default="clip",
    show_default=True,
    metavar="NAME",
    help="clip, open_clip:MODEL/PRETRAINED, or open_clip:MODEL/PATH of a checkpoint.",
)
@click.option(
    "--precision",
    default="fp32",
    show_default=True,
    type=click.Choice(["fp32", "fp16", "int8"]),
    help="Number format of the weights; fp16 and int8 only if faster and close enough.",
)
@click.option(
    "--device",
    default="cpu",
    show_default=True,
    type=click.Choice(["auto", "mps", "cuda", "cpu"]),
    help="Where torch computes the vectors that the export is compared with.",
)
@json_option
def command(out: str, name: str, precision: str, device: str, as_json: bool) -> None:
    """Write an image tower as an ONNX folder OUT (relative to the workspace).

    The folder is accepted only if its vectors agree with torch's on real pictures; afterwards
    `--encoder OUT` runs it without torch.
    """  # fmt: skip
    from prefml.encoders import open_encoder
    from prefml.encoders.export import export_encoder

    workspace = open_workspace()
    folder = workspace.inside(out)
    encoder = open_encoder(name, workspace.root, device)
    report = export_encoder(encoder, folder, precision, _pictures(workspace))
    emit(report.to_dict(), _text(report), as_json)


def _pictures(workspace: Workspace) -> list[Image.Image]:
    """Open some of the workspace's pictures, spread over its folders; none is no error."""
    from prefml.decisions.projects import ProjectResolver
    from prefml.imaging.decode import decode
    from prefml.sidecars.find import find_images

    files = find_images(workspace, ProjectResolver.open(workspace))
    pictures = []
    for file in files[:: max(1, len(files) // _PICTURES)][:_PICTURES]:
        with suppress(ImageError):
            picture = decode(workspace.root / file.path, workspace.config.max_pixels).image
            picture.thumbnail((_SIDE, _SIDE))
            pictures.append(picture)
    return pictures


def _text(report: ExportReport) -> str:
    parity = report.parity
    return (
        f"{report.folder}: {report.precision}, {report.bytes / 1e6:.0f} MB, identity "
        f"{report.identity}\nworst cosine {parity.min_cosine:.7f} over {parity.pictures} pictures; "
        f"{1000 * parity.seconds:.1f} ms a picture (before: "
        f"{1000 * parity.reference_seconds:.1f} ms)\nuse it: prefml embed --encoder {report.folder}"
    )
