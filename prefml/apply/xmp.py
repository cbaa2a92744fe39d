"""Edit XMP for a cropped copy: sizes follow, and small copies of the whole picture go."""

from __future__ import annotations

import re

__all__ = ["without_whole_frame"]

# As an attribute or as an element, of the prefixes that the XMP specification prefers.
_SIZES = (
    re.compile(rb"((?:exif:PixelXDimension|tiff:ImageWidth)(?:\s*=\s*[\"']|>))\d+"),
    re.compile(rb"((?:exif:PixelYDimension|tiff:ImageLength)(?:\s*=\s*[\"']|>))\d+"),
)
_THUMBNAILS = re.compile(rb"<xmp:Thumbnails\b.*?</xmp:Thumbnails>", re.DOTALL)


def without_whole_frame(xmp: bytes, size: tuple[int, int]) -> bytes:
    """Return the XMP of a cropped copy.

    Parameters
    ----------
    xmp : bytes
        That of the original, without its orientation where that was applied.
    size : tuple of int
        Width and height of the copy in pixels, which take the place of the original's.

    Returns
    -------
    bytes
        The same where it says nothing about the whole frame.

    References
    ----------
    XMP specification, part 2 (2016): the TIFF, EXIF and XMP basic schemas.
    """
    for pattern, length in zip(_SIZES, size, strict=True):
        xmp = pattern.sub(rb"\g<1>%d" % length, xmp)
    return _THUMBNAILS.sub(b"", xmp)
