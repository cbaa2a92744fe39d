"""`prefml export-encoder`: write an image tower as an ONNX folder that runs without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prefml.cli._shared import emit, json_option, open_workspace
from prefml.exceptions import counted

if TYPE_CHECKING:
    from prefml.encoders.export import ExportReport


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
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "fp32", "fp16", "int8"]),
    help="Number format of the weights; fp16 and int8 only if faster and close enough. auto writes "
    "fp32 and tells whether `embed --backend auto` will run it in int8.",
)
@click.option(
    "--device",
    default="cpu",
    show_default=True,
    type=click.Choice(["auto", "mps", "cuda", "cpu"]),
    help="Where torch computes the vectors that the export is compared with.",
)
@click.option(
    "--patches",
    is_flag=True,
    help="Give a vision transformer a second output, how like each patch is to the whole.",
)
@json_option
def command(out: str, name: str, precision: str, device: str, patches: bool, as_json: bool) -> None:
    """Write an image tower as an ONNX folder OUT (relative to the workspace).

    The folder is accepted only if its vectors agree with torch's on real pictures; afterwards
    `--encoder OUT` runs it without torch.
    """  # fmt: skip
    from prefml.encoders import open_encoder
    from prefml.encoders.export import export_encoder
    from prefml.encoders.onnx import OnnxEncoder
    from prefml.sidecars.parity_images import parity_images
    from prefml.sidecars.precision import choose_precision

    workspace = open_workspace()
    folder = workspace.inside(out)
    encoder = open_encoder(name, workspace.root, device)
    pictures, sets = parity_images(workspace)
    format_ = "fp32" if precision == "auto" else precision
    report = export_encoder(encoder, folder, format_, pictures, sets, patches)
    payload, text = report.to_dict(), _text(report)
    if precision == "auto":
        choice = choose_precision(workspace, OnnxEncoder.open(folder))
        payload["precision_choice"] = choice.to_dict()
        text += f"\n{choice.why}"
        text += " (with --backend auto)" if choice.precision == "int8" else ""
    emit(payload, text, as_json)


def _text(report: ExportReport) -> str:
    parity = report.parity
    agreement = (
        "" if parity.agreement is None
        else f"; same top choice in {parity.agreement:.1%} of {counted(parity.sets, 'set')}"
    )  # fmt: skip
    pictures = counted(parity.pictures, "picture")
    return (
        f"{report.folder}: {report.precision}, {report.bytes / 1e6:.0f} MB, identity "
        f"{report.identity}\nworst cosine {parity.min_cosine:.7f} over {pictures}"
        f"{agreement}; {1000 * parity.seconds:.1f} ms a picture (before: "
        f"{1000 * parity.reference_seconds:.1f} ms)\nuse it: prefml embed --encoder {report.folder}"
    )
