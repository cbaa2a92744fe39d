"""Recognise picture files by their first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from prefml.imaging.formats import FORMATS, PictureFormat

__all__ = ["format_of", "is_picture"]

_HEAD_BYTES = 16
_DIB = rb"[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0"
# Each as its specification opens. A TIFF may be a raw format that is made of it.
_OPENINGS = {
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "JPEG": rb"\xff\xd8\xff",
    "WebP": rb"RIFF....WEBP",
    "BMP": rb"BM|" + _DIB,
    "TIFF": rb"II[*+]\0|MM\0[*+]",
    "GIF": rb"GIF8[79]a",
    "AVIF": rb"....ftypavi[fs]",
    "HEIC": rb"....ftyp(?:he[iv][cxms]|mif[12]|miaf|msf1)",
    "JPEG XL": rb"\xff\x0a|\0\0\0\x0cJXL ",
    "RAW": rb"IIU\0|II\x1a\0\0\0HEAP|IIR[OS]|FUJIFILM|FOVb|....ftypcrx ",
    "Photoshop": rb"8BPS",
    "JPEG 2000": rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51",
    "OpenEXR": rb"\x76\x2f\x31\x01",
}
_BY_NAME = {kind.name: kind for kind in FORMATS}
_PATTERNS = [(_BY_NAME[name], re.compile(text, re.DOTALL)) for name, text in _OPENINGS.items()]


def format_of(path: Path) -> PictureFormat | None:
    """Return the format that a file begins like, whatever its name says.

    Parameters
    ----------
    path : Path
        A regular file.

    Returns
    -------
    PictureFormat or None
        None if it begins like no picture, also where it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return None
    return next((kind for kind, pattern in _PATTERNS if pattern.match(head)), None)


def is_picture(path: Path) -> bool:
    """Tell whether a file begins as a picture does, whatever its name says.

    Parameters
    ----------
    path : Path
        A regular file.

    Returns
    -------
    bool
        False also where it cannot be read.
    """
    return format_of(path) is not None
