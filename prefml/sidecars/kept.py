"""Keep what was read of pictures in a file, so that each picture is opened once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from prefml.files import write_text
from prefml.sidecars.find import ImageFile

__all__ = ["KeptReadings", "Reader", "is_as_stated", "kept_readings"]

T = TypeVar("T")


@dataclass(frozen=True)
class Reader(Generic[T]):
    """A way to read pictures.

    Attributes
    ----------
    kind : type
        Of what it reads: a dataclass, or a `msgspec.Struct`.
    read : callable
        Reads a file.
    version : int
        Raise it when it reads differently: what another version read is read anew.
    """

    kind: type[T]
    read: Callable[[Path], T]
    version: int = 1


class _Line(msgspec.Struct):
    """Reading of a file as it was at one time."""

    path: str
    file_size: int
    mtime_ns: int
    version: int
    facts: msgspec.Raw


class KeptReadings(Generic[T]):
    """Readings of pictures, from their files or from what was kept.

    Use `kept_readings`, which keeps what was read.

    Parameters
    ----------
    root : Path
        Paths of pictures are relative to it.
    file : Path
        Where readings are kept, one JSON object a line.
    reader : Reader
        How pictures are read.

    Attributes
    ----------
    fresh : dict of str to ImageFile
        Pictures that were opened, by path.
    """

    def __init__(self, root: Path, file: Path, reader: Reader[T]) -> None:
        self.root = root
        self.file = file
        self.reader = reader
        self.fresh: dict[str, ImageFile] = {}
        self._found: dict[str, T] = {}

    def __call__(self, images: Sequence[ImageFile]) -> dict[str, T]:
        """Return what is read of pictures, opening those that are new or have changed.

        Parameters
        ----------
        images : sequence of ImageFile
            The pictures.

        Returns
        -------
        dict of str to what the reader reads
            By path.
        """
        for image in images:
            if image.path in self._found:
                continue
            found = self._kept_reading(image)
            if found is None:
                found, self.fresh[image.path] = self.reader.read(self.root / image.path), image
            self._found[image.path] = found
        return {image.path: self._found[image.path] for image in images}

    def of_unchanged(self, images: Sequence[ImageFile]) -> dict[str, T]:
        """Return what is read of pictures, without those that are gone or not as stated.

        Parameters
        ----------
        images : sequence of ImageFile
            Pictures, as they were at some time.

        Returns
        -------
        dict of str to what the reader reads
            By path; of what was kept also those that are gone.
        """
        return self([image for image in images if self._is_known(image)])

    def _is_known(self, image: ImageFile) -> bool:
        if image.path not in self._found:
            found = self._kept_reading(image)
            if found is None:
                return is_as_stated(self.root / image.path, image)
            self._found[image.path] = found
        return True

    def _kept_reading(self, image: ImageFile) -> T | None:
        line = self._kept.get(image.path)
        if line and (line.file_size, line.mtime_ns) == (image.file_size, image.mtime_ns):
            with suppress(msgspec.MsgspecError, UnicodeDecodeError):
                return msgspec.json.decode(line.facts, type=self.reader.kind)
        return None

    @cached_property
    def _kept(self) -> dict[str, _Line]:
        lines = self.file.read_bytes().splitlines() if self.file.is_file() else []
        found = (line for line in _decoded(lines) if line.version == self.reader.version)
        return {line.path: line for line in found}

    def save(self) -> None:
        """Keep what was read from files; what cannot be kept is read again the next time."""
        if not self.fresh:
            return
        kept = {path: line for path, line in self._kept.items() if path not in self.fresh}
        rows = [_row(line, json.loads(bytes(line.facts))) for line in kept.values()]
        for path, image in self.fresh.items():
            stamp = (image.file_size, image.mtime_ns, self.reader.version)
            facts = msgspec.to_builtins(self._found[path])
            rows.append(_row(_Line(path, *stamp, msgspec.Raw()), facts))
        with suppress(OSError):
            write_text(self.file, "".join(f"{json.dumps(row)}\n" for row in rows))


def is_as_stated(path: Path, image: ImageFile) -> bool:
    """Tell whether a file has the size and the time of change that are stated of a picture.

    Parameters
    ----------
    path : Path
        The file.
    image : ImageFile
        What is stated.

    Returns
    -------
    bool
        False where there is no such file.
    """
    try:
        now = path.stat()
    except OSError:
        return False
    return (now.st_size, now.st_mtime_ns) == (image.file_size, image.mtime_ns)


def _row(line: _Line, facts: object) -> dict[str, object]:
    return msgspec.structs.asdict(line) | {"facts": facts}


def _decoded(lines: Sequence[bytes]) -> Iterator[_Line]:
    """Yield what can be read; the rest is read from the pictures again."""
    decoder = msgspec.json.Decoder(_Line)
    for line in lines:
        with suppress(msgspec.MsgspecError, UnicodeDecodeError):
            yield decoder.decode(line)


@contextmanager
def kept_readings(root: Path, file: Path, reader: Reader[T]) -> Iterator[KeptReadings[T]]:
    """Open what was read of pictures, and keep what is read when done.

    Parameters
    ----------
    root, file, reader
        As in `KeptReadings`.

    Yields
    ------
    KeptReadings
    """
    readings = KeptReadings(root, file, reader)
    yield readings
    readings.save()
