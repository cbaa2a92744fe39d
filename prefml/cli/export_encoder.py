"""`prefml export-encoder`: write an image tower as an ONNX folder that runs without torch."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from prefml.cli._shared import emit, json_option, open_workspace
from prefml.exceptions import ImageError

if TYPE_CHECKING:
    from PIL import Image

    from prefml.encoders.export import ExportReport
    from prefml.workspace import Workspace

_PICTURES, _SETS = 32, 40
# Pictures for the comparison are kept in memory, so not at full size.
_SIDE = 640

T = TypeVar("T")


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

    workspace = open_workspace()
    folder = workspace.inside(out)
    encoder = open_encoder(name, workspace.root, device)
    report = export_encoder(encoder, folder, precision, *_material(workspace), patches)
    emit(report.to_dict(), _text(report), as_json)


def _material(workspace: Workspace) -> tuple[list[Image.Image], list[list[int]]]:
    """Open some of the workspace's sets, and pictures from all over it; none is no error."""
    from prefml.decisions.projects import ProjectResolver
    from prefml.decisions.reader import read_decisions
    from prefml.sidecars.find import find_images

    files = find_images(workspace, ProjectResolver.open(workspace))
    paths = {file.key: file.path for file in files}
    items = read_decisions(workspace).items
    sets: list[list[Path | str]] = []
    for _, one in items.groupby(["project", "session_id", "set_id"], sort=False):
        ordered = one.sort_values("chosen", ascending=False, kind="stable")
        keys = list(zip(ordered["project"], ordered["filename"], strict=True))
        if all(key in paths for key in keys):
            sets.append([paths[key] for key in keys])
    opened = _Opened(workspace)
    places = [opened.all_of(one) for one in _spread(sets, _SETS)]
    for file in _spread(files, _PICTURES):
        opened.all_of([file.path])
    return opened.pictures, [one for one in places if one is not None]


def _spread(values: list[T], count: int) -> list[T]:
    return values[:: max(1, len(values) // count)][:count]


class _Opened:
    """Pictures kept in memory, each once."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.pictures: list[Image.Image] = []
        self._places: dict[Path | str, int] = {}

    def all_of(self, paths: Sequence[Path | str]) -> list[int] | None:
        """Open what is not open yet and return the places; None where one cannot be opened."""
        with suppress(ImageError):
            return [self._place(path) for path in paths]
        return None

    def _place(self, path: Path | str) -> int:
        from prefml.imaging.decode import decode

        if path not in self._places:
            picture = decode(self.workspace.root / path, self.workspace.config.max_pixels)
            self._places[path] = len(self.pictures)
            picture.image.thumbnail((_SIDE, _SIDE))
            self.pictures.append(picture.image)
        return self._places[path]


def _text(report: ExportReport) -> str:
    parity = report.parity
    agreement = (
        "" if parity.agreement is None
        else f"; same top choice in {parity.agreement:.1%} of {parity.sets} sets"
    )  # fmt: skip
    return (
        f"{report.folder}: {report.precision}, {report.bytes / 1e6:.0f} MB, identity "
        f"{report.identity}\nworst cosine {parity.min_cosine:.7f} over {parity.pictures} pictures"
        f"{agreement}; {1000 * parity.seconds:.1f} ms a picture (before: "
        f"{1000 * parity.reference_seconds:.1f} ms)\nuse it: prefml embed --encoder {report.folder}"
    )
