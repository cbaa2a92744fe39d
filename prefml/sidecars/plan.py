"""What is left to do: found pictures against the rows that earlier runs finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prefml.sidecars.find import ImageFile
from prefml.sidecars.schema import Stamp
from prefml.sidecars.sources import Source

__all__ = ["Kept", "Task", "finished_rows", "make_tasks"]

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished row, and which of its payloads still hold.

    Attributes
    ----------
    source : int
        Which source.
    row : int
        Which of its rows.
    embedding : bool
        Whether the embedding comes from the present encoder.
    cues : bool
        Whether hash and cues are the present ones.
    """

    source: int
    row: int
    embedding: bool
    cues: bool

    @property
    def whole(self) -> bool:
        """Whether nothing of it has to be made again."""
        return self.embedding and self.cues

    @property
    def worth(self) -> int:
        """How much work it saves; encoding weighs more."""
        return 2 * self.embedding + self.cues


@dataclass(frozen=True, slots=True)
class Task:
    """A picture to decode, and what can be taken over from an earlier row.

    Attributes
    ----------
    image : ImageFile
        The picture.
    kept : Kept or None
        The row that still holds in part.
    """

    image: ImageFile
    kept: Kept | None = None

    @property
    def encode(self) -> bool:
        """Whether it needs an embedding."""
        return self.kept is None or not self.kept.embedding

    @property
    def measure(self) -> bool:
        """Whether it needs a hash and cues."""
        return self.kept is None or not self.kept.cues


def finished_rows(
    images: Sequence[ImageFile], sources: Sequence[Source], stamp: Stamp
) -> dict[Key, Kept]:
    """Find, for each picture, the row that saves the most work.

    A row counts only for a picture of the same project, name, size and time of change, wherever
    the picture now lies.

    Parameters
    ----------
    images : sequence of ImageFile
        The pictures that are there.
    sources : sequence of Source
        Finished rows, oldest first; of equally good rows the latest is taken.
    stamp : Stamp
        Present encoder and cues.

    Returns
    -------
    dict
        (project, file name) -> row.
    """
    wanted = {image.key: (image.file_size, image.mtime_ns) for image in images}
    rows: dict[Key, Kept] = {}
    for number, source in enumerate(sources):
        same_encoder = source.stamp.encoder.identity == stamp.encoder.identity
        same_cues = (source.stamp.cues, source.stamp.cue_names) == (stamp.cues, stamp.cue_names)
        if not (same_encoder or same_cues):
            continue
        columns = (source.keys[name].to_pylist() for name in _COMPARED)
        for row, (project, filename, size, changed) in enumerate(zip(*columns, strict=True)):
            key = (project, filename)
            kept = Kept(number, row, same_encoder, same_cues)
            if wanted.get(key) == (size, changed) and kept.worth >= _worth(rows.get(key)):
                rows[key] = kept
    return rows


_COMPARED = ("project", "filename", "file_size", "mtime_ns")


def _worth(kept: Kept | None) -> int:
    return kept.worth if kept else 0


def make_tasks(images: Sequence[ImageFile], rows: Mapping[Key, Kept]) -> list[Task]:
    """List the pictures that need work, in their order.

    Parameters
    ----------
    images : sequence of ImageFile
        The pictures that are there.
    rows : mapping
        What `finished_rows` found.

    Returns
    -------
    list of Task
    """
    tasks = (Task(image, rows.get(image.key)) for image in images)
    return [task for task in tasks if task.kept is None or not task.kept.whole]
