"""Read what generators and cameras wrote into a picture: seed, prompt, job, time.

Sources: modules/images.py and modules/infotext_utils.py of AUTOMATIC1111's stable-diffusion-webui,
nodes.py of ComfyUI (SaveImage), invokeai/app/services/image_files of InvokeAI,
modules/meta_parser.py of Fooocus; Exif 2.32 for times.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PIL import ExifTags

from prefml.exceptions import ImageError
from prefml.sidecars.metadata import read_metadata, texts_of
from prefml.suggest.grouping.clock import microseconds

__all__ = ["PictureFacts", "read_facts"]

_SEED = re.compile(r"\bSeed: (\d{1,20})\b")
_JOB = re.compile(r"Job ID:\s*([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
_BURST = re.compile(rb"GCamera:BurstID(?:=\"|>)([\w-]{1,64})")
_SEED_KEYS = ("seed", "noise_seed")
# Of a graph, what differs between pictures of one prompt.
_NOT_PROMPT = (*_SEED_KEYS, "filename_prefix", "control_after_generate")


@dataclass(frozen=True)
class PictureFacts:
    """Facts that stand in a picture's file beside its pixels.

    Attributes
    ----------
    tool : str
        Generator that wrote them: a1111, comfyui, invokeai, fooocus, midjourney; else empty.
    prompt : str
        Hash of what pictures of one prompt share.
    seed : int or None
        Seed of the generator.
    job : str
        Id of the job or the burst that made it.
    taken : int or None
        EXIF time with sub-seconds, in microseconds since 1970 on the camera's clock.
    camera : str
        Make and model.
    is_extra : bool
        Whether A1111's Extras tab made it of another picture.
    """

    tool: str = ""
    prompt: str = ""
    seed: int | None = None
    job: str = ""
    taken: int | None = None
    camera: str = ""
    is_extra: bool = False


def read_facts(path: Path) -> PictureFacts:
    """Read the facts of a picture without decoding it.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    PictureFacts
        Empty where the file is none that can be read, or holds nothing that is known.
    """
    try:
        read = read_metadata(path)
    except ImageError:
        # That picture has no facts, and decoding names the fault.
        return PictureFacts()
    exif, details, texts = read.exif, read.details, texts_of(read)
    try:
        told = next(_generators(texts), PictureFacts())
    except RecursionError:
        # A graph that nobody's nodes make.
        told = PictureFacts()
    burst = _BURST.search(read.xmp)
    return PictureFacts(
        told.tool, told.prompt, told.seed, told.job or (burst[1].decode() if burst else ""),
        _taken(details), _printable(" ".join(str(exif.get(tag, "")) for tag in (271, 272))),
        not {"extras", "postprocessing"}.isdisjoint(texts),
    )  # fmt: skip


def _printable(text: str) -> str:
    """Return a text without what no file of JSON lines may hold."""
    return "".join(letter for letter in text if letter.isprintable()).strip()


def _generators(texts: Mapping[str, str]) -> Iterator[PictureFacts]:
    """Yield what each generator's own fields say, the most telling first."""
    for value in texts.values():
        job = _JOB.search(value)
        if job:
            yield PictureFacts("midjourney", job=job[1].lower())
    for key in ("invokeai_metadata", "sd-metadata"):
        document = _object(texts.get(key))
        if document:
            yield _from_invokeai(document)
    graph = _object(texts.get("prompt"))
    if graph and any(isinstance(node, dict) and "class_type" in node for node in graph.values()):
        yield PictureFacts("comfyui", _digest(_without_seeds(graph)), _first_seed(graph))
    parameters = texts.get("parameters", "")
    document = _object(parameters)
    if document and "seed" in document:
        words = [document.get("prompt"), document.get("negative_prompt")]
        yield PictureFacts("fooocus", _digest(words), _whole(document["seed"]))
    elif found := _SEED.search(parameters):
        tool = "fooocus" if "Version: Fooocus" in parameters else "a1111"
        yield PictureFacts(tool, _digest(_infotext_prompt(parameters)), int(found[1]))


def _from_invokeai(document: Mapping[str, object]) -> PictureFacts:
    image = document.get("image")
    inner = image if isinstance(image, dict) else document
    words = [inner.get(key) for key in ("positive_prompt", "negative_prompt", "prompt", "model")]
    return PictureFacts("invokeai", _digest(words), _whole(inner.get("seed")))


def _infotext_prompt(text: str) -> str:
    """Return the prompts of an infotext: all before the line of settings."""
    return re.split(r"\n?^Steps: ", text, maxsplit=1, flags=re.MULTILINE)[0].strip()


def _object(text: str | None) -> dict[str, object] | None:
    if not text or not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _without_seeds(value: object) -> object:
    """Return a graph without what differs between pictures of one prompt."""
    if isinstance(value, dict):
        kept = ((key, one) for key, one in value.items() if key not in (*_NOT_PROMPT, "_meta"))
        return {key: _without_seeds(one) for key, one in kept}
    return [_without_seeds(one) for one in value] if isinstance(value, list) else value


def _first_seed(graph: Mapping[str, object]) -> int | None:
    for _, node in sorted(graph.items()):
        inputs = node.get("inputs") if isinstance(node, dict) else None
        values = inputs if isinstance(inputs, dict) else {}
        seeds = (_whole(values.get(key)) for key in _SEED_KEYS)
        found = next((seed for seed in seeds if seed is not None), None)
        if found is not None:
            return found
    return None


def _whole(value: object) -> int | None:
    """Return a whole number from a number or its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,20}", value) else None


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _taken(details: Mapping[int, object]) -> int | None:
    """Return the time of exposure with its sub-seconds."""
    text = str(details.get(ExifTags.Base.DateTimeOriginal, "")).strip("\0 ")
    fraction = str(details.get(ExifTags.Base.SubsecTimeOriginal, "")).strip("\0 ")
    try:
        when = datetime.strptime(text, "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return microseconds(when) + (int(f"{fraction:0<6}"[:6]) if fraction.isdecimal() else 0)
