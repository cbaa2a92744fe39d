"""Read a CSV file of pictures with ratings, labels, picks or crops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from prefml.boxes import read_size
from prefml.decisions.documents import is_path
from prefml.decisions.imports.marked import Marked, MarkedPicture
from prefml.decisions.log_files import SUFFIXES
from prefml.decisions.quarantine import RowRefusedError
from prefml.decisions.tables import named_fields, read_table
from prefml.decisions.xmp.marks import Flag, Marks, read_crop, read_rating
from prefml.exceptions import ForeignFileError

__all__ = ["COLUMNS", "read_marks_table"]

_IMAGE = ("image", "path", "filename", "file", "sourcefile")
_SET = ("set", "set_id", "group", "stack")
_PROJECT = ("project_id", "project")
_BOXES = (
    ("crop_x1", "crop_y1", "crop_x2", "crop_y2"),
    ("cropleft", "croptop", "cropright", "cropbottom"),
)
_JUDGED = ("rating", "label", "pick", "flag", "kept")
COLUMNS = "image, and rating, label, pick or kept; perhaps set, project, crop_x1 to crop_y2"
_Kind = Literal["pick", "kept"]
_WORDS: Mapping[_Kind, Mapping[str, Flag]] = {
    "pick": {
        "": "", "0": "", "none": "", "unflagged": "", "1": "picked", "picked": "picked",
        "pick": "picked", "-1": "rejected", "rejected": "rejected", "reject": "rejected",
    },
    "kept": {
        "": "", "1": "picked", "yes": "picked", "true": "picked", "kept": "picked",
        "x": "picked", "0": "rejected", "no": "rejected", "false": "rejected",
        "rejected": "rejected",
    },
}  # fmt: skip


def read_marks_table(path: Path) -> Marked:
    """Read a table of marked pictures, such as `exiftool -csv` or a spreadsheet writes.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Marked
        A picture for each row; rows that cannot be read are counted.

    Raises
    ------
    ForeignFileError
        If it is none, or lacks the columns.
    LogError
        If the file cannot be read from the disk.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ForeignFileError(f"{path.name}", f"a name that ends in {' or '.join(SUFFIXES)}")
    table = read_table(path, lambda header: _is_known(list(map(_plain, header))))
    header = list(map(_plain, table.header))
    if not _is_known(header):
        shown = ", ".join(table.header)[:200]
        raise ForeignFileError(f"{path.name} with the columns {shown}", f"columns {COLUMNS}")
    found = Marked()
    for record in table.records:
        try:
            if not record.decodable:
                raise RowRefusedError("unreadable_row", "bytes of another encoding")
            found.pictures.append(_read_row(named_fields(header, record.fields)))
        except RowRefusedError as error:
            known = error.refusal.reason == "no_image"
            found.passed_over["no_name" if known else "unreadable_row"] += 1
    return found


def _plain(name: str) -> str:
    """Return the name of a column without its group, as in `XMP-xmp:Rating`."""
    return name.rpartition(":")[2].strip().lower()


def _is_known(header: Sequence[str]) -> bool:
    named = [name for name in header if name]
    if len(set(named)) < len(named):
        return False
    crops = any(set(names) <= set(header) for names in _BOXES)
    judged = crops or not set(_JUDGED).isdisjoint(header)
    return judged and not set(_IMAGE).isdisjoint(header)


def _first(row: Mapping[str, str], names: Sequence[str]) -> str:
    return next((row[name].strip() for name in names if row.get(name, "").strip()), "")


def _read_row(row: Mapping[str, str]) -> MarkedPicture:
    path = _first(row, _IMAGE).replace("\\", "/")
    if not is_path(path):
        raise RowRefusedError("no_image", f"image {path!r}")
    size = read_size(row.get("width"), row.get("height"))
    stack, project = _first(row, _SET), _first(row, _PROJECT)
    try:
        return MarkedPicture(path, _marks(row), "", stack, size, project)
    except ForeignFileError:
        return MarkedPicture(path, Marks(), "unreadable", stack, size, project)


def _marks(row: Mapping[str, str]) -> Marks:
    names = next((names for names in _BOXES if any(row.get(name) for name in names)), None)
    edges = [row.get(name) for name in names] if names else [None] * 4
    crop = read_crop(edges, _first(row, ("cropangle", "crop_angle")))
    flags = {_word("pick", _first(row, ("pick", "flag"))), _word("kept", _first(row, ("kept",)))}
    if {"picked", "rejected"} <= flags:
        raise ForeignFileError("flags that contradict one another", "one flag")
    flag: Flag = max(flags)
    rating, label = read_rating(_first(row, ("rating",))), _first(row, ("label",))
    return Marks(rating, label, flag, *crop)


def _word(kind: _Kind, text: str) -> Flag:
    meaning = _WORDS[kind].get(text.lower())
    if meaning is None:
        raise ForeignFileError(f"{kind} = {text!r}"[:100], ", ".join(_WORDS[kind]))
    return meaning
