"""Read the settings of the generator that made a picture, out of what it wrote into the file.

The prompt is none of them: it is the person's own, read only when asked for, and nothing keeps it.

References
----------
modules/infotext_utils.py of AUTOMATIC1111's stable-diffusion-webui; nodes.py of ComfyUI;
invokeai/app/invocations/metadata.py of InvokeAI.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pandas as pd
from msgspec import Struct

from prefml.exceptions import ImageError
from prefml.sidecars.find import ImageFile
from prefml.sidecars.kept import Reader, kept_readings
from prefml.sidecars.metadata import read_metadata, texts_of
from prefml.sidecars.store import Sidecars
from prefml.workspace import Workspace

__all__ = [
    "NUMBERS",
    "WORDS",
    "GeneratorSettings",
    "Prompt",
    "generator_settings",
    "prompt_in",
    "read_prompt",
    "read_settings",
    "settings_frame",
    "settings_in",
    "settings_path",
    "with_settings",
]

NUMBERS = ("steps", "cfg", "denoise")
WORDS = ("tool", "model", "sampler", "scheduler", "upscaler")

# A name, a colon and a value, which stands in quotes where it holds a comma.
_PAIR = re.compile(r'\s*([A-Za-z][\w \-/]{0,60}):\s*("(?:\\.|[^"\\])*"|[^,\n]*)(?:,|$)')
_LAST_LINE = re.compile(r"^Steps: ", re.MULTILINE)
_LONGEST = 200
# What links of a graph lead through at most.
_MOST_NODES = 10_000


class GeneratorSettings(Struct, frozen=True, omit_defaults=True):
    """Settings of a generator.

    Attributes
    ----------
    tool : str
        a1111, comfyui or invokeai; empty where no file says anything.
    model, sampler, scheduler, upscaler : str
        Names as the generator has them; empty where it does not say.
    steps, cfg, denoise : float or None
        Number of steps, guidance scale, and strength of the last pass; None where it does not say.
    seed : int or None
        Seed of the noise.
    """

    tool: str = ""
    model: str = ""
    sampler: str = ""
    scheduler: str = ""
    upscaler: str = ""
    steps: float | None = None
    cfg: float | None = None
    denoise: float | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Prompt:
    """Words that a person gave a generator.

    Attributes
    ----------
    positive, negative : str
        What to show and what not to; empty where the file does not say.
    """

    positive: str = ""
    negative: str = ""


def read_settings(path: Path) -> GeneratorSettings:
    """Read the settings of a picture without decoding it.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    GeneratorSettings
        Empty where the file is none that can be read, or says nothing that is known.
    """
    try:
        return settings_in(texts_of(read_metadata(path)))
    except ImageError:
        return GeneratorSettings()


def settings_in(texts: Mapping[str, str]) -> GeneratorSettings:
    """Return the settings that stand in the texts of a picture.

    Parameters
    ----------
    texts : mapping of str to str
        As from `prefml.sidecars.metadata.texts_of`.

    Returns
    -------
    GeneratorSettings
        Empty where they say nothing that is known.
    """
    with suppress(RecursionError):
        for read in (_invokeai, _comfyui, _a1111):
            found = read(texts)
            if found is not None:
                return found
    return GeneratorSettings()


def read_prompt(path: Path) -> Prompt:
    """Read the prompt of a picture without decoding it.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Prompt
        Empty where the file says nothing that is known.

    Raises
    ------
    ImageError
        If the file is none that can be read.
    """
    return prompt_in(texts_of(read_metadata(path)))


def prompt_in(texts: Mapping[str, str]) -> Prompt:
    """Return the prompt that stands in the texts of a picture.

    Parameters
    ----------
    texts : mapping of str to str
        As from `prefml.sidecars.metadata.texts_of`.

    Returns
    -------
    Prompt
        Empty where they say nothing that is known.
    """
    with suppress(RecursionError):
        for read in (_invokeai_prompt, _comfyui_prompt, _a1111_prompt):
            found = read(texts)
            if found.positive or found.negative:
                return found
    return Prompt()


def _a1111_prompt(texts: Mapping[str, str]) -> Prompt:
    words, _ = _infotext(texts)
    positive, _, negative = words.partition("Negative prompt:")
    return Prompt(positive.strip(), negative.strip())


def _comfyui_prompt(texts: Mapping[str, str]) -> Prompt:
    nodes = _nodes(texts)
    for inputs in map(_inputs, map(nodes.__getitem__, _walk(nodes))):
        if "sampler_name" in inputs:
            sides = (inputs.get("positive"), inputs.get("negative"))
            return Prompt(*(_words_behind(nodes, side) for side in sides))
    return Prompt()


def _words_behind(nodes: Mapping[str, Mapping[str, object]], link: object) -> str:
    """Return the texts that lead into a link of a graph, nearest first."""
    start = [str(link[0])] if isinstance(link, list) and link else []
    values = [value for key in _walk(nodes, start) for value in _inputs(nodes[key]).items()]
    words = (value for name, value in values if name.startswith("text") and isinstance(value, str))
    return "\n".join(dict.fromkeys(word.strip() for word in words if word.strip()))


def _invokeai_prompt(texts: Mapping[str, str]) -> Prompt:
    document = _object(texts.get("invokeai_metadata")) or _object(texts.get("sd-metadata"))
    image = document.get("image")
    inner = image if isinstance(image, dict) else document
    sides = (inner.get("positive_prompt"), inner.get("negative_prompt"))
    return Prompt(*(side.strip() if isinstance(side, str) else "" for side in sides))


def _infotext(texts: Mapping[str, str]) -> tuple[str, str]:
    """Return the prompt and the settings of A1111, empty where there are none."""
    text = texts.get("parameters", "")
    # A prompt may hold such a line, too: the last one is that of the settings.
    starts = [found.start() for found in _LAST_LINE.finditer(text)]
    end = starts[-1] if starts else len(text)
    return text[:end], text[end:]


def _a1111(texts: Mapping[str, str]) -> GeneratorSettings | None:
    _, line = _infotext(texts)
    if not line:
        return None
    pairs = {name.strip(): value.strip('" ') for name, value in _PAIR.findall(line)}
    return GeneratorSettings(
        "a1111", _word(pairs.get("Model") or pairs.get("Model hash")), _word(pairs.get("Sampler")),
        _word(pairs.get("Schedule type")),
        _word(pairs.get("Hires upscaler") or pairs.get("Postprocess upscaler")),
        _number(pairs.get("Steps")), _number(pairs.get("CFG scale")),
        _number(pairs.get("Denoising strength")), _whole(pairs.get("Seed")),
    )  # fmt: skip


def _nodes(texts: Mapping[str, str]) -> dict[str, dict[str, object]]:
    graph = _object(texts.get("prompt"))
    return {key: node for key, node in graph.items() if isinstance(node, dict)}


def _comfyui(texts: Mapping[str, str]) -> GeneratorSettings | None:
    nodes = _nodes(texts)
    if not any("class_type" in node for node in nodes.values()):
        return None
    # From the picture backwards: the first sampler that is met made the last pass.
    inputs = [(str(nodes[key].get("class_type", "")), _inputs(nodes[key])) for key in _walk(nodes)]
    last = next((found for _, found in inputs if "sampler_name" in found), {})
    models = (found.get("ckpt_name") or found.get("unet_name") for _, found in inputs)
    upscalers = (
        found.get("model_name") or found.get("upscale_method")
        for kind, found in inputs
        if "upscale" in kind.lower()
    )
    return GeneratorSettings(
        "comfyui", _word(next(filter(None, models), None)), _word(last.get("sampler_name")),
        _word(last.get("scheduler")), _word(next(filter(None, upscalers), None)),
        _number(last.get("steps")), _number(last.get("cfg")), _number(last.get("denoise")),
        _whole(last.get("seed", last.get("noise_seed"))),
    )  # fmt: skip


def _inputs(node: Mapping[str, object]) -> Mapping[str, object]:
    found = node.get("inputs")
    return found if isinstance(found, dict) else {}


def _walk(
    nodes: Mapping[str, Mapping[str, object]], start: Sequence[str] | None = None
) -> Iterator[str]:
    """Yield the nodes that lead to some others, nearest first; to a saved picture by default."""
    waiting = list(start or ())
    for kind in ("Save", "Preview") if start is None else ():
        waiting += [key for key, node in nodes.items() if kind in str(node.get("class_type"))]
    seen: dict[str, None] = {}
    while waiting and len(seen) < _MOST_NODES:
        key = waiting.pop(0)
        if key in seen or key not in nodes:
            continue
        seen[key] = None
        links = (one[0] for one in _inputs(nodes[key]).values() if isinstance(one, list) and one)
        waiting += [str(link) for link in links]
    yield from seen


def _invokeai(texts: Mapping[str, str]) -> GeneratorSettings | None:
    document = _object(texts.get("invokeai_metadata")) or _object(texts.get("sd-metadata"))
    if not document:
        return None
    image = document.get("image")
    inner = image if isinstance(image, dict) else document
    model = inner.get("model") or document.get("model_weights")
    if isinstance(model, dict):
        model = model.get("name") or model.get("model_name")
    return GeneratorSettings(
        "invokeai", _word(model), _word(inner.get("scheduler") or inner.get("sampler")), "",
        _word(inner.get("upscaler")), _number(inner.get("steps")), _number(inner.get("cfg_scale")),
        _number(inner.get("strength")), _whole(inner.get("seed")),
    )  # fmt: skip


def _object(text: str | None) -> dict[str, object]:
    try:
        found = json.loads(text) if text and text.lstrip().startswith("{") else None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _word(value: object) -> str:
    """Return a name that every file can hold."""
    text = value if isinstance(value, str) else ""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:_LONGEST]


def _number(value: object) -> float | None:
    try:
        found = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _whole(value: object) -> int | None:
    found = _number(value)
    if found is None or isinstance(value, bool) or found != int(found) or abs(found) >= 2**63:
        return None
    return int(str(value)) if re.fullmatch(r"-?\d{1,19}", str(value)) else int(found)


def settings_path(workspace: Workspace) -> Path:
    """Return the file in which settings that were read are kept."""
    return workspace.sandbox / "generator_settings.jsonl"


def generator_settings(workspace: Workspace, index: pd.DataFrame) -> pd.DataFrame | None:
    """Return the settings of stored pictures, each file opened once.

    Parameters
    ----------
    workspace : Workspace
        Where the pictures lie.
    index : DataFrame
        Columns path, file_size and mtime_ns, as of `prefml.sidecars.store.Sidecars`.

    Returns
    -------
    DataFrame of shape (n_pictures, n_settings) or None
        Columns `WORDS`, `NUMBERS` and `seed`, a row for each picture, empty where its file is gone
        or another one and nothing was kept of it; None where no picture says anything.
    """
    columns = [index[name].tolist() for name in ("path", "file_size", "mtime_ns")]
    images = [ImageFile("", "", *stamp) for stamp in zip(*columns, strict=True)]
    reader = Reader(GeneratorSettings, read_settings)
    with kept_readings(workspace.root, settings_path(workspace), reader) as readings:
        found = readings.of_unchanged(images)
    if not any(row.tool for row in found.values()):
        return None
    none = GeneratorSettings()
    return settings_frame([found.get(image.path, none) for image in images])


def settings_frame(settings: Iterable[GeneratorSettings]) -> pd.DataFrame:
    """Return settings as a table.

    Parameters
    ----------
    settings : iterable of GeneratorSettings
        One for each picture.

    Returns
    -------
    DataFrame of shape (n_pictures, n_settings)
        Columns `WORDS`, `NUMBERS`, NaN where unknown, and `seed`.
    """
    rows = [msgspec.structs.asdict(one) for one in settings]
    frame = pd.DataFrame(rows, columns=[*WORDS, *NUMBERS, "seed"])
    return frame.astype(dict.fromkeys(NUMBERS, float))


def with_settings(workspace: Workspace, sidecars: Sidecars) -> Sidecars:
    """Return sidecars with the settings of the generator that made their pictures.

    Parameters
    ----------
    workspace : Workspace
        Where the pictures lie.
    sidecars : Sidecars
        Rows of pictures.

    Returns
    -------
    Sidecars
        Its `settings` are None where no picture says anything.
    """
    return replace(sidecars, settings=generator_settings(workspace, sidecars.index))
