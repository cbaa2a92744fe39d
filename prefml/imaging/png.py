"""A faster way to the same pixels for the plainest PNGs, where imagecodecs is installed.

Inflating is nearly all of what a PNG costs, and libspng (in imagecodecs) does it in little more
than half the time that Pillow takes. Everything unusual is left to Pillow.
"""

from __future__ import annotations

from functools import cache
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["describes_itself_first", "plain_pixels"]

_TAIL = 65_536
_AFTER_PIXELS = b"\0\0\0\0IEND"


def plain_pixels(file: BinaryIO, image: Image.Image) -> NDArray[np.uint8] | None:
    """Decode a PNG of three 8-bit channels, if that can be done faster than by Pillow.

    Parameters
    ----------
    file : binary file
        The whole file; its position does not matter, and is changed.
    image : PIL.Image.Image
        The same file, opened by Pillow and not yet loaded.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8, or None
        None where Pillow has to do it: another format, other channels, transparency, damage.
    """
    codec = _codec()
    if codec is None or image.format != "PNG" or image.mode != "RGB":
        return None
    if "transparency" in image.info or not describes_itself_first(file):
        return None
    file.seek(0)
    try:
        pixels: NDArray[Any] = codec(file.read())
    except Exception:
        # What is wrong with a file is for Pillow to say: it knows more damage than one codec.
        return None
    # Deep channels come out as 16 bits.
    fits = pixels.dtype == np.uint8 and pixels.shape == (image.height, image.width, 3)
    return pixels if fits else None


def describes_itself_first(file: BinaryIO) -> bool:
    """Say whether a PNG holds nothing, such as an orientation, behind its pixels.

    Parameters
    ----------
    file : binary file
        Its position is changed.

    Returns
    -------
    bool
        False also where the last part of the file does not tell.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL))
    tail = file.read()
    at = tail.rfind(b"IDAT")
    end = at + 8 + int.from_bytes(tail[max(0, at - 4) : at], "big")
    return at >= 4 and tail[end : end + 8] == _AFTER_PIXELS


@cache
def _codec() -> Any:
    try:
        from imagecodecs import spng_decode
    except ImportError:
        return None
    return spng_decode
