"""`prefml settings`: what the generator wrote into pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prefml.cli._shared import emit, json_option, open_workspace

if TYPE_CHECKING:
    from pathlib import Path


@click.command("settings")
@click.argument("images", nargs=-1, required=True, metavar="IMG...")
@click.option("--prompt", is_flag=True, help="Show the prompt, too, which nothing keeps.")
@json_option
def command(images: tuple[str, ...], prompt: bool, as_json: bool) -> None:
    """Show the settings of the generator that made pictures.

    They are read from what A1111, ComfyUI and InvokeAI wrote into the files. `prefml evaluate`
    tells which of them go with winning and losing.
    """
    from prefml.workspace import stored_path

    root = open_workspace().root
    found = {image: _read(stored_path(root / image), prompt) for image in images}
    emit({"images": found}, "\n".join(_text(*one) for one in found.items()), as_json)


def _read(path: Path, prompt: bool) -> dict[str, object]:
    from dataclasses import asdict

    from msgspec.structs import asdict as fields

    from prefml.sidecars.generator import prompt_in, settings_in
    from prefml.sidecars.metadata import read_metadata, texts_of

    texts = texts_of(read_metadata(path))
    shown = {"prompt": asdict(prompt_in(texts))} if prompt else {}
    return fields(settings_in(texts)) | shown


def _text(image: str, found: dict[str, object]) -> str:
    settings = [f"{name} {value}" for name, value in found.items() if name != "prompt" and value]
    lines = [f"{image}: {', '.join(settings) or 'says nothing of a generator'}"]
    words = found.get("prompt")
    if isinstance(words, dict):
        lines += [f"  {side}: {text or 'none'}" for side, text in words.items()]
    return "\n".join(lines)
