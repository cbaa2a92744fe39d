"""Read the size of a JPEG XL from its first bytes: its decoder unpacks all pixels to tell it."""

from __future__ import annotations

from typing import BinaryIO

__all__ = ["stored_size"]

_BARE, _BOXED = b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"
# Bits of a length: how many of them the two bits before say.
_LENGTH_BITS = (9, 13, 18, 30)
# Width by height, for the seven ratios that take the place of a width.
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


def stored_size(file: BinaryIO) -> tuple[int, int]:
    """Return the size that a JPEG XL states, before it is turned upright.

    Parameters
    ----------
    file : binary file
        Its position is changed.

    Returns
    -------
    tuple of int
        Width and height in pixels; zeros if it is no JPEG XL, or its header cannot be found.

    References
    ----------
    ISO/IEC 18181-1:2022, D.2 (image header); 18181-2:2021, 4 (boxes).
    """
    file.seek(0)
    head = file.read(12)
    if head == _BOXED:
        return _size_of(_first_codestream(file))
    return _size_of(head)


def _first_codestream(file: BinaryIO) -> bytes:
    """Return the first bytes of the codestream inside the boxes."""
    at = 12
    while True:
        file.seek(at)
        box = file.read(16)
        if len(box) < 8:
            return b""
        length, name = int.from_bytes(box[:4], "big"), box[4:8]
        content = 16 if length == 1 else 8
        if name in (b"jxlc", b"jxlp"):
            # The first four bytes of a part of a codestream are its number.
            file.seek(at + content + 4 * (name == b"jxlp"))
            return file.read(12)
        length = int.from_bytes(box[8:16], "big") if length == 1 else length
        if length < content:
            return b""
        at += length


def _size_of(codestream: bytes) -> tuple[int, int]:
    if not codestream.startswith(_BARE):
        return 0, 0
    bits = int.from_bytes(codestream[2:], "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

    small = take(1)

    def length() -> int:
        return 8 * (1 + take(5)) if small else 1 + take(_LENGTH_BITS[take(2)])

    height, ratio = length(), take(3)
    width = length() if ratio == 0 else height * _RATIOS[ratio - 1][0] // _RATIOS[ratio - 1][1]
    return width, height
