"""Tell whether a cropped copy can hold the samples of a picture as they are."""

from __future__ import annotations

from typing import BinaryIO

from PIL import Image

from prefml.imaging.colour_key import bit_depth
from prefml.imaging.opening import has_more_frames

__all__ = ["bits_per_channel", "samples_obstacle"]

# Formats that Pillow writes as it has read them: without loss, or by the tables of the original.
_WRITTEN = ("PNG", "JPEG", "MPO", "WEBP", "BMP", "TIFF", "GIF")
_BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339
_WHITE_IS_ZERO, _SIGNED = 0, 2
# Bits of a sample in those of Pillow's modes that hold more than 8.
_DEPTHS = {"I;16": 16, "I;16B": 16, "I": 32, "F": 32}


def bits_per_channel(image: Image.Image, file: BinaryIO) -> int:
    """Return the depth of a picture, as its file states it.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened, loaded or not.
    file : binary file
        The same file; its position is changed.

    Returns
    -------
    int
        Bits of a channel; 8 for formats that know no other.
    """
    if image.format == "PNG":
        return bit_depth(file)
    if image.format == "TIFF":
        stated = image.getexif().get(_BITS_PER_SAMPLE, 8)
        return max(stated) if isinstance(stated, tuple) else int(stated)
    return 8


def samples_obstacle(image: Image.Image, file: BinaryIO) -> str | None:
    """Say what keeps the samples of a picture from being written as they are.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened, loaded or not.
    file : binary file
        The same file; its position is changed.

    Returns
    -------
    str or None
        None if nothing does.
    """
    if image.format not in _WRITTEN:
        return f"is {image.format}, which no crop is written in; crop it by hand"
    if image.format == "BMP" and image.mode == "RGBA":
        return "is a BMP with transparency, which no crop is written with; crop it by hand"
    bits = bits_per_channel(image, file)
    if bits > 8 and not _keeps_depth(image, bits):
        return f"has {bits} bits a channel; crop it by hand"
    return "has several frames; crop it by hand" if has_more_frames(image) else None


def _keeps_depth(image: Image.Image, bits: int) -> bool:
    """Tell whether Pillow holds and writes all bits of a sample, and as the same numbers."""
    if image.format == "PNG":
        return image.mode in _DEPTHS
    tags = image.getexif()
    # Pillow takes zero for black, and numbers of 32 bits for signed ones, and writes them so.
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        return False
    if image.mode == "I" and tags.get(_SAMPLE_FORMAT) not in (_SIGNED, (_SIGNED,)):
        return False
    return _DEPTHS.get(image.mode) == bits
