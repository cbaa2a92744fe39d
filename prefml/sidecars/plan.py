"""Plan a pass: match the pictures found with the rows of earlier runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prefml.exceptions import ImageError
from prefml.imaging.decode import DECODING_VERSION, is_decoded_anew
from prefml.sidecars.find import ImageFile
from prefml.sidecars.schema import Provenance
from prefml.sidecars.sources import Source

__all__ = [
    "ReusableRow",
    "Task",
    "drop_outdated",
    "has_same_pixels",
    "make_tasks",
    "reusable_rows",
]

Key = tuple[str, str]
_COMPARED = ("project", "filename", "file_size", "mtime_ns")


@dataclass(frozen=True, slots=True)
class ReusableRow:
    """Row of an earlier run, and which of its values are reusable.

    Attributes
    ----------
    source : int
        Number of the source.
    row : int
        Number of the row in it.
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
        """Tell whether all its values are reusable."""
        return self.embedding and self.cues

    @property
    def saved_work(self) -> int:
        """Work it saves, in no unit; encoding weighs more."""
        return 2 * self.embedding + self.cues


@dataclass(frozen=True, slots=True)
class Task:
    """Picture to decode, and the earlier row that is reusable in part.

    Attributes
    ----------
    image : ImageFile
        The picture.
    reusable : ReusableRow or None
        The row that is reusable in part.
    """

    image: ImageFile
    reusable: ReusableRow | None = None

    @property
    def encode(self) -> bool:
        """Tell whether the picture needs an embedding."""
        return self.reusable is None or not self.reusable.embedding

    @property
    def measure(self) -> bool:
        """Tell whether the picture needs a hash and cues."""
        return self.reusable is None or not self.reusable.cues


def reusable_rows(
    images: Sequence[ImageFile], sources: Sequence[Source], provenance: Provenance
) -> dict[Key, ReusableRow]:
    """Find the row of each picture that saves the most work.

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
        same_cues = source.provenance.has_same_cues(provenance)
        if not (same_encoder or same_cues):
            continue
        columns = (source.keys[name].to_pylist() for name in _COMPARED)
        for row, (project, filename, size, changed) in enumerate(zip(*columns, strict=True)):
            key = (project, filename)
            if wanted.get(key) != (size, changed):
                continue
            found = ReusableRow(number, row, same_encoder, same_cues)
            best = rows.get(key)
            if best is None or found.saved_work >= best.saved_work:
                rows[key] = found
    return rows


def drop_outdated(
    rows: Mapping[Key, ReusableRow],
    images: Sequence[ImageFile],
    sources: Sequence[Source],
    root: Path,
) -> dict[Key, ReusableRow]:
    """Leave out the rows of pictures that are decoded to other pixels than when they were made.

    Parameters
    ----------
    rows : mapping
        The result of `reusable_rows`.
    images : sequence of ImageFile
        The pictures that are there; the headers of those with rows of an earlier decoding are read.
    sources : sequence of Source
        Finished rows.
    root : Path
        The workspace folder.

    Returns
    -------
    dict
        (project, file name) -> row.
    """
    versions = [source.provenance.decoding for source in sources]
    earlier = {key: row for key, row in rows.items() if versions[row.source] < DECODING_VERSION}
    if not earlier:
        return dict(rows)
    paths = {image.key: image.path for image in images}
    outdated = {
        key
        for key, row in earlier.items()
        if not has_same_pixels(root / paths[key], versions[row.source])
    }
    return {key: row for key, row in rows.items() if key not in outdated}


def has_same_pixels(path: Path, version: int) -> bool:
    """Tell whether a picture is decoded to the pixels that an earlier version of decoding gave.

    Parameters
    ----------
    path : Path
        The file; its header is read if the version is an earlier one.
    version : int
        The version by which its row was made; see `prefml.imaging.decode.is_decoded_anew`.

    Returns
    -------
    bool
        False also where it cannot be read.
    """
    try:
        return not is_decoded_anew(path, version)
    except ImageError:
        # It is decoded again, to be reported.
        return False


def make_tasks(images: Sequence[ImageFile], rows: Mapping[Key, ReusableRow]) -> list[Task]:
    """List the pictures that need work, in their order.

    Parameters
    ----------
    images : sequence of ImageFile
        The pictures that are there.
    rows : mapping
        The result of `reusable_rows`.

    Returns
    -------
    list of Task
    """
    found = ((image, rows.get(image.key)) for image in images)
    return [Task(image, row) for image, row in found if row is None or not row.complete]
