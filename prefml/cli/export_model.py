"""`prefml export-model`: write the models without pickle, for scripts that run no foreign code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prefml.cli._shared import emit, json_option, open_workspace
from prefml.exceptions import counted

if TYPE_CHECKING:
    from prefml.models.exported import Exported


@click.command("export-model")
@click.argument("out", metavar="OUT")
@json_option
def command(out: str, as_json: bool) -> None:
    """Write the models as JSON and LightGBM text into OUT (relative to the workspace).

    They load without pickle, by prefml.load_exported or by a script of your own, and predict as
    the joblib models do: each is read again and compared before the command ends.
    """
    from prefml.models.exported import export_models

    models = export_models(open_workspace(), out)
    emit({"models": [_payload(one) for one in models]}, "\n".join(map(_line, models)), as_json)


def _payload(model: Exported) -> dict[str, object]:
    return {
        "kind": model.kind,
        "path": str(model.path),
        "files": [path.name for path in model.files],
        "bytes": sum(path.stat().st_size for path in model.files),
        "difference": model.difference,
    }


def _line(model: Exported) -> str:
    size = sum(path.stat().st_size for path in model.files) / 1e6
    texts = counted(len(model.files) - 1, "text file")
    return (
        f"{model.kind}: {model.path} and {texts}, {size:.1f} MB; "
        f"predictions differ by {model.difference:.0e} at most\n"
        f'use it: prefml.load_exported("{model.path}")'
    )
