"""Parse crop logs, version 1 (pixels, one to many images a row) and version 2 (fractions)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prefml.boxes import FULL_FRAME, read_corners, read_number, read_size
from prefml.decisions.documents import is_path
from prefml.decisions.projects import ProjectResolver, explicit_project
from prefml.decisions.quarantine import RowRefusedError
from prefml.decisions.records import Crop, ParsedRow
from prefml.decisions.selections import RowReader
from prefml.decisions.tables import named_fields
from prefml.decisions.times import parse_timestamp
from prefml.exceptions import counted

__all__ = ["crop_reader_v1", "crop_reader_v2"]

_BOX = ("crop_x1", "crop_y1", "crop_x2", "crop_y2")
_V1_START = (
    "session_id", "set_id", "directory", "image_count", "chosen_index", "chosen_path", *_BOX,
    "timestamp",
)  # fmt: skip
# A row of this length is session_id, directory, chosen_path, chosen_stage, x1, y1, x2, y2,
# timestamp, whatever the header says.
_PLACEHOLDER_FIELDS = 9


def v1_columns(images: int) -> tuple[str, ...]:
    """Return the columns of a version 1 row.

    Parameters
    ----------
    images : int
        How many images it describes: 1 gives 15 columns, 2 give 19.

    Returns
    -------
    tuple of str
    """
    groups = (
        (f"image_{i}_path", f"image_{i}_stage", f"width_{i}", f"height_{i}") for i in range(images)
    )
    return _V1_START + tuple(name for group in groups for name in group)


def crop_reader_v1(header: Sequence[str], resolver: ProjectResolver) -> RowReader | None:
    """Return a reader for the rows of a crop log, version 1.

    Parameters
    ----------
    header : sequence of str
        The column names of a file.
    resolver : ProjectResolver
        Finds the project of a row.

    Returns
    -------
    callable or None
        Fields -> `ParsedRow`, raising `RowRefusedError`. None if the header is that of no such log.
    """
    if not {"chosen_path", *_BOX} <= set(header):
        return None
    columns = tuple(header)

    def read(fields: Sequence[str]) -> ParsedRow:
        if len(fields) == _PLACEHOLDER_FIELDS != len(columns):
            raise RowRefusedError("placeholder", f"kept, not cropped: {fields[2]}")
        names = columns if len(fields) == len(columns) else _names_for(len(fields), columns)
        return _read_v1(named_fields(names, fields), resolver)

    return read


def _names_for(count: int, header: Sequence[str]) -> tuple[str, ...]:
    images, rest = divmod(count - len(_V1_START), 4)
    if images < 1 or rest or tuple(header[: len(_V1_START)]) != _V1_START:
        raise RowRefusedError(
            "wrong_fields", f"{counted(count, 'field')}, {counted(len(header), 'column')}"
        )
    return v1_columns(images)


def _read_v1(row: Mapping[str, str], resolver: ProjectResolver) -> ParsedRow:
    path = _image(row["chosen_path"])
    box = read_corners([row[name] for name in _BOX])
    when = parse_timestamp(row.get("timestamp"))
    chosen = f"{read_number(row.get('chosen_index', '0')):g}"
    size = read_size(row.get(f"width_{chosen}"), row.get(f"height_{chosen}"))
    if size is None and box == FULL_FRAME:
        raise RowRefusedError("placeholder", f"box 0,0,1,1 without an image size: {path}")
    others = [row[name] for name in row if name.startswith("image_") and name.endswith("_path")]
    paths = [path, *filter(None, others), f"{row.get('directory', '')}/"]
    match = resolver.resolve(paths, explicit_project(row), when)
    crop = Crop(row.get("session_id", ""), path, box, size, may_be_pixels=True)
    return ParsedRow(match, when, crop=crop, stated_time=row.get("timestamp"))


def crop_reader_v2(header: Sequence[str], resolver: ProjectResolver) -> RowReader | None:
    """Return a reader for the rows of a crop log, version 2.

    Parameters
    ----------
    header : sequence of str
        The column names of a file.
    resolver : ProjectResolver
        Finds the project of a row.

    Returns
    -------
    callable or None
        Fields -> `ParsedRow`, raising `RowRefusedError`. None if the header is that of no such log.
    """
    if not {"filename", "width", "height", *_BOX} <= set(header):
        return None

    def read(fields: Sequence[str]) -> ParsedRow:
        return _read_v2(named_fields(header, fields), resolver)

    return read


def _read_v2(row: Mapping[str, str], resolver: ProjectResolver) -> ParsedRow:
    path = _image(row["filename"])
    box = read_corners([row[name] for name in _BOX])
    when = parse_timestamp(row.get("timestamp"))
    match = resolver.resolve([path], explicit_project(row), when)
    size = read_size(row["width"], row["height"])
    crop = Crop(row.get("session_id", ""), path, box, size)
    return ParsedRow(match, when, crop=crop, stated_time=row.get("timestamp"))


def _image(path: str) -> str:
    if not is_path(path):
        raise RowRefusedError("no_image", f"chosen path {path!r}")
    return path
