"""Unpack a PNG's scanlines with libdeflate, and hand them to a PNG decoder stored, not packed.

PNG decoders take most of their time for inflating, by zlib or its kin. libdeflate inflates a whole
stream at once in half of that time, but knows nothing of PNGs. So the scanlines are inflated by it
and written into a PNG of stored blocks, from which a decoder has only to undo the filters.

References
----------
.. [1] P. Deutsch, J.-L. Gailly. "ZLIB Compressed Data Format Specification version 3.3." RFC 1950,
   1996, and "DEFLATE Compressed Data Format Specification version 1.3." RFC 1951, 1996.
.. [2] "Portable Network Graphics (PNG) Specification (Third Edition)." W3C, 2025.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np

from prefml._typing import Pixels

__all__ = ["LARGEST", "Checksum", "Inflate", "with_stored_scanlines"]

# Returns the CRC-32 of bytes.
Checksum: TypeAlias = "Callable[[memoryview | Pixels], int]"

# Pixels up to which two more copies of a picture are held for a moment.
LARGEST = 32_000_000

_IHDR_END = 33
# Eight bits of red, green and blue, and neither another filter method nor interlacing.
_PLAIN_RGB = b"\x08\x02\0\0\0"
_IEND = b"\0\0\0\0IEND\xaeB`\x82"
# Of a stored block: the most that it holds, and the head of one that is not the last.
_BLOCK, _HEAD = 65_535, (0, 255, 255, 0, 0)


class Inflate(Protocol):
    """Unpacker of a whole zlib stream."""

    def __call__(self, data: bytes, *, out: int) -> bytes:
        """Return at most `out` bytes, or raise where the stream is damaged or holds more."""


def with_stored_scanlines(data: bytes, inflate: Inflate, checksum: Checksum) -> Pixels | None:
    """Return a PNG of the same pixels, and nothing else, whose scanlines are not packed.

    Parameters
    ----------
    data : bytes
        A PNG.
    inflate : callable
        Unpacks a zlib stream.
    checksum : callable
        Returns the CRC-32 of bytes.

    Returns
    -------
    ndarray of shape (n,), uint8, or None
        None where it is not of plain 8-bit RGB, where it is larger than `LARGEST`, and where its
        chunks or their checksums are not as they should be.

    Raises
    ------
    Exception
        That of `inflate`.
    """
    width, height = struct.unpack_from(">II", data, 16)
    if data[24:29] != _PLAIN_RGB or width * height > LARGEST:
        return None
    stream = _zlib_stream(data, checksum)
    length = height * (1 + 3 * width)
    scanlines = inflate(stream, out=length) if stream else b""
    if len(scanlines) != length:
        return None
    return _stored_png(data[:_IHDR_END], scanlines, stream[-4:], checksum)


def _zlib_stream(data: bytes, checksum: Checksum) -> bytes:
    """Join the content of the IDAT chunks; nothing where they are not whole and in a row."""
    content, at, following = memoryview(data), 8, False
    parts: list[memoryview] = []
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if name == b"IDAT":
            crc = int.from_bytes(data[end : end + 4], "big")
            apart = parts and not following
            if apart or end + 4 > len(data) or checksum(content[at + 4 : end]) != crc:
                return b""
            parts.append(content[at + 8 : end])
        following, at = name == b"IDAT", end + 4
    return b"".join(parts)


def _stored_png(head: bytes, scanlines: bytes, adler: bytes, checksum: Checksum) -> Pixels:
    whole, rest = divmod(len(scanlines) - 1, _BLOCK)
    rest += 1
    packed = 2 + whole * (_BLOCK + 5) + 5 + rest + 4
    png = np.empty(len(head) + 12 + packed + len(_IEND), np.uint8)
    content = np.frombuffer(scanlines, np.uint8)
    at = _put(png, 0, head + struct.pack(">I4s", packed, b"IDAT") + b"\x78\x01")
    blocks = png[at : at + whole * (_BLOCK + 5)].reshape(whole, _BLOCK + 5)
    blocks[:, :5] = _HEAD
    blocks[:, 5:] = content[: whole * _BLOCK].reshape(whole, _BLOCK)
    at = _put(png, at + blocks.size, struct.pack("<BHH", 1, rest, rest ^ 0xFFFF))
    png[at : at + rest] = content[whole * _BLOCK :]
    at = _put(png, at + rest, adler)
    _put(png, at, struct.pack(">I", checksum(png[len(head) + 4 : at])) + _IEND)
    return png


def _put(png: Pixels, at: int, content: bytes) -> int:
    """Write bytes at a place and return the place behind them."""
    end = at + len(content)
    png[at:end] = np.frombuffer(content, np.uint8)
    return end
