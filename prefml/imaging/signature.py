"""Recognise picture files by their first bytes."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["is_picture"]

_HEAD_BYTES = 16
# Each as its specification opens: PNG, JPEG, WebP, BMP, TIFF (and the raw formats made of it), GIF,
# HEIF and AVIF (ISO base media), JPEG XL in both forms, Photoshop, the raw formats of their own.
_SIGNATURES = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|RIFF....WEBP|BM|II[*RU]\0|MM\0[*+]|GIF8[79]a"
    rb"|....ftyp|\xff\x0a|\0\0\0\x0cJXL |8BPS|FUJIFILM|IIRO|IIRS|FOVb",
    re.DOTALL,
)


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
    try:
        with path.open("rb") as file:
            return _SIGNATURES.match(file.read(_HEAD_BYTES)) is not None
    except OSError:
        return False
