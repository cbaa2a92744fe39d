"""Say which marks of another program mean that a picture was kept or rejected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from prefml.decisions.xmp import Name, new_packet, read_packet
from prefml.decisions.xmp.marks import FIELDS, read_marks
from prefml.exceptions import ConfigError, ForeignFileError
from prefml.workspace import Config

__all__ = ["PRESETS", "MarkTable", "mark_table"]


@dataclass(frozen=True)
class MarkTable:
    """Marks of pictures that were kept and rejected.

    Attributes
    ----------
    winner, loser : mapping of Name to str or None
        Properties and their values; None removes one.
    by_stem : bool
        Whether a new sidecar is called `a.xmp` where no other picture has the stem, as Adobe's
        programs look for it; else `a.png.xmp`.
    """

    winner: Mapping[Name, str | None]
    loser: Mapping[Name, str | None]
    by_stem: bool = False


def _properties(marks: Mapping[str, str]) -> dict[Name, str | None]:
    # A text that is empty takes the field away.
    return {FIELDS[field]: text or None for field, text in marks.items()}


PRESETS: Mapping[str, MarkTable] = {
    "darktable": MarkTable(_properties({"rating": "5"}), _properties({"rating": "-1"})),
    "digikam": MarkTable(
        _properties({"rating": "5", "pick_label": "3"}), _properties({"pick_label": "1"})
    ),
    "lightroom": MarkTable(
        _properties({"label": "Green", "pick": "1", "good": "True"}),
        _properties({"label": "Red", "pick": "-1", "good": "False"}),
        by_stem=True,
    ),
}
"""Tables of programs by their names."""


def mark_table(config: Config, preset: str | None = None) -> MarkTable:
    """Return the table of a workspace, checked.

    Parameters
    ----------
    config : Config
        Its settings: `preset`, `winner` and `loser` under `[picks]`.
    preset : str, optional
        A preset that goes before that of the settings.

    Returns
    -------
    MarkTable

    Raises
    ------
    ConfigError
        If there is no such preset, field or value.
    """
    name = preset or config.marks or "lightroom"
    if name not in PRESETS:
        raise ConfigError(f"[picks] preset = {name!r}", f"one of {', '.join(PRESETS)}")
    found = PRESETS[name]
    winner, loser = (
        {**given, **_stated(side, marks)}
        for side, given, marks in (
            ("winner", found.winner, config.winner_marks),
            ("loser", found.loser, config.loser_marks),
        )
    )
    return replace(found, winner=winner, loser=loser)


def _stated(side: str, marks: Mapping[str, object]) -> dict[Name, str | None]:
    texts = {}
    for field, value in marks.items():
        if field not in FIELDS or not isinstance(value, str | int):
            raise ConfigError(
                f"[picks.{side}] {field} = {value!r}", f"a text or number for {', '.join(FIELDS)}"
            )
        texts[field] = str(value)
        try:
            read_marks(read_packet(new_packet({FIELDS[field]: texts[field]})))
        except ForeignFileError as error:
            raise ConfigError(f"[picks.{side}] {field}: {error.found}", error.expected) from error
    return _properties(texts)
