"""Walk through the chunks of a PNG without unpacking its pixels."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

__all__ = ["chunk_heads", "with_metadata_first"]

_SIGNATURE_LENGTH = 8
# The last is about a frame of an animation, and out of order without its pixels.
_PIXELS = (b"IDAT", b"fdAT", b"fcTL")
_EMPTY_PIXELS = b"\0\0\0\0IDAT\x35\xaf\x06\x1e"
# Of one chunk, and what a whole file's may add up to: beyond that it is no metadata.
_LIMIT = 256 * 2**20


def chunk_heads(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield name and length of each chunk, the file standing at its content.

    Parameters
    ----------
    file : binary file
        A PNG; its position is changed.

    Yields
    ------
    bytes, int
        As far as the file goes; what follows the end chunk is no part of it.
    """
    at = _SIGNATURE_LENGTH
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        length, name = struct.unpack(">I4s", head)
        yield name, length
        at += length + 12
        if name == b"IEND":
            return


def with_metadata_first(file: BinaryIO) -> BytesIO:
    """Return a PNG without pixels whose metadata all stand where a reader of headers looks.

    Parameters
    ----------
    file : binary file
        A PNG; its position is changed.

    Returns
    -------
    BytesIO
    """
    file.seek(0)
    content = BytesIO()
    content.write(file.read(_SIGNATURE_LENGTH))
    for name, length in chunk_heads(file):
        if name not in _PIXELS and name != b"IEND" and content.tell() + length <= _LIMIT:
            file.seek(-8, 1)
            content.write(file.read(length + 12))
    content.write(_EMPTY_PIXELS)
    content.seek(0)
    return content
