"""Read what tells where a picture comes from: metadata in its file, and a small copy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image

from prefml._typing import Floats
from prefml.imaging.opening import header_of, open_head, open_image, orientation_of

__all__ = [
    "PictureMetadata",
    "StoredPicture",
    "read_gray_copy",
    "read_metadata",
    "read_stored",
    "texts_of",
]


_USER_COMMENT_CODES = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16-be", b"\0" * 8: "utf-8"}


class PictureMetadata(NamedTuple):
    """Metadata in a picture's file.

    Attributes
    ----------
    texts : dict of str to str
        Text chunks of PNG, and other texts by their names.
    exif : mapping of int to object
        EXIF by the numbers of its tags.
    details : mapping of int to object
        The part of it about the exposure.
    xmp : bytes
        The XMP packet; empty if there is none.
    """

    texts: dict[str, str]
    exif: Mapping[int, object]
    details: Mapping[int, object]
    xmp: bytes


def read_metadata(path: Path) -> PictureMetadata:
    """Read the metadata of a picture, without unpacking its pixels.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    PictureMetadata

    Raises
    ------
    ImageError
        If it is no picture that can be opened, or its metadata are damaged.
    """
    with open_head(path) as image:
        # The base class's method: that of a PNG unpacks all pixels where there is no EXIF.
        exif = Image.Image.getexif(image)
        texts = {str(key): value for key, value in image.info.items() if isinstance(value, str)}
        return PictureMetadata(texts, exif, exif.get_ifd(ExifTags.IFD.Exif), _packet(image))


class StoredPicture(NamedTuple):
    """Facts of a file that the marks of other programs refer to.

    Attributes
    ----------
    xmp : bytes
        The XMP packet; empty if there is none.
    orientation : int
        EXIF orientation, 1 to 8.
    size : tuple of int
        Width and height of the upright picture in pixels.
    """

    xmp: bytes
    orientation: int
    size: tuple[int, int]


def read_stored(path: Path) -> StoredPicture:
    """Read the packet, the orientation and the size of a picture, without unpacking its pixels.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    StoredPicture

    Raises
    ------
    ImageError
        If it is no picture that can be opened.
    """
    with open_head(path) as image:
        return StoredPicture(_packet(image), orientation_of(image), header_of(image).size)


def _packet(image: Image.Image) -> bytes:
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return xmp if isinstance(xmp, bytes) else str(xmp).encode("utf-8", "surrogateescape")


def texts_of(read: PictureMetadata) -> dict[str, str]:
    """Return the texts of a picture, those among them that stand in EXIF for want of text chunks.

    Parameters
    ----------
    read : PictureMetadata
        Its metadata.

    Returns
    -------
    dict of str to str
        By the names that generators give them.
    """
    found: dict[str, str] = {}
    exif, comment = read.exif, read.details.get(ExifTags.Base.UserComment)
    if isinstance(comment, bytes):
        comment = _decoded(comment)
    if isinstance(comment, str):
        found["parameters"] = comment
    for tag in (271, 272, 270):
        name, _, value = str(exif.get(tag, "")).partition(":")
        if name in ("prompt", "workflow") and value.lstrip().startswith("{"):
            found[name] = value
    description = exif.get(270)
    if isinstance(description, str):
        found.setdefault("Description", description)
    return read.texts | found


def _decoded(comment: bytes) -> str:
    """Decode an EXIF comment by the code in its first eight bytes."""
    coding = _USER_COMMENT_CODES.get(comment[:8])
    if coding is None:
        return comment.decode("utf-8", "replace")
    text = comment[8:]
    if coding == "utf-16-be" and text[1:2] == b"\0":
        coding = "utf-16-le"
    return text.decode(coding, "replace").strip("\0 ")


def read_gray_copy(path: Path, side: int) -> Floats:
    """Decode a picture into a small gray square.

    Parameters
    ----------
    path : Path
        The file.
    side : int
        Width and height of the copy.

    Returns
    -------
    ndarray of shape (side, side)
        From 0 to 255.

    Raises
    ------
    ImageError
        If the picture cannot be decoded.
    """
    with open_image(path) as (_, image):
        image.draft("L", (4 * side, 4 * side))
        small = image.convert("L").resize((side, side), Image.Resampling.BOX)
        return np.asarray(small, float)
