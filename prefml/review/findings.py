"""Say in sentences what the models learned of a person, how that changes, and where it fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from prefml.exceptions import counted

__all__ = ["Block", "Finding", "read_findings"]

_MOST, _FEWEST = 5, 10


class Finding(Struct, frozen=True):
    """Part of what a person can learn from a report.

    Attributes
    ----------
    title : str
        What it is about.
    lines : list of str
        Sentences.
    """

    title: str
    lines: list[str]


class Block(Struct, frozen=True):
    """Agreement in a run of sets, as `prefml status --json` prints it.

    Attributes
    ----------
    share : float or None
        The share.
    n : int
        Sets.
    """

    share: float | None = None
    n: int = 0


class _Scores(Struct):
    top1: float | None = None
    top1_ci: tuple[float | None, float | None] = (None, None)
    lower_stage_top1: float | None = None
    other_top1: float | None = None


class _Part(Struct):
    sets: int = 0
    top1: dict[str, float | None] = {}


class _Said(Struct):
    words: str = ""


class _Ranker(Struct):
    sets: int = 0
    lower_stage_sets: int = 0
    models: dict[str, _Scores] = {}
    by_project: dict[str, _Part] = {}
    by_set_size: dict[str, _Part] = {}
    by_stage_choice: dict[str, _Part] = {}
    importances: dict[str, float] = {}
    preferences: list[_Said] = []
    over_time: _Said | None = None
    weak_spots: list[_Said] | None = None


class _Crop(Struct):
    habits: list[str] = []


class _Metrics(Struct):
    ranker: _Ranker | None = None
    crop: _Crop | None = None


def read_findings(metrics: Path, over_time: Sequence[Block] = ()) -> list[Finding]:
    """Read what a report says of a person.

    Parameters
    ----------
    metrics : Path
        `metrics.json` of `prefml evaluate`.
    over_time : sequence of Block
        Agreement with suggestions, the oldest first.

    Returns
    -------
    list of Finding
        Parts of which nothing is known are left out.
    """
    try:
        read = msgspec.json.decode(metrics.read_bytes(), type=_Metrics)
    except (OSError, msgspec.DecodeError):
        read = _Metrics()
    ranker, crop = read.ranker or _Ranker(), read.crop or _Crop()
    shares = [f"{block.share:.0%}" for block in over_time[-8:] if block.share is not None]
    words = "You decided as suggested, in blocks of 50 sets, the oldest first:"
    changed = [ranker.over_time.words] if ranker.over_time and ranker.over_time.words else []
    parts = (
        ("What your choices go by", _learned(ranker)),
        ("Over time", [*changed, *([f"{words} {', '.join(shares)}."] if shares else [])]),
        ("How you crop", crop.habits),
        ("Where it fails", _fails(ranker)),
    )
    found = [Finding(title, list(lines)) for title, lines in parts]
    return [one for one in found if one.lines]


def _learned(ranker: _Ranker) -> Iterator[str]:
    own = ranker.models.get("prefml")
    if own is not None and own.top1 is not None:
        low, high = own.top1_ci
        range_of = "" if low is None or high is None else f", between {low:.0%} and {high:.0%}"
        yield (
            f"Of {counted(ranker.sets, 'set')} that it had not seen, the picture it ranks first is "
            f"the one you chose in {own.top1:.0%}{range_of}."
        )
    yield from (f"{one.words}." for one in ranker.preferences if one.words)
    shares = sorted(ranker.importances.items(), key=lambda item: -item[1])[:_MOST]
    total = sum(max(share, 0) for share in ranker.importances.values())
    named = [f"{name} ({share / total:.0%})" for name, share in shares if total and share > 0]
    if named:
        yield f"What tells your choice from the others of a set, by weight: {', '.join(named)}."


def _fails(ranker: _Ranker) -> Iterator[str]:
    own = ranker.models.get("prefml")
    if own is not None and own.lower_stage_top1 is not None and own.other_top1 is not None:
        yield (
            f"Where you chose a lower stage it is right in {own.lower_stage_top1:.0%} of "
            f"{counted(ranker.lower_stage_sets, 'set')}, elsewhere in {own.other_top1:.0%}."
        )
    if ranker.weak_spots is not None:
        # What is tested goes before what is merely least.
        yield from (f"{one.words}." for one in ranker.weak_spots)
        if not ranker.weak_spots and own is not None:
            yield "Nowhere less right than elsewhere beyond chance."
        return
    for what, parts in (
        ("project", ranker.by_project),
        ("sets by number of pictures", ranker.by_set_size),
        ("sets by what was chosen", ranker.by_stage_choice),
    ):
        yield from _weakest(what, parts)


def _weakest(what: str, parts: Mapping[str, _Part]) -> Iterator[str]:
    """Name the part that fails most, of those with sets enough to say so."""
    known = [
        (right, name, part.sets)
        for name, part in parts.items()
        if (right := part.top1.get("prefml")) is not None and part.sets >= _FEWEST
    ]
    if len(known) > 1:
        right, name, sets = min(known)
        yield f"Least right, {what}: {name}, {right:.0%} of {counted(sets, 'set')}."
