"""Form sets of bursts, the rule `burst`: a burst's name, or times without a gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prefml.decisions.set_rule import SetRule
from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping.chains import Placed, group_placed
from prefml.suggest.grouping.clock import SECOND, time_in
from prefml.suggest.grouping.facts import PictureFacts
from prefml.suggest.grouping.outcome import Grouping, Lone
from prefml.suggest.grouping.paths import folder_of, stem_of
from prefml.suggest.grouping.presets import PRESETS, place_name

__all__ = ["BURSTS", "TIMELESS", "group_by_time"]

# Names that carry the id of a burst, or its times.
BURSTS = tuple(preset for preset in PRESETS if preset.is_burst)
TIMELESS = "no time in its EXIF and none in its name"
_LONELY = "no other picture within the gap"


def group_by_time(
    images: Sequence[ImageFile], rule: SetRule, facts: Mapping[str, PictureFacts]
) -> Grouping:
    """Form sets of pictures of one burst.

    Parameters
    ----------
    images : sequence of ImageFile
        Pictures of any projects, without by-products.
    rule : SetRule
        The longest gap, one second by default, and the most.
    facts : mapping of str to PictureFacts
        By path: EXIF times, cameras and ids of bursts.

    Returns
    -------
    Grouping
        Pictures of two folders or two cameras are never in one burst.
    """
    gap = round((1.0 if rule.max_gap is None else rule.max_gap) * SECOND)
    placed, alone = [], []
    for image in images:
        one = _placed(image, facts.get(image.path, PictureFacts()), gap)
        if isinstance(one, Placed):
            placed.append(one)
        else:
            alone.append(one)
    made = group_placed(placed, "burst", rule.most)
    made.alone.extend(alone)
    return made


def _placed(image: ImageFile, facts: PictureFacts, gap: int) -> Placed | Lone:
    folder, stem = folder_of(image.path), stem_of(image.path)
    named = place_name(stem, BURSTS)
    if named is not None:
        # A name counts milliseconds where many cameras' EXIF counts seconds.
        limit = gap if named.preset.kind == "time" else None
        return Placed(image, (folder, named.preset.name, named.set), named.at, limit, _LONELY)
    if facts.job and not facts.tool:
        return Placed(image, (folder, "job", facts.job), facts.taken or 0, None, _LONELY)
    if facts.taken is not None:
        return Placed(image, (folder, "exif", facts.camera), facts.taken, gap, _LONELY)
    when = time_in(stem)
    if when is not None:
        return Placed(image, (folder, "name"), when, gap, _LONELY)
    return Lone(image, TIMELESS)
