"""Decode 8-bit RGB PNGs and JPEGs by faster codecs than Pillow's, where they are installed.

For PNGs, libspng (in imagecodecs) takes less processor time than Pillow, and Wuffs (in pywuffs)
half of it. For JPEGs, imagecodecs has Pillow's own libjpeg-turbo without Pillow's copies of the
pixels. The pixels are the same; every other kind of file is left to Pillow.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prefml._typing import Pixels
from prefml.imaging.colour_key import BIT_DEPTH_OFFSET

__all__ = ["decode_with_codec", "metadata_precedes_pixels"]

_TAIL_BYTES = 65_536
_IEND_CHUNK = b"\0\0\0\0IEND"

Codec: TypeAlias = Callable[[bytes], NDArray[np.generic]]


def decode_with_codec(file: BinaryIO, image: Image.Image) -> Pixels | None:
    """Decode an 8-bit RGB picture by an installed codec that is faster than Pillow's.

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
    choose, complete = _CODECS[image.format]
    codec = choose()
    if codec is None or image.mode != "RGB" or "transparency" in image.info or not complete(file):
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


@cache
def _imagecodecs(name: str) -> Codec | None:
    try:
        import imagecodecs
    except ImportError:
        return None
    return getattr(imagecodecs, name, None)


@cache
def _wuffs() -> Codec | None:
    try:
        from pywuffs import ImageDecoderQuirks, PixelFormat
        from pywuffs.aux import ImageDecoder, ImageDecoderConfig
    except ImportError:
        return None
    config = ImageDecoderConfig()
    config.pixel_format = PixelFormat.RGB
    # By default it does not look at checksums.
    config.quirks = {ImageDecoderQuirks.IGNORE_CHECKSUM: 0}

    def decode(data: bytes) -> NDArray[np.generic]:
        if data[BIT_DEPTH_OFFSET] != 8:
            raise ValueError("more or less than eight bits a channel")
        result = ImageDecoder(config).decode(data)
        if result.error_message:
            raise ValueError(result.error_message)
        return np.asarray(result.pixbuf)

    return decode


# Format -> what chooses the codec, and what must hold of the file.
_CODECS: dict[str, tuple[Callable[[], Codec | None], Callable[[BinaryIO], bool]]] = {
    "PNG": (lambda: _wuffs() or _imagecodecs("spng_decode"), metadata_precedes_pixels),
    "JPEG": (lambda: _imagecodecs("jpeg8_decode"), _has_end_marker),
}
