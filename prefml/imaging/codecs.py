"""Decode 8-bit RGB PNGs and JPEGs by faster codecs than Pillow's, those of imagecodecs.

For PNGs, libdeflate and libpng together take half of Pillow's processor time. For JPEGs, it has
Pillow's own libjpeg-turbo without Pillow's copies of the pixels. The pixels are the same; every
other kind of file is left to Pillow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, TypeAlias

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prefml._typing import Pixels
from prefml.imaging.scanlines import with_stored_scanlines

__all__ = ["decode_with_codec", "metadata_precedes_pixels"]

_TAIL_BYTES = 65_536
_IEND_CHUNK = b"\0\0\0\0IEND"

# Its stubs know bytes alone, where it takes every buffer.
_LIBRARY: Any = imagecodecs

Codec: TypeAlias = Callable[[bytes], NDArray[np.generic]]


def decode_with_codec(file: BinaryIO, image: Image.Image) -> Pixels | None:
    """Decode an 8-bit RGB picture by a codec that is faster than Pillow's.

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
    if image.format not in _CODECS:
        return None
    codec, complete = _CODECS[image.format]
    if image.mode != "RGB" or "transparency" in image.info or not complete(file):
        return None
    file.seek(0)
    try:
        pixels = codec(file.read())
    except Exception:
        # What is wrong with a file is for Pillow to say: it knows more damage than one codec.
        return None
    # Deep channels come out as 16 bits.
    fits = pixels.dtype == np.uint8 and pixels.shape == (image.height, image.width, 3)
    return np.asarray(pixels, np.uint8) if fits else None


def metadata_precedes_pixels(file: BinaryIO) -> bool:
    """Tell whether a PNG has no chunk, such as an EXIF orientation, behind its pixels.

    Parameters
    ----------
    file : binary file
        The whole file; its position is changed.

    Returns
    -------
    bool
        False also where the last 64 KiB of the file do not tell.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read()
    at = tail.rfind(b"IDAT")
    end = at + 8 + int.from_bytes(tail[max(0, at - 4) : at], "big")
    return at >= 4 and tail[end : end + 8] == _IEND_CHUNK


def _has_end_marker(file: BinaryIO) -> bool:
    """Tell whether a JPEG ends in its EOI marker; a decoder fills what is missing with grey."""
    file.seek(max(0, file.seek(0, 2) - 2))
    return file.read() == b"\xff\xd9"


def _decode_png(data: bytes) -> NDArray[np.generic]:
    stored = with_stored_scanlines(data, _LIBRARY.deflate_decode, _LIBRARY.deflate_crc32)
    pixels: NDArray[np.generic] = _LIBRARY.png_decode(data if stored is None else stored)
    return pixels


# Format -> the codec, and what must hold of the file.
_CODECS: dict[str, tuple[Codec, Callable[[BinaryIO], bool]]] = {
    "PNG": (_decode_png, metadata_precedes_pixels),
    "JPEG": (lambda data: _LIBRARY.jpeg8_decode(data), _has_end_marker),
}
