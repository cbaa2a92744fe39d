"""Deduplicate rows, and scale boxes by image sizes from other rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from prefml.boxes import Size, as_fractions
from prefml.decisions.quarantine import Refusal, refusal_of
from prefml.decisions.records import Crop, Row
from prefml.exceptions import BoxError

__all__ = ["OTHER_WINNER", "ImageSize", "deduplicate_crops", "deduplicate_sets"]

ImageSize = Callable[[str, str], Size | None]
"""(project, file name) -> width and height in pixels, or None."""

OTHER_WINNER = "another decision under the same key"
"""Beginning of the refusal of such a repeat."""

_Key = tuple[str, ...]
_LAST = datetime.max.replace(tzinfo=UTC)


def deduplicate_sets(rows: Iterable[Row]) -> None:
    """Refuse sets that repeat an earlier row; the first in the order of the rows stays.

    Parameters
    ----------
    rows : iterable of Row
        Changed in place. A repeat has the same project, session and set_id, or the same images
        with the same winner; another winner under another key is another decision. Of two winners
        under one key the first counts, and the refusal says that the other differs.
    """
    by_key: dict[_Key, Row] = {}
    by_content: dict[tuple[object, ...], Row] = {}
    for row in rows:
        part = row.choice or row.rejection
        if part is None:
            continue
        key = (row.project, part.session_id, part.set_id or f"{row.source}:{row.line}")
        content = _content(row)
        first = by_key.get(key) or by_content.get(content)
        if first is not None:
            differs = "" if _content(first) == content else f"{OTHER_WINNER}, "
            row.choice = row.rejection = None
            place = f"{first.source}:{first.line}"
            row.refusals.append(Refusal("repeat_set", f"{differs}first in {place}"))
            continue
        by_key[key] = by_content[content] = row


def _content(row: Row) -> tuple[object, ...]:
    if row.choice is None:
        paths = row.rejection.paths if row.rejection else ()
        return row.project, None, frozenset(map(row.name, paths))
    winner = row.name(row.choice.paths[row.choice.chosen])
    return row.project, winner, frozenset(map(row.name, row.choice.paths))


def deduplicate_crops(rows: Iterable[Row], image_size: ImageSize | None = None) -> None:
    """Scale every box to fractions, and refuse repeats and boxes that cannot be used.

    The first crop of a (project, file name) stays, by the time of the decision; at the same
    moment a row with a size comes before one without, then the order of the rows
    counts. The tool that wrote the logs cropped in place, so a later crop is one of the cropped
    file.

    Parameters
    ----------
    rows : iterable of Row
        Changed in place.
    image_size : callable, optional
        Last resort for a missing size, called with project and file name.
    """
    cropped = [(row, row.crop) for row in rows if row.crop is not None]
    cropped.sort(key=lambda pair: (pair[0].when or _LAST, pair[1].size is None))
    sizes = _first_sizes(cropped)
    taken: dict[_Key, Row] = {}
    for row, crop in cropped:
        key = _key(row, crop)
        size = crop.size or sizes.get(key) or _picture_size(crop, key, image_size)
        first = taken.get(key)
        refusal = (
            Refusal("repeat_crop", f"first in {first.source}:{first.line}")
            if first
            else _scale(row, crop, size)
        )
        if refusal is None:
            taken[key] = row
        else:
            row.crop = None
            row.refusals.append(refusal)


def _key(row: Row, crop: Crop) -> tuple[str, str]:
    return row.project, row.name(crop.path)


def _first_sizes(cropped: Sequence[tuple[Row, Crop]]) -> dict[_Key, Size]:
    sizes: dict[_Key, Size] = {}
    for row, crop in cropped:
        if crop.size:
            sizes.setdefault(_key(row, crop), crop.size)
    return sizes


def _picture_size(crop: Crop, key: tuple[str, str], image_size: ImageSize | None) -> Size | None:
    """Look up a picture's size, unless it is the crop itself: files were cropped in place."""
    size = image_size(*key) if image_size else None
    if size is None or not crop.may_be_pixels:
        return size
    x1, y1, x2, y2 = crop.box
    outside = x2 > size[0] + 1 or y2 > size[1] + 1
    is_the_crop = abs(x2 - x1 - size[0]) <= 1 and abs(y2 - y1 - size[1]) <= 1
    return None if outside or is_the_crop else size


def _scale(row: Row, crop: Crop, size: Size | None) -> Refusal | None:
    """Put the scaled box into the row, or return the reason why there is none."""
    if size is None and crop.may_be_pixels:
        return Refusal("unknown_size", crop.path)
    try:
        box = as_fractions(crop.box, size, crop.may_be_pixels)
    except BoxError as error:
        return refusal_of(error)
    row.crop = crop._replace(box=box, size=size)
    return None
