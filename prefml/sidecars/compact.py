"""Parts become the three sidecar files: streamed, and switched over in one step.

The new files are written beside the old ones and flushed. A small `commit.json` then says that
they are whole: from there on an interrupted switch is completed by the next run, before that it is
forgotten. Nothing is deleted before the new files are in place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from prefml._typing import Ints64
from prefml.files import AnyPath, move, open_synced, sync_folder, write_text
from prefml.sidecars.schema import KEYS, KINDS, Provenance, open_writer, part_schema, select_columns
from prefml.sidecars.sources import Source, list_parts, parts_folder

__all__ = ["Selection", "compact", "is_replacing", "recover"]

COMMIT = "commit.json"
ROW_GROUP = 2048


@dataclass(frozen=True)
class Selection:
    """Rows of one source that stay.

    Attributes
    ----------
    source : Source
        Where they lie.
    rows : ndarray of int64
        Which rows, rising.
    paths : list of str
        Where each row's picture lies now.
    """

    source: Source
    rows: Ints64
    paths: list[str]

    @classmethod
    def of_all(cls, source: Source) -> Selection:
        """Select every row of a source.

        Parameters
        ----------
        source : Source
            Its rows keep the paths that it holds.

        Returns
        -------
        Selection
        """
        rows = np.arange(source.keys.num_rows, dtype=np.int64)
        return cls(source, rows, source.keys["path"].to_pylist())


def compact(
    folder: AnyPath, provenance: Provenance, selections: Sequence[Selection], parts: list[AnyPath]
) -> None:
    """Write the rows that stay into the three files and drop the parts.

    One row group is held in memory at a time.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.
    provenance : Provenance
        What all the rows were made with, and the new generation.
    selections : sequence of Selection
        The rows, in the order in which they are written.
    parts : list of Path or UPath
        Part files that are not needed afterwards.
    """
    whole = part_schema(provenance)
    for kind in KINDS:
        schema = select_columns(whole, kind)
        with open_synced(_next(folder, kind)) as stream, open_writer(stream, schema) as file:
            for table in _in_groups(_tables(kind, selections)):
                file.write_table(table.cast(schema))
    sync_folder(folder)
    names = [path.name for path in parts]
    write_text(folder / COMMIT, json.dumps({"generation": provenance.generation, "parts": names}))
    recover(folder)


def recover(folder: AnyPath) -> None:
    """Complete a switch that was interrupted, or clear away what was not yet whole.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.
    """
    replaced = _read_commit(folder / COMMIT)
    if replaced is not None:
        _swap_in(folder)
        for path in list_parts(folder):
            if path.name in replaced:
                path.unlink(missing_ok=True)
    if (folder / COMMIT).exists():
        (folder / COMMIT).unlink()
        sync_folder(folder)
    for place in (folder, parts_folder(folder)):
        for path in (*place.glob("*.next"), *place.glob(".*.tmp")):
            path.unlink()


def is_replacing(folder: AnyPath) -> bool:
    """Whether the three files are being replaced, or were when a run was stopped."""
    return (folder / COMMIT).exists()


def _read_commit(path: AnyPath) -> list[str] | None:
    """Return the parts that a whole set of new files replaces; None if there is no such set."""
    try:
        return [str(name) for name in json.loads(path.read_text())["parts"]]
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _next(folder: AnyPath, kind: str) -> AnyPath:
    return folder / f"{kind}.parquet.next"


def _swap_in(folder: AnyPath) -> None:
    for kind in KINDS:
        if _next(folder, kind).exists():
            move(_next(folder, kind), folder / f"{kind}.parquet")
    sync_folder(folder)


def _in_groups(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Join small tables, so that many parts do not make many row groups."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(len(one) for one in held) >= ROW_GROUP:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


def _tables(kind: str, selections: Sequence[Selection]) -> Iterator[pa.Table]:
    for selection in selections:
        yield from _kept_groups(kind, selection)
        selection.source.close()


def _kept_groups(kind: str, selection: Selection) -> Iterator[pa.Table]:
    source, rows = selection.source, selection.rows
    for group in range(source.groups(kind)):
        first, end = source.start(kind, group), source.start(kind, group + 1)
        low, high = np.searchsorted(rows, (first, end))
        if low < high:
            yield _joined(source, kind, group, rows[low:high], selection.paths[low:high])


def _joined(source: Source, kind: str, group: int, rows: Ints64, paths: list[str]) -> pa.Table:
    keys = source.keys.take(rows).set_column(
        KEYS.index("path"), "path", pa.array(paths, pa.string())
    )
    payload = source.read_group(kind, group)
    if len(rows) < len(payload):
        payload = payload.take(rows - source.start(kind, group))
    names = [*keys.column_names, *payload.column_names]
    return pa.table([*keys.columns, *payload.columns], names)
