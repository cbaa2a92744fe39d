"""Read `prefml.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from prefml.exceptions import ConfigError

__all__ = ["CONFIG_NAME", "MOST", "RULES", "UNSURE_CROPS", "Config", "read_config"]

CONFIG_NAME = "prefml.toml"
# Rules of what makes a set, see `prefml.decisions.set_rule`, and pictures of a set at most.
RULES = ("auto", "stages", "folder", "name", "metadata", "burst", "similar", "table")
MOST = 12
# What approving a set does with a crop that is stated as unsure.
UNSURE_CROPS = ("ask", "crop", "whole")


@dataclass(frozen=True)
class Config:
    """Settings of a workspace, as `prefml.toml` gives them; every entry has a default.

    Attributes
    ----------
    encoder : str or None
        `builtin`, `clip`, `open_clip:MODEL/PRETRAINED`, or a folder with an `encoder.json`
        (relative to the workspace). None: the one that made the sidecars, else `clip`.
    sidecar : str or None
        Place of the sidecars: a folder relative to the workspace, or a URL of another place
        (`file:///...`, `s3://...`). None: `data/sidecar`.
    image_roots : tuple of str
        Folders that hold pictures, relative to the workspace. Empty: `images`, `training data`,
        every top-level folder named exactly like a project, `new`, and where `prefml apply` puts
        reviewed pictures.
    max_pixels : int
        Pictures with more pixels than this are reported and skipped.
    aliases : mapping of str to str
        Folder name as it occurs -> project id.
    suffixes : tuple of str
        Suffixes a project folder may carry (`x_final` is `x`).
    rule : str or None
        Name of what makes a set of new pictures, see `prefml.decisions.set_rule`; None: `auto`.
    stages : tuple of str
        Stage words in file names, the lowest first; empty: those that prefml knows.
    expression, preset, table : str or None
        Settings of the rules `name` and `table`.
    max_gap : float or None
        Seconds between neighbouring pictures that end a set of new pictures; None: as the rule
        says.
    most : int or None
        Pictures that a set has at most; None: 12.
    cosine, window : float or None
        Settings of the rule `similar`.
    reask : float
        Share of decided sets that are silently asked again by `prefml suggest`, from 0 to 1; the
        answers show how consistent the person is.
    audit : float
        Share of a bulk approval that is asked about one by one with the suggestion hidden, from 0
        to 1, at least 20 sets if there are as many, else all; 0 asks about none.
    unsure_crop : {"ask", "crop", "whole"}
        What a key that keeps a picture does with a suggested crop that is stated as unsure: shows
        it and asks for the frame first, takes it, or keeps the picture whole.
    policy : mapping
        The person's crop rules, see `prefml.cropping.policy`.
    marks : str or None
        Name of the table of what marks mean in another program, see `prefml.apply.picks`; None:
        `lightroom`.
    winner_marks, loser_marks : mapping
        What that table says otherwise of pictures that were kept and rejected.
    """

    encoder: str | None = None
    sidecar: str | None = None
    image_roots: tuple[str, ...] = ()
    max_pixels: int = 150_000_000
    aliases: Mapping[str, str] = field(default_factory=dict)
    suffixes: tuple[str, ...] = ("_final", "_raw")
    rule: str | None = None
    stages: tuple[str, ...] = ()
    expression: str | None = None
    preset: str | None = None
    table: str | None = None
    max_gap: float | None = None
    most: int | None = None
    cosine: float | None = None
    window: float | None = None
    reask: float = 0.02
    audit: float = 0.05
    unsure_crop: str = "ask"
    policy: Mapping[str, object] = field(default_factory=dict)
    marks: str | None = None
    winner_marks: Mapping[str, object] = field(default_factory=dict)
    loser_marks: Mapping[str, object] = field(default_factory=dict)


_EntryType: TypeAlias = type | tuple[type, ...]
_KIND_NAMES: Mapping[_EntryType, str] = {
    str: "text", list: "list of texts", dict: "table", int: "whole number", (int, float): "number",
}  # fmt: skip
# Where each entry stands in the file: section ("" is the top level), key, and its type.
_ENTRIES: Mapping[str, tuple[str, str, _EntryType]] = {
    "encoder": ("", "encoder", str),
    "sidecar": ("", "sidecar", str),
    "image_roots": ("images", "roots", list),
    "max_pixels": ("images", "max_pixels", int),
    "aliases": ("projects", "aliases", dict),
    "suffixes": ("projects", "suffixes", list),
    "rule": ("sets", "rule", str),
    "stages": ("sets", "stages", list),
    "expression": ("sets", "expression", str),
    "preset": ("sets", "preset", str),
    "table": ("sets", "table", str),
    "max_gap": ("sets", "max_gap", (int, float)),
    "most": ("sets", "most", int),
    "cosine": ("sets", "cosine", (int, float)),
    "window": ("sets", "window", (int, float)),
    "reask": ("suggest", "reask", (int, float)),
    "audit": ("review", "audit", (int, float)),
    "unsure_crop": ("review", "unsure_crop", str),
    "policy": ("crop", "policy", dict),
    "marks": ("picks", "preset", str),
    "winner_marks": ("picks", "winner", dict),
    "loser_marks": ("picks", "loser", dict),
}


def read_config(path: Path) -> Config:
    """Read a `prefml.toml`; a file that does not exist gives the defaults.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Config

    Raises
    ------
    ConfigError
        If the file is not TOML, has an unknown entry, or an entry of the wrong type.
    """
    if not path.exists():
        return Config()
    if not path.is_file():
        raise ConfigError(f"{path} is not a regular file", "a TOML file", "correct the file")
    document = _parse(path)
    _refuse_unknown(document, path)
    values: dict[str, Any] = {}
    for name, (section, key, kind) in _ENTRIES.items():
        holder = document.get(section, {}) if section else document
        if key in holder:
            values[name] = _checked(holder[key], kind, f"{section}.{key}".lstrip("."), path)
    return Config(**values)


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except (ValueError, OSError, RecursionError) as error:
        # ValueError also where tomllib lets a number of thousands of digits through to int().
        raise ConfigError(f"{path}: {error}", "a TOML file", "correct the file") from error


def _refuse_unknown(document: Mapping[str, object], path: Path) -> None:
    sections = {section for section, _, _ in _ENTRIES.values() if section}
    known = {f"{section}.{key}".lstrip(".") for section, key, _ in _ENTRIES.values()}
    for name, value in document.items():
        entries = [name]
        if name in sections:
            if not isinstance(value, dict):
                raise ConfigError(f"{path}: {name} = {value!r}", f"a section [{name}]")
            entries = [f"{name}.{key}" for key in value]
        for entry in entries:
            if entry not in known:
                raise ConfigError(
                    f"{path}: unknown entry {entry!r}", f"one of {', '.join(sorted(known))}"
                )


def _checked(value: object, kind: _EntryType, name: str, path: Path) -> object:
    if isinstance(value, bool) or not isinstance(value, kind):
        raise ConfigError(f"{path}: {name} = {value!r}", f"a {_KIND_NAMES[kind]}")
    if isinstance(value, list):
        return tuple(_checked(item, str, f"{name}[]", path) for item in value)
    if isinstance(value, dict) and name == "projects.aliases":
        return {key: _checked(item, str, f"{name}.{key}", path) for key, item in value.items()}
    if isinstance(value, int | float):
        _refuse_out_of_range(value, name, path)
    if name == "review.unsure_crop" and value not in UNSURE_CROPS:
        raise ConfigError(f"{path}: {name} = {value!r}", f"one of {', '.join(UNSURE_CROPS)}")
    return value


def _refuse_out_of_range(value: float, name: str, path: Path) -> None:
    if name in ("suggest.reask", "review.audit"):
        if not 0 <= value <= 1:
            raise ConfigError(f"{path}: {name} = {value!r}", "a share from 0 to 1")
    elif not 0 < value < float("inf"):
        raise ConfigError(f"{path}: {name} = {value!r}", "a positive number")
