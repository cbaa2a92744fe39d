"""Open finished rows: fragments of the sidecars, and the parts of interrupted runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from prefml._typing import Ints64
from prefml.exceptions import SidecarError
from prefml.files import AnyPath, replacing
from prefml.sidecars.layout import (
    Fragment,
    copy_of_single_files,
    list_fragments,
    list_parts,
    parts_folder,
    project_folder,
)
from prefml.sidecars.schema import (
    KEYS,
    KINDS,
    Provenance,
    naming_damage,
    open_parquet,
    open_writer,
    part_schema,
    read_provenance,
    select_columns,
)

__all__ = [
    "Source",
    "find_sources",
    "open_fragment",
    "open_part",
    "write_part",
]

# Values whose damage only reading all of them finds.
_WHOLE = ("a whole file", "prefml embed --verify")


@dataclass
class Source:
    """Finished rows of a part or a fragment; row i of each kind belongs to key i.

    Attributes
    ----------
    provenance : Provenance
        Encoder and cues that the rows were made with.
    keys : pyarrow.Table
        Project, file name, path, size and time of change of each row.
    files : dict of str to Path or UPath
        File of each kind of payload; one and the same for a part.
    name : str
        Name of the fragment; empty for a part, and for single files of an earlier version.
    """

    provenance: Provenance
    keys: pa.Table
    files: dict[str, AnyPath]
    name: str = ""
    _open: dict[AnyPath, tuple[pq.ParquetFile, Ints64]] = field(default_factory=dict)
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
        with self._reading(kind) as file:
            return file.read_row_group(group, columns=self._payload(kind))

    def read(
        self, kind: str, columns: Sequence[str] | None = None, groups: Sequence[int] | None = None
    ) -> pa.Table:
        """Read the payload of a kind, without its keys.

        Parameters
        ----------
        kind : {"embeddings", "hashes", "cues"}
            The payload.
        columns : sequence of str, optional
            Only these of its columns.
        groups : sequence of int, optional
            Only these row groups.

        Returns
        -------
        pyarrow.Table
        """
        wanted = self._payload(kind) if columns is None else list(columns)
        with self._reading(kind) as file:
            every = range(file.num_row_groups) if groups is None else groups
            return file.read_row_groups(every, columns=wanted).select(wanted)

    def read_rows(self, kind: str, first: int, end: int) -> pa.Table:
        """Read the payload of neighbouring rows, without their keys.

        Parameters
        ----------
        kind : {"embeddings", "hashes", "cues"}
            The payload.
        first, end : int
            The first row, and the one after the last.

        Returns
        -------
        pyarrow.Table of end - first rows
        """
        bounds = self._file(kind)[1]
        low = int(np.searchsorted(bounds, first, side="right")) - 1
        groups = range(low, int(np.searchsorted(bounds, end)))
        with self._reading(kind) as file:
            table = file.read_row_groups(groups, columns=self._payload(kind))
        return table.slice(first - int(bounds[low]), end - first)

    def verify(self) -> None:
        """Read everything once, so that its checksums are compared.

        Raises
        ------
        SidecarError
            If a page is damaged, or a vector is not finite.
        """
        for kind in KINDS:
            for group in range(self.groups(kind)):
                payload = self.read_group(kind, group)
                if kind == "embeddings" and not _is_finite(payload["embedding"]):
                    raise SidecarError(
                        f"{self.files[kind]}: embeddings that are not finite", *_WHOLE
                    )
        self.close()

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

    @contextmanager
    def _reading(self, kind: str) -> Iterator[pq.ParquetFile]:
        with naming_damage(self.files[kind], *_WHOLE):
            yield self._file(kind)[0]

    def _file(self, kind: str) -> tuple[pq.ParquetFile, Ints64]:
        path = self.files[kind]
        if path not in self._open:
            file = open_parquet(path)
            _check_unchanged(path, file, self.provenance)
            lengths = [
                file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)
            ]
            self._open[path] = (file, np.cumsum([0, *lengths], dtype=np.int64))
        return self._open[path]


def _is_finite(vectors: pa.ChunkedArray) -> bool:
    return all(np.isfinite(one.flatten().to_numpy()).all() for one in vectors.chunks)


def _check_unchanged(path: AnyPath, file: pq.ParquetFile, provenance: Provenance) -> None:
    """Refuse a file that was replaced since its keys were read: its rows are others."""
    if read_provenance(path, file.schema_arrow.metadata) != provenance:
        file.close()
        raise SidecarError(
            f"{path} was replaced while it was read", "the files of one run", "the same command"
        )


def find_sources(folder: AnyPath, verify: bool = False) -> tuple[list[Source], list[str]]:
    """Open the rows that earlier runs have finished, oldest first.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.
    verify : bool, default=False
        Compare the checksums of all values; those of parts always are.

    Returns
    -------
    sources : list of Source
        The copy of a take-over, the fragments, then the parts.
    problems : list of str
        Why files were left out; their rows will be made again.
    """
    sources: list[Source] = []
    problems: list[str] = []
    copy = copy_of_single_files(folder)
    if copy is not None:
        _try_open(partial(open_fragment, copy), verify, sources, [])
    for fragment in list_fragments(folder):
        _try_open(partial(open_fragment, fragment), verify, sources, problems)
    for path in list_parts(folder):
        _try_open(partial(open_part, path), True, sources, problems)
    return sources, problems


def _try_open(
    opener: Callable[[], Source], verify: bool, sources: list[Source], problems: list[str]
) -> None:
    try:
        source = opener()
        if verify:
            source.verify()
    except SidecarError as error:
        problems.append(error.found)
    else:
        sources.append(source)


def open_fragment(fragment: Fragment) -> Source:
    """Open the three files of a fragment as one.

    Parameters
    ----------
    fragment : Fragment
        The fragment.

    Returns
    -------
    Source

    Raises
    ------
    SidecarError
        If a file is missing or damaged, they were not written together, or hold rows of another
        project than their folder says.
    """
    files = dict(fragment.files)
    if len(files) < len(KINDS):
        missing = ", ".join(f"{kind}.parquet" for kind in KINDS if kind not in files)
        raise SidecarError(
            f"no {missing} beside {next(iter(files.values()), fragment.name)}",
            "three files that belong together",
            "prefml embed",
        )
    stamps, tables = zip(*(_keys(files[kind], kind) for kind in KINDS), strict=True)
    for kind, provenance, keys in zip(KINDS, stamps, tables, strict=True):
        if provenance != stamps[0] or not keys.equals(tables[0]):
            raise SidecarError(
                f"{files[kind]} and {files[KINDS[0]].name} of {KINDS[0]} are of different runs",
                "three files that belong together",
                "prefml embed",
            )
    if fragment.name and any(
        project is None or project_folder(project) != fragment.folder
        for project in pc.unique(tables[0]["project"]).to_pylist()
    ):
        raise SidecarError(
            f"{files[KINDS[0]]}: rows of another project", "those of its folder", "prefml embed"
        )
    return Source(stamps[0], tables[0], files, fragment.name)


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
        with naming_damage(path, "a whole file"):
            return provenance, file.read(columns=list(KEYS)).replace_schema_metadata(None)


def _check_columns(path: AnyPath, found: pa.Schema, expected: pa.Schema) -> None:
    for column in expected:
        position = found.get_field_index(column.name)
        if position < 0 or found.field(position).type != column.type:
            raise SidecarError(
                f"{path}: no column {column.name} of type {column.type}",
                "a file written by prefml",
                "prefml embed",
            )


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
