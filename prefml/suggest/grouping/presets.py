"""Describe the names that cameras and generators write, each with where the form was read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from prefml.exceptions import ConfigError
from prefml.suggest.grouping.clock import SECOND, last_number, time_in
from prefml.suggest.grouping.suffixes import UUID

__all__ = ["PRESETS", "NamePlace", "Preset", "chosen_presets", "place_name"]

_IMMICH = "simulot/immich-go, internal/filenames"


@dataclass(frozen=True)
class Preset:
    """Form of the names of one source.

    Attributes
    ----------
    name : str
        The source.
    kind : {"id", "time", "seed"}
        What tells sets: a part of the name, a pause, or consecutive seeds.
    form : re.Pattern
        Of the whole name without ending.
    read_in : str
        Where the form was read.
    gap : int or None
        Longest pause inside a set in microseconds; None: found from the pauses themselves.
    is_burst : bool
        Whether the names are those of a camera's bursts.
    """

    name: str
    kind: str
    form: re.Pattern[str]
    read_in: str
    gap: int | None = None
    is_burst: bool = False


def _preset(
    name: str, kind: str, form: str, read_in: str, gap: int | None = None, is_burst: bool = False
) -> Preset:
    return Preset(name, kind, re.compile(form, re.IGNORECASE), read_in, gap, is_burst)


PRESETS = (
    _preset("huawei", "id", r"(?P<set>IMG_\d{8}_\d{6})_BURST(?P<number>\d+)(?:_\w+)?",
            f"{_IMMICH}/huawei.go", is_burst=True),
    _preset("xperia", "id", r"DSC_(?P<number>\d+)_(?P<set>BURST\d+)(?:\D+)?",
            f"{_IMMICH}/sony_xperia.go", is_burst=True),
    _preset("nexus", "id", r"(?P<number>\d+)\D+_\d+_(?P<set>BURST\d+)(?:\D+)?",
            f"{_IMMICH}/nexus.go", is_burst=True),
    _preset("samsung", "id", r"(?P<set>\d{8}_\d{6})_(?P<number>\d{3})",
            f"{_IMMICH}/samsung.go", is_burst=True),
    _preset("pixel", "time", r"PXL_\d{8}_\d{9}(?:[.~].*)?",
            f"{_IMMICH}/pixel.go", gap=SECOND, is_burst=True),
    _preset("midjourney", "id", rf".*?(?P<set>{UUID})_(?P<number>[0-3])",
            "names of downloads from midjourney.com and its Discord bot"),
    _preset("dalle", "time", r"DALL.E \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d(?: ?- ?(?P<set>.*))?",
            "names of downloads from labs.openai.com and ChatGPT"),
    _preset("chatgpt", "time", r"ChatGPT Image .*", "names of downloads from ChatGPT"),
    _preset("fooocus", "time", r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_\d{4}",
            "lllyasviel/Fooocus, modules/util.py"),
    _preset("a1111", "seed", r"(?P<number>\d{5,})-(?P<seed>\d{1,20})(?:-(?P<set>.*))?",
            "AUTOMATIC1111/stable-diffusion-webui, modules/images.py"),
)  # fmt: skip


@dataclass(frozen=True)
class NamePlace:
    """Facts that a name tells of the set of its picture.

    Attributes
    ----------
    preset : Preset
        The source.
    set : str
        Part of the name that pictures of a set share; empty where a place alone tells.
    at : int
        Microseconds, a seed or a number.
    """

    preset: Preset
    set: str
    at: int


def chosen_presets(name: str) -> tuple[Preset, ...]:
    """Return the preset of a source, or all of them.

    Parameters
    ----------
    name : str
        The source; empty for all.

    Returns
    -------
    tuple of Preset

    Raises
    ------
    ConfigError
        If there is no preset of that name.
    """
    found = tuple(preset for preset in PRESETS if name in ("", preset.name))
    if not found and name != "suffix":
        known = ", ".join([*(preset.name for preset in PRESETS), "suffix"])
        raise ConfigError(f"[sets] preset = {name!r}", f"one of {known}")
    return found


def place_name(stem: str, presets: tuple[Preset, ...] = PRESETS) -> NamePlace | None:
    """Read what a file name says of its set, by the first preset that it fits.

    Parameters
    ----------
    stem : str
        The name without its ending.
    presets : tuple of Preset, optional
        Forms to try.

    Returns
    -------
    NamePlace or None
        None if it fits none, or its time is one that no clock shows.
    """
    for preset in presets:
        found = preset.form.fullmatch(stem)
        if found:
            at = _place(preset, found, stem)
            if at is not None:
                return NamePlace(preset, (found.groupdict().get("set") or "").lower(), at)
    return None


def _place(preset: Preset, found: re.Match[str], stem: str) -> int | None:
    if preset.kind == "time":
        return time_in(stem)
    if preset.kind == "seed":
        return int(found["seed"])
    return last_number(found["number"])
