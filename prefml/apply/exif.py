"""Edit EXIF where it stands, so that all that is not about the whole frame stays byte for byte.

Written anew by Pillow, texts that are not ASCII would be lost, and maker notes, whose addresses
count from the start of the block, could no longer be read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["bytes_of_numbers", "without_whole_frame"]

_PREFIX = b"Exif\0\0"
_ORDERS = {b"II": "<", b"MM": ">"}
_ENTRY = 12
_ORIENTATION, _EXIF_DIRECTORY = 0x0112, 0x8769
# Entries on the size in pixels: 0 across, 1 down.
_SIZES = {0x0100: 0, 0x0101: 1, 0xA002: 0, 0xA003: 1}
# Place and length of the small copy in the second directory: a JPEG, or strips of pixels.
_SMALL_COPIES = ((0x0201, 0x0202), (0x0111, 0x0117))
_SHORT, _LONG = 3, 4


def without_whole_frame(exif: bytes, size: tuple[int, int], turned: bool) -> bytes:
    """Return the EXIF of a cropped copy.

    Parameters
    ----------
    exif : bytes
        That of the original, with any number of prefixes; damaged parts stay as they are.
    size : tuple of int
        Width and height of the copy in pixels, which take the place of the original's.
    turned : bool
        Whether the orientation was applied; its entry is removed then.

    Returns
    -------
    bytes
        Without the small copy of the whole picture.

    References
    ----------
    Exif 2.32 (CIPA DC-008-2019), 4.5 and 4.6: structure of the directories, and their tags.
    """
    start = 0
    # Some tools write the prefix where none belongs, and Pillow another before it.
    while exif.startswith(_PREFIX, start):
        start += len(_PREFIX)
    order = _ORDERS.get(exif[start : start + 2])
    if order is None:
        return exif
    block = _Block(bytearray(exif[start:]), order)
    first = block.number(4, _LONG)
    second = [block.value(entry) for entry in block.entries(first) if entry.tag == _EXIF_DIRECTORY]
    for directory in (first, *second):
        block.set_sizes(directory, size)
    block.drop_second_directory(first)
    if turned:
        block.remove(first, _ORIENTATION)
    return exif[:start] + bytes(block.data)


def bytes_of_numbers(tiff: bytes, tag: int) -> bytes | None:
    """Return the bytes of a TIFF's entry that are declared as numbers of four bytes.

    Parameters
    ----------
    tiff : bytes
        The whole file.
    tag : int
        Of an entry in the first directory.

    Returns
    -------
    bytes or None
        None if there is no such entry, or the file ends before it.
    """
    order = _ORDERS.get(tiff[:2])
    if order is None:
        return None
    block = _Block(bytearray(tiff), order)
    for entry in block.entries(block.number(4, _LONG)):
        if entry.tag == tag and entry.kind == _LONG and entry.count > 1:
            start, length = block.number(entry.place + 8, _LONG), 4 * entry.count
            return tiff[start : start + length] if start + length <= len(tiff) else None
    return None


@dataclass(frozen=True)
class _Entry:
    tag: int
    kind: int
    count: int
    place: int


@dataclass(frozen=True)
class _Block:
    """The bytes from the mark of their order on, which all addresses count from."""

    data: bytearray
    order: str

    def number(self, at: int, kind: int) -> int:
        """Return a number; 0 where the block does not reach."""
        form = self.order + ("H" if kind == _SHORT else "I")
        end = at + struct.calcsize(form)
        return int(struct.unpack(form, self.data[at:end])[0]) if end <= len(self.data) else 0

    def put(self, at: int, kind: int, number: int) -> None:
        form = self.order + ("H" if kind == _SHORT else "I")
        if at + struct.calcsize(form) <= len(self.data):
            struct.pack_into(form, self.data, at, number)

    def length(self, directory: int) -> int:
        """Return the number of entries of a directory, as far as the block reaches."""
        room = (len(self.data) - directory - 2) // _ENTRY
        return min(self.number(directory, _SHORT), max(0, room)) if directory else 0

    def entries(self, directory: int) -> Iterator[_Entry]:
        for index in range(self.length(directory)):
            at = directory + 2 + _ENTRY * index
            tag, kind = self.number(at, _SHORT), self.number(at + 2, _SHORT)
            yield _Entry(tag, kind, self.number(at + 4, _LONG), at)

    def value(self, entry: _Entry) -> int:
        return self.number(entry.place + 8, entry.kind)

    def set_sizes(self, directory: int, size: tuple[int, int]) -> None:
        """Put the size in place; an entry of a type that no size has is removed."""
        for entry in list(self.entries(directory)):
            if entry.tag not in _SIZES:
                continue
            if entry.kind in (_SHORT, _LONG) and entry.count == 1:
                most = 65535 if entry.kind == _SHORT else 2**32 - 1
                self.put(entry.place + 8, entry.kind, min(size[_SIZES[entry.tag]], most))
            else:
                self.remove(directory, entry.tag)

    def remove(self, directory: int, tag: int) -> None:
        """Take an entry out; those behind it, and the address of the next directory, move up."""
        for entry in list(self.entries(directory)):
            if entry.tag == tag:
                end = min(directory + 2 + _ENTRY * self.length(directory) + 4, len(self.data))
                moved = self.data[entry.place + _ENTRY : end]
                self.data[entry.place : end] = moved.ljust(end - entry.place, b"\0")
                self.put(directory, _SHORT, self.length(directory) - 1)
                return self.remove(directory, tag)
        return None

    def drop_second_directory(self, first: int) -> None:
        """Forget the second directory, and blank the small copy that it describes."""
        place = first + 2 + _ENTRY * self.length(first)
        second = self.number(place, _LONG)
        if not second:
            return
        found = {entry.tag: self.value(entry) for entry in self.entries(second)}
        self.put(place, _LONG, 0)
        for at, length in _SMALL_COPIES:
            start, end = found.get(at, 0), found.get(at, 0) + found.get(length, 0)
            if not 8 <= start < end <= len(self.data):
                continue
            if end == len(self.data):
                del self.data[start:]
            else:
                self.data[start:end] = bytes(end - start)
