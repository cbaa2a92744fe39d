"""What is left to do: found pictures against the rows that earlier runs finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prefml.sidecars.find import ImageFile
from prefml.sidecars.schema import Provenance
from prefml.sidecars.sources import Source

__all__ = ["ReusableRow", "Task", "make_tasks", "reusable_rows"]

Key = tuple[str, str]
_COMPARED = ("project", "filename", "file_size", "mtime_ns")


@dataclass(frozen=True, slots=True)
class ReusableRow:
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
    def complete(self) -> bool:
        """Whether nothing of it has to be made again."""
        return self.embedding and self.cues

    @property
    def saved_work(self) -> int:
        """How much work it saves; encoding weighs more."""
        return 2 * self.embedding + self.cues


@dataclass(frozen=True, slots=True)
class Task:
    """A picture to decode, and what can be taken over from an earlier row.

    Attributes
    ----------
    image : ImageFile
        The picture.
    reusable : ReusableRow or None
        The row that still holds in part.
    """

    image: ImageFile
    reusable: ReusableRow | None = None

    @property
    def encode(self) -> bool:
        """Whether it needs an embedding."""
        return self.reusable is None or not self.reusable.embedding

    @property
    def measure(self) -> bool:
        """Whether it needs a hash and cues."""
        return self.reusable is None or not self.reusable.cues


def reusable_rows(
    images: Sequence[ImageFile], sources: Sequence[Source], provenance: Provenance
) -> dict[Key, ReusableRow]:
    """Find, for each picture, the row that saves the most work.

    A row counts only for a picture of the same project, name, size and time of change, wherever
    the picture now lies.

    Parameters
    ----------
    images : sequence of ImageFile
        The pictures that are there.
    sources : sequence of Source
        Finished rows, oldest first; of equally good rows the latest is taken.
    provenance : Provenance
        Present encoder and cues.

    Returns
    -------
    dict
        (project, file name) -> row.
    """
    wanted = {image.key: (image.file_size, image.mtime_ns) for image in images}
    rows: dict[Key, ReusableRow] = {}
    for number, source in enumerate(sources):
        same_encoder = source.provenance.encoder.identity == provenance.encoder.identity
        same_cues = (source.provenance.cues, source.provenance.cue_names) == (
            provenance.cues,
            provenance.cue_names,
        )
        if not (same_encoder or same_cues):
            continue
        columns = (source.keys[name].to_pylist() for name in _COMPARED)
        for row, (project, filename, size, changed) in enumerate(zip(*columns, strict=True)):
            key = (project, filename)
            found = ReusableRow(number, row, same_encoder, same_cues)
            best = rows.get(key, found)
            if wanted.get(key) == (size, changed) and found.saved_work >= best.saved_work:
                rows[key] = found
    return rows


def make_tasks(images: Sequence[ImageFile], rows: Mapping[Key, ReusableRow]) -> list[Task]:
    """List the pictures that need work, in their order.

    Parameters
    ----------
    images : sequence of ImageFile
        The pictures that are there.
    rows : mapping
        What `reusable_rows` found.

    Returns
    -------
    list of Task
    """
    tasks = (Task(image, rows.get(image.key)) for image in images)
    return [task for task in tasks if task.reusable is None or not task.reusable.complete]
