"""Read what a person marked in another program: a rating, a label, a pick, a crop.

References
----------
XMP specification, part 1 (2012), 8.4: `xmp:Rating`, `xmp:Label`; part 2: `xmpDM:pick`,
`xmpDM:good`. `digiKam:PickLabel`: core/libs/dmetadata of digiKam. `crs:` crops: fractions of the
picture as it is stored, before its orientation is applied, as in src/develop/lightroom.c of
darktable.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from prefml.boxes import Box, read_box, read_number
from prefml.decisions.xmp.packet import Name, Packet
from prefml.exceptions import BoxError, ForeignFileError

__all__ = [
    "CROP_FIELDS",
    "FIELDS",
    "CropProblem",
    "Flag",
    "Marks",
    "crop_values",
    "read_crop",
    "read_marks",
    "read_rating",
    "stored_box",
    "upright_box",
]

Flag: TypeAlias = Literal["", "picked", "rejected"]
CropProblem: TypeAlias = Literal["", "turned_crop", "unreadable_crop"]

_XMP = "http://ns.adobe.com/xap/1.0/"
_DM = "http://ns.adobe.com/xmp/1.0/DynamicMedia/"
_CRS = "http://ns.adobe.com/camera-raw-settings/1.0/"
_DIGIKAM = "http://www.digikam.org/ns/1.0/"
# Name in `prefml.toml` -> the property.
FIELDS: Mapping[str, Name] = {
    "rating": (_XMP, "Rating"),
    "label": (_XMP, "Label"),
    "pick": (_DM, "pick"),
    "good": (_DM, "good"),
    "pick_label": (_DIGIKAM, "PickLabel"),
}
_EDGES = ("CropLeft", "CropTop", "CropRight", "CropBottom")
CROP_FIELDS: Mapping[str, Name] = {name: (_CRS, name) for name in ("HasCrop", *_EDGES, "CropAngle")}
_CHANGED = (_XMP, "MetadataDate")
_ORIENTATION = ("http://ns.adobe.com/tiff/1.0/", "Orientation")
_FLAGS: Mapping[str, Mapping[str, Flag]] = {
    "pick": {"1": "picked", "0": "", "-1": "rejected"},
    "good": {"true": "picked", "false": "rejected", "": ""},
    "pick_label": {"0": "", "1": "rejected", "2": "", "3": "picked"},
}
# An angle of less turns no pixel of a picture of 10,000 pixels into the next row.
_LEVEL = 1e-4


@dataclass(frozen=True)
class Marks:
    """Marks of a picture in another program.

    Attributes
    ----------
    rating : int
        -1 rejected, 0 without stars, 1 to 5.
    label : str
        Name of its colour; empty without one.
    flag : {"", "picked", "rejected"}
        Flag of its own, beside the rating.
    box : Box or None
        Crop in fractions of the picture as it is stored; None without one.
    crop_problem : {"", "turned_crop", "unreadable_crop"}
        Why there is a crop but no box: it is at an angle, so that no box with upright edges holds
        the same, or its edges are none.
    orientation : int
        EXIF orientation that the marks state; 0 where they do not.
    changed : str
        Time of the last change of the metadata; empty if it is not stated.
    """

    rating: int = 0
    label: str = ""
    flag: Flag = ""
    box: Box | None = None
    crop_problem: CropProblem = ""
    orientation: int = 0
    changed: str = ""


def read_marks(packet: Packet) -> Marks:
    """Read the marks of a packet.

    Parameters
    ----------
    packet : Packet
        The packet.

    Returns
    -------
    Marks

    Raises
    ------
    ForeignFileError
        If a value is none that its field can have, or two flags contradict one another.
    """
    texts = {key: packet.value(name) for key, name in FIELDS.items()}
    crop = {key: packet.value(name) for key, name in CROP_FIELDS.items()}
    edges: list[object] = [crop[name] for name in _EDGES]
    if (crop["HasCrop"] or "").lower() != "true":
        edges = [None] * 4
    box, problem = read_crop(edges, crop["CropAngle"])
    orientation = packet.value(_ORIENTATION)
    return Marks(
        read_rating(texts["rating"]), texts["label"] or "", _flag(texts), box, problem,
        int(orientation) if orientation in set("12345678") else 0,
        packet.value(_CHANGED) or "",
    )  # fmt: skip


def read_rating(text: object) -> int:
    """Read a rating.

    Parameters
    ----------
    text : object
        Text, number or None.

    Returns
    -------
    int
        From -1 to 5; 0 where nothing is given.

    Raises
    ------
    ForeignFileError
        If it is no such number.
    """
    if text is None or text == "":
        return 0
    number = read_number(text)
    # Some write 3.0, and some -1.0.
    if not -1 <= number <= 5 or number != int(number):
        raise ForeignFileError(f"the rating {text!r}"[:100], "a whole number from -1 to 5")
    return int(number)


def _flag(texts: Mapping[str, str | None]) -> Flag:
    found: set[Flag] = set()
    for key, meanings in _FLAGS.items():
        text = texts[key]
        if text is None:
            continue
        if text.lower() not in meanings:
            raise ForeignFileError(f"{FIELDS[key][1]} = {text!r}"[:100], ", ".join(meanings))
        if meaning := meanings[text.lower()]:
            found.add(meaning)
    if len(found) > 1:
        raise ForeignFileError("flags that contradict one another", "one flag")
    return next(iter(found), "")


def read_crop(edges: Sequence[object], angle: object) -> tuple[Box | None, CropProblem]:
    """Read a crop.

    Parameters
    ----------
    edges : sequence of object
        Left, upper, right and lower edge in fractions; all None where there is no crop.
    angle : object
        In degrees; None or empty for none.

    Returns
    -------
    box : Box or None
        None where there is no crop, or `problem` says why it is no box.
    problem : {"", "turned_crop", "unreadable_crop"}
        Empty if there is none.
    """
    if all(edge is None for edge in edges):
        return None, ""
    degrees = read_number(angle or 0)
    try:
        box = read_box(edges)
    except BoxError:
        return None, "unreadable_crop"
    if not math.isfinite(degrees):
        return None, "unreadable_crop"
    return (None, "turned_crop") if abs(degrees) > _LEVEL else (box, "")


def upright_box(box: Box, orientation: int) -> Box:
    """Return a box of the stored picture as one of the upright picture.

    Parameters
    ----------
    box : Box
        In fractions of the picture as it is stored.
    orientation : int
        Its EXIF orientation, 1 to 8.

    Returns
    -------
    Box

    References
    ----------
    Exif 2.32, tag 274.
    """
    x1, y1, x2, y2 = box
    if orientation in (2, 3, 7, 8):
        x1, x2 = 1 - x2, 1 - x1
    if orientation in (3, 4, 6, 7):
        y1, y2 = 1 - y2, 1 - y1
    return Box(y1, x1, y2, x2) if orientation in (5, 6, 7, 8) else Box(x1, y1, x2, y2)


def stored_box(box: Box, orientation: int) -> Box:
    """Return a box of the upright picture as one of the picture as it is stored.

    Parameters
    ----------
    box : Box
        In fractions of the upright picture.
    orientation : int
        Its EXIF orientation, 1 to 8.

    Returns
    -------
    Box
    """
    # A quarter turn is undone by the other one; every other orientation undoes itself.
    return upright_box(box, {6: 8, 8: 6}.get(orientation, orientation))


def crop_values(box: Box | None) -> dict[Name, str | None]:
    """Return the properties that state a crop.

    Parameters
    ----------
    box : Box or None
        In fractions of the picture as it is stored; None keeps it whole.

    Returns
    -------
    dict of Name to str or None
    """
    edges = (0.0, 0.0, 1.0, 1.0) if box is None else box
    texts: dict[str, str | None] = {"HasCrop": "False" if box is None else "True"}
    texts |= {name: f"{edge:.6g}" for name, edge in zip(_EDGES, edges, strict=True)}
    texts["CropAngle"] = "0"
    return {CROP_FIELDS[name]: text for name, text in texts.items()}
