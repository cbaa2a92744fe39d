"""Form sets by file names, the rule `name`: an expression, known sources, or suffixes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from prefml.decisions.set_rule import SetRule
from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping.chains import Placed, group_placed
from prefml.suggest.grouping.clock import SECOND, time_in
from prefml.suggest.grouping.outcome import Grouping, Lone
from prefml.suggest.grouping.paths import stem_of
from prefml.suggest.grouping.pauses import natural_pause
from prefml.suggest.grouping.presets import (
    PRESETS,
    NamePlace,
    Preset,
    chosen_presets,
    place_name,
)
from prefml.suggest.grouping.suffixes import families

__all__ = ["group_by_name"]

# Share of a source's pictures that must share a prompt for prompts to tell sets.
_SHARED = 0.85
_LONELY = "no other picture has a name of the same set"


def group_by_name(images: Sequence[ImageFile], rule: SetRule) -> Grouping:
    """Form sets of pictures whose names say that they belong together.

    Parameters
    ----------
    images : sequence of ImageFile
        Pictures of any projects, without by-products.
    rule : SetRule
        An expression or a preset; without either every known source is tried, then the stem
        before the suffixes of editors and upscalers.

    Returns
    -------
    Grouping

    Raises
    ------
    ConfigError
        If there is no such preset.
    """
    if rule.expression:
        return _by_expression(images, rule)
    presets = chosen_presets(rule.preset)
    projects: dict[str, list[ImageFile]] = {}
    for image in images:
        projects.setdefault(image.project, []).append(image)
    placed, alone = [], []
    for members in projects.values():
        found = _placed_in_project(members, rule, presets)
        placed += [one for one in found if isinstance(one, Placed)]
        alone += [one for one in found if isinstance(one, Lone)]
    made = group_placed(placed, "name", rule.most)
    made.alone.extend(alone)
    return made


def _by_expression(images: Sequence[ImageFile], rule: SetRule) -> Grouping:
    placed, alone = [], []
    limit = None if rule.max_gap is None else round(rule.max_gap * SECOND)
    for image in images:
        found = rule.match(image.path)
        parts = {} if found is None else found.groupdict()
        if parts.get("set") is None:
            alone.append(Lone(image, "its name does not fit the expression"))
            continue
        at = 0
        if parts.get("time") is not None:
            when = time_in(str(parts["time"]))
            if when is None:
                alone.append(Lone(image, "no time can be read from its name"))
                continue
            at = when
        stage = rule.stage(image.path)
        order = (math.inf if stage is None else stage, str(parts.get("stage") or ""))
        limited = limit if "time" in parts else None
        placed.append(Placed(image, (str(parts["set"]),), at, limited, _LONELY, order))
    made = group_placed(placed, "name", rule.most)
    made.alone.extend(alone)
    return made


def _placed_in_project(
    images: Sequence[ImageFile], rule: SetRule, presets: tuple[Preset, ...]
) -> list[Placed | Lone]:
    stems = [stem_of(image.path) for image in images]
    bases = families(stems)
    read = [place_name(stem, presets) or place_name(bases[stem], presets) for stem in stems]
    known = [place for place in read if place is not None]
    pauses, shared = _pauses(known, rule), _shared_parts(known)
    found: list[Placed | Lone] = []
    for image, stem, place in zip(images, stems, read, strict=True):
        if place is not None:
            key = (place.preset.name, place.set if place.preset.name in shared else "")
            found.append(Placed(image, key, place.at, pauses.get(place.preset.name), _LONELY))
        elif rule.preset in ("", "suffix"):
            found.append(Placed(image, ("suffix", bases[stem]), lonely=_LONELY))
        else:
            found.append(Lone(image, f"its name is none of {rule.preset}"))
    return found


def _shared_parts(read: Sequence[NamePlace]) -> set[str]:
    """Name the presets whose names share the part that tells sets.

    Where a time is in the name, too, each picture may have a prompt of its own.
    """
    shared = {place.preset.name for place in read if place.preset.kind != "time"}
    for preset in {place.preset for place in read} - {p for p in PRESETS if p.name in shared}:
        counts = Counter(place.set for place in read if place.preset is preset)
        if sum(n for n in counts.values() if n > 1) >= _SHARED * counts.total():
            shared.add(preset.name)
    return shared


def _pauses(read: Sequence[NamePlace], rule: SetRule) -> dict[str, int | None]:
    """Return the longest distance inside a set for each preset: a pause, or a jump of seeds."""
    pauses: dict[str, int | None] = {}
    for preset in {place.preset for place in read}:
        if preset.kind == "id":
            pauses[preset.name] = None
        elif preset.kind == "seed":
            # The pictures of a batch have consecutive seeds, and some of them may be gone.
            pauses[preset.name] = rule.most - 1
        elif rule.max_gap is not None:
            pauses[preset.name] = round(rule.max_gap * SECOND)
        else:
            times = [place.at for place in read if place.preset is preset]
            pauses[preset.name] = preset.gap or natural_pause(times)
    return pauses
