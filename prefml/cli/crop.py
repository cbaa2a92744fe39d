"""`prefml crop`: propose a crop for one picture, or keeping it whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prefml.cli._shared import busy, emit, json_option, open_workspace

if TYPE_CHECKING:
    from prefml.prediction import CropProposal

    # Before click 8.4 the class takes no type.
    Ratio = click.ParamType[float]
else:
    Ratio = click.ParamType


# A box that keeps the picture whole is this one exactly.
_WHOLE = (0.0, 0.0, 1.0, 1.0)


class Aspect(Ratio):
    """Type of an option: a ratio written `4:5` or `0.8`."""

    name = "W:H"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return width divided by height."""
        try:
            width, _, height = str(value).partition(":")
            ratio = float(width) / float(height or 1)
        except (ValueError, ZeroDivisionError):
            ratio = 0.0
        if not 0.05 <= ratio <= 20:
            self.fail(f"{value!r} is no ratio such as 4:5 between 1:20 and 20:1", param, ctx)
        return ratio


@click.command("crop")
@click.argument("image", metavar="IMG")
@click.option("--aspect", type=Aspect(), help="Another aspect ratio than the picture's own.")
@click.option("--encoder", metavar="NAME", help="Where the model's encoder lies now.")
@json_option
def command(image: str, aspect: float | None, encoder: str | None, as_json: bool) -> None:
    """Propose the crop the person would make, or keeping the picture whole."""
    from prefml.prediction import Predictor
    from prefml.workspace import stored_path

    workspace = open_workspace()
    with busy("crop"):
        predictor = Predictor.open(workspace, encoder, kinds=("crop",))
        rows = predictor.measure([stored_path(workspace.root / image)])
        proposal = predictor.crop(rows, aspect=aspect)
    emit(_payload(image, proposal), _text(proposal), as_json)


def _payload(image: str, proposal: CropProposal) -> dict[str, object]:
    return {
        "image": image,
        "keep_probability": proposal.keep_probability,
        "keep": proposal.keeps_whole,
        "box": list(proposal.box),
        "probability": proposal.probability,
        "certainty": proposal.certainty,
        "alternatives": [
            {"box": list(box), "probability": chance} for box, chance in proposal.alternatives
        ],
        "reasons": list(proposal.reasons),
    }


def _text(proposal: CropProposal) -> str:
    lines = [f"{_words(proposal.box)}  ({proposal.probability:.0%}; {proposal.certainty})"]
    offered = (proposal.box, *(box for box, _ in proposal.alternatives))
    # Of a picture that may be kept whole one probability is said, and not a second beside it.
    if _WHOLE not in offered:
        lines.append(f"kept whole with probability {proposal.keep_probability:.0%}")
    lines += [f"or {_words(box)}  ({chance:.0%})" for box, chance in proposal.alternatives]
    return "\n".join([*lines, *proposal.reasons])


def _words(box: tuple[float, float, float, float]) -> str:
    return "keep it whole" if box == _WHOLE else f"crop to {' '.join(f'{e:.3f}' for e in box)}"
