"""Open finished rows: the three sidecar files, and the parts of interrupted runs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from prefml._typing import Ints64
from prefml.exceptions import SidecarError
from prefml.files import AnyPath, replacing
from prefml.sidecars.schema import (
    KEYS,
    KINDS,
    READ_ERRORS,
    Provenance,
    open_parquet,
    open_writer,
    part_schema,
    read_provenance,
    select_columns,
)

__all__ = [
    "Source",
    "find_sources",
    "list_parts",
    "next_number",
    "open_part",
    "open_store",
    "part_name",
    "parts_folder",
    "write_part",
]

# The number comes first; a writer's name may follow it.
_PART = re.compile(r"part-(\d+)[\w-]*\.parquet")


@dataclass
class Source:
    """Finished rows of a part or of the three files; row i of each kind belongs to key i.

    Attributes
    ----------
    provenance : Provenance
        Encoder and cues that the rows were made with.
    keys : pyarrow.Table
        Project, file name, path, size and time of change of each row.
    files : dict of str to Path or UPath
        File of each kind of payload; one and the same for a part.
    """

    provenance: Provenance
    keys: pa.Table
    files: dict[str, AnyPath]
    _open: dict[str, tuple[pq.ParquetFile, Ints64]] = field(default_factory=dict)
    _group: dict[str, tuple[int, pa.Table]] = field(default_factory=dict)

    def groups(self, kind: str) -> int:
        """Return the number of row groups of a kind.

        Parameters
        ----------
        kind : {"embeddings", "hashes", "cues"}
            The payload.

        Returns
        -------
        int
        """
        return len(self._file(kind)[1]) - 1

    def start(self, kind: str, group: int) -> int:
        """Return the first row of a row group.

        Parameters
        ----------
        kind : {"embeddings", "hashes", "cues"}
            The payload.
        group : int
            Number of the row group; the number of groups gives the number of rows.

        Returns
        -------
        int
        """
        return int(self._file(kind)[1][group])

    def read_group(self, kind: str, group: int) -> pa.Table:
        """Read the payload of one row group, without its keys.

        Parameters
        ----------
        kind : {"embeddings", "hashes", "cues"}
            The payload.
        group : int
            Number of the row group.

        Returns
        -------
        pyarrow.Table
        """
        return self._file(kind)[0].read_row_group(group, columns=self._payload(kind))

    def read(self, kind: str) -> pa.Table:
        """Read the whole payload of a kind, without its keys.

        Parameters
        ----------
        kind : {"embeddings", "hashes", "cues"}
            The payload.

        Returns
        -------
        pyarrow.Table
        """
        return self._file(kind)[0].read(columns=self._payload(kind))

    def row(self, kind: str, index: int) -> pa.Table:
        """Read the payload of one row; neighbours come from memory.

        Parameters
        ----------
        kind : {"embeddings", "hashes", "cues"}
            The payload.
        index : int
            Number of the row.

        Returns
        -------
        pyarrow.Table of one row
        """
        group = int(np.searchsorted(self._file(kind)[1], index, side="right")) - 1
        if self._group.get(kind, (-1,))[0] != group:
            self._group[kind] = (group, self.read_group(kind, group))
        return self._group[kind][1].slice(index - self.start(kind, group), 1)

    def close(self) -> None:
        """Close the files and drop what was read from them."""
        for file, _ in self._open.values():
            file.close()
        self._open.clear()
        self._group.clear()

    def _payload(self, kind: str) -> list[str]:
        names: list[str] = select_columns(part_schema(self.provenance), kind).names
        return names[len(KEYS) :]

    def _file(self, kind: str) -> tuple[pq.ParquetFile, Ints64]:
        if kind not in self._open:
            file = open_parquet(self.files[kind])
            _check_unchanged(self.files[kind], file, self.provenance)
            lengths = [
                file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)
            ]
            self._open[kind] = (file, np.cumsum([0, *lengths], dtype=np.int64))
        return self._open[kind]


def _check_unchanged(path: AnyPath, file: pq.ParquetFile, provenance: Provenance) -> None:
    """Refuse a file that was replaced since its keys were read: its rows are others."""
    if read_provenance(path, file.schema_arrow.metadata) != provenance:
        file.close()
        raise SidecarError(
            f"{path} was replaced while it was read", "the files of one run", "the same command"
        )


def parts_folder(folder: AnyPath) -> AnyPath:
    """Return the folder of the parts of unfinished runs.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Returns
    -------
    Path or UPath
    """
    return folder / "parts"


def list_parts(folder: AnyPath) -> list[AnyPath]:
    """Return the part files of a sidecar folder, oldest first.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Returns
    -------
    list of Path or UPath
    """
    found = parts_folder(folder).glob("part-*")
    parts = (path for path in found if _PART.fullmatch(path.name))
    return sorted(parts, key=lambda path: path.name)


def find_sources(folder: AnyPath) -> tuple[list[Source], list[str]]:
    """Open the rows that earlier runs have finished, oldest first.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Returns
    -------
    sources : list of Source
        The three files first, if they are there and agree, then the parts.
    problems : list of str
        Why files were left out; their rows will be made again.
    """
    sources, problems = [], []
    if any((folder / f"{kind}.parquet").exists() for kind in KINDS):
        try:
            sources.append(open_store(folder))
        except SidecarError as error:
            problems.append(error.found)
    for path in list_parts(folder):
        try:
            sources.append(open_part(path))
        except SidecarError as error:
            problems.append(error.found)
    return sources, problems


def open_store(folder: AnyPath) -> Source:
    """Open the three sidecar files as one.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Returns
    -------
    Source

    Raises
    ------
    SidecarError
        If one is missing or damaged, or they were not written together.
    """
    files = {kind: folder / f"{kind}.parquet" for kind in KINDS}
    stamps, tables = zip(*(_keys(files[kind], kind) for kind in KINDS), strict=True)
    for kind, provenance, keys in zip(KINDS, stamps, tables, strict=True):
        if provenance != stamps[0] or not keys.equals(tables[0]):
            raise SidecarError(
                f"{files[kind]} and {files[KINDS[0]].name} are of different runs",
                "three files that belong together",
                "prefml embed",
            )
    return Source(stamps[0], tables[0], files)


def open_part(path: AnyPath) -> Source:
    """Open one part file.

    Parameters
    ----------
    path : Path or UPath
        The file.

    Returns
    -------
    Source

    Raises
    ------
    SidecarError
        If it is damaged or of another version.
    """
    provenance, keys = _keys(path)
    return Source(provenance, keys, dict.fromkeys(KINDS, path))


def _keys(path: AnyPath, *kinds: str) -> tuple[Provenance, pa.Table]:
    """Read provenance and keys, and check the columns of the kinds (default: all)."""
    with open_parquet(path) as file:
        provenance = read_provenance(path, file.schema_arrow.metadata)
        whole = part_schema(provenance)
        for kind in kinds or KINDS:
            _check_columns(path, file.schema_arrow, select_columns(whole, kind))
        try:
            return provenance, file.read(columns=list(KEYS)).replace_schema_metadata(None)
        except READ_ERRORS as error:
            raise SidecarError(f"{path}: {error}", "a whole file", "prefml embed") from error


def _check_columns(path: AnyPath, found: pa.Schema, expected: pa.Schema) -> None:
    for column in expected:
        position = found.get_field_index(column.name)
        if position < 0 or found.field(position).type != column.type:
            raise SidecarError(
                f"{path}: no column {column.name} of type {column.type}",
                "a file written by prefml",
                "prefml embed",
            )


def part_name(number: int, writer: str = "") -> str:
    """Name a part file.

    Parameters
    ----------
    number : int
        Its place among the parts; of two rows with the same key the later part's counts.
    writer : str
        Name of the process that writes it, where there are several: letters and digits.

    Returns
    -------
    str
    """
    return f"part-{number:08d}{f'-{writer}' if writer else ''}.parquet"


def write_part(folder: AnyPath, name: str, schema: pa.Schema, rows: pa.Table) -> Source:
    """Write a batch of finished rows atomically.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.
    name : str
        Its name, see `part_name`.
    schema : pyarrow.Schema
        The columns, see `part_schema`.
    rows : pyarrow.Table
        Keys, embedding, hash and cues.

    Returns
    -------
    Source
    """
    path = parts_folder(folder) / name
    with replacing(path) as temporary, open_writer(temporary, schema) as file:
        file.write_table(rows.cast(schema))
    provenance = read_provenance(path, schema.metadata)
    return Source(provenance, rows.select(list(KEYS)), dict.fromkeys(KINDS, path))


def next_number(paths: Iterable[AnyPath]) -> int:
    """Return a part number above those in use.

    Parameters
    ----------
    paths : iterable of Path or UPath
        The part files.

    Returns
    -------
    int
    """
    found = (_PART.fullmatch(path.name) for path in paths)
    return 1 + max((int(match[1]) for match in found if match), default=0)
