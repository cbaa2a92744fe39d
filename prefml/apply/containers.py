"""Walk through the parts of GIF, BMP and WebP files, and name those that no crop keeps."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["lost_of_bmp", "lost_of_gif", "lost_of_webp", "webp_chunks"]

_FRAME, _FRAME_HEAD = b"ANMF", 16
# Written by Pillow, or about frames, of which there is one.
_WEBP_HANDLED = {
    b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP", b"EXIF", b"XMP ", b"ANIM", _FRAME,
}  # fmt: skip
_GIF_EXTENSIONS = {b"XMP DataXMP": "XMP", b"ICCRGBG1012": "the colour profile"}
# How often an animation is repeated.
_GIF_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_GIF_TEXT, _GIF_APPLICATION, _GIF_EXTENSION, _GIF_PICTURE = 0x01, 0xFF, b"!", b","
# A bitmap's header of the fifth version: where it begins, and where in it colours are described.
_BMP_HEADER, _BMP_COLOURS, _BMP_PROFILES = 14, 56, (b"DEBM", b"KNIL")


def webp_chunks(path: Path) -> Iterator[tuple[bytes, int]]:
    """Yield name and length of the chunks of a WebP, in the order of the file.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    bytes, int
        Also of those inside a frame, behind that of the frame.
    """
    with path.open("rb") as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", head)
            yield name, length
            file.seek(_FRAME_HEAD if name == _FRAME else length + length % 2, 1)


def lost_of_webp(path: Path) -> Iterator[str]:
    """Name the chunks of a WebP that no crop keeps.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    str
    """
    for name, _ in webp_chunks(path):
        if name not in _WEBP_HANDLED:
            yield f"chunk {name.decode('latin-1')!r}"


def lost_of_bmp(path: Path) -> Iterator[str]:
    """Name the colour profile of a BMP, if it has one.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    str
    """
    with path.open("rb") as file:
        file.seek(_BMP_HEADER + _BMP_COLOURS)
        if file.read(4) in _BMP_PROFILES:
            yield "the colour profile"


def lost_of_gif(path: Path) -> Iterator[str]:
    """Name the extensions of a GIF that no crop keeps.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    str

    References
    ----------
    GIF89a specification (CompuServe, 1990), sections 17 to 27.
    """
    with path.open("rb") as file:
        file.seek(10)
        _skip_table(file, file.read(3)[:1])
        while (kind := file.read(1)) in (_GIF_EXTENSION, _GIF_PICTURE):
            if kind == _GIF_PICTURE:
                _skip_table(file, file.read(9)[8:])
                file.read(1)
            else:
                yield from _lost_extension(file)
            while size := file.read(1).strip(b"\0"):
                file.seek(size[0], 1)


def _lost_extension(file: BinaryIO) -> Iterator[str]:
    """Name an extension, and read its first block."""
    label, size = file.read(1), file.read(1)
    name = file.read(size[0]) if size else b""
    if label == bytes([_GIF_TEXT]):
        yield "text beside the picture"
    elif label == bytes([_GIF_APPLICATION]) and name not in _GIF_LOOPS:
        yield _GIF_EXTENSIONS.get(name, f"extension {name.decode('latin-1')!r}")


def _skip_table(file: BinaryIO, flags: bytes) -> None:
    """Skip a table of colours, if the flags say that there is one."""
    if flags and flags[0] & 0x80:
        file.seek(3 << (1 + (flags[0] & 7)), 1)
