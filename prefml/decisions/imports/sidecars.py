"""Find the sidecars of the pictures of a folder, and read what is marked in them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from prefml.decisions.xmp.marks import CROP_FIELDS, FIELDS, Marks, read_marks
from prefml.decisions.xmp.packet import MOST_BYTES, read_packet
from prefml.exceptions import ForeignFileError
from prefml.workspace import canonical_name

__all__ = ["SUFFIX", "SidecarFolder", "read_sidecar"]

SUFFIX = ".xmp"
_MARKS = {*FIELDS.values(), *CROP_FIELDS.values()}


def read_sidecar(path: Path) -> bytes:
    """Read a sidecar file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bytes

    Raises
    ------
    ForeignFileError
        If it cannot be read, is no regular file or too large.
    """
    try:
        if not path.is_file():
            raise ForeignFileError(f"{path.name} is no regular file", "an XMP sidecar")
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ForeignFileError(f"{path.name}: {error.strerror or error}", "a sidecar") from error
    if len(raw) > MOST_BYTES:
        raise ForeignFileError(f"{path.name}: more than {MOST_BYTES} bytes", "an XMP sidecar")
    return raw


class SidecarFolder:
    """Sidecars beside the pictures of one folder.

    Both names that occur are known: `a.png.xmp`, and `a.xmp`, which is that of `a.png` only where
    no other picture of the folder has the stem `a`.

    Parameters
    ----------
    folder : Path
        The folder.
    pictures : iterable of str
        File names of its pictures, all of them.
    """

    def __init__(self, folder: Path, pictures: Iterable[str]) -> None:
        self.folder = folder
        self.pictures = frozenset(map(canonical_name, pictures))
        stems = Counter(os.path.splitext(name)[0] for name in self.pictures)
        owners = {name + SUFFIX: name for name in self.pictures}
        for name in self.pictures:
            stem = os.path.splitext(name)[0]
            if stems[stem] == 1:
                owners.setdefault(stem + SUFFIX, name)
        self._of: dict[str, list[str]] = {}
        self.strays: list[str] = []
        for name in sorted(_names(folder)):
            if name.lower().endswith(SUFFIX):
                key = canonical_name(name[: -len(SUFFIX)]) + SUFFIX
                if key in owners:
                    self._of.setdefault(owners[key], []).append(name)
                else:
                    self.strays.append(name)

    def of(self, picture: str) -> list[str]:
        """Return the names of the sidecars of a picture that are there.

        Parameters
        ----------
        picture : str
            Its file name.

        Returns
        -------
        list of str
            That with the whole name before that with the stem.
        """
        return sorted(self._of.get(canonical_name(picture), []), key=len, reverse=True)

    def is_only_one_of_its_stem(self, picture: str) -> bool:
        """Tell whether no other picture of the folder has the stem of a picture.

        Parameters
        ----------
        picture : str
            Its file name.

        Returns
        -------
        bool
        """
        stem = os.path.splitext(canonical_name(picture))[0]
        return sum(os.path.splitext(name)[0] == stem for name in self.pictures) == 1

    def read(self, picture: str, embedded: Callable[[], bytes]) -> tuple[Marks, str]:
        """Read the marks of a picture.

        Parameters
        ----------
        picture : str
            Its file name.
        embedded : callable
            Returns the packet in the picture itself, which counts where no sidecar holds a mark.

        Returns
        -------
        marks : Marks
            Nothing where there are none.
        problem : str
            Reason why they cannot be read, of `prefml.decisions.imports.verdict.REASONS`.
        """
        try:
            packets = [read_packet(read_sidecar(self.folder / name)) for name in self.of(picture)]
            telling = [packet for packet in packets if not _MARKS.isdisjoint(packet.values)]
            if not telling and (raw := embedded()):
                telling = [read_packet(raw)]
            found = list(map(read_marks, telling))
        except ForeignFileError:
            return Marks(), "unreadable"
        if len({replace(one, orientation=0, changed="") for one in found}) > 1:
            return Marks(), "two_sidecars"
        return (found[0] if found else Marks()), ""


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
