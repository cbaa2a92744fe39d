"""Compact parts into the three sidecar files, and commit them in one step.

The new files are written beside the old ones and flushed. A small `commit.json` then marks them as
whole: from there on an interrupted replacement is completed by the next run, before that it is
discarded. Nothing is deleted before the new files are in place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from prefml._typing import Ints64
from prefml.files import AnyPath, move, open_synced, sync_folder, write_text
from prefml.sidecars.find import ImageFile
from prefml.sidecars.plan import ReusableRow
from prefml.sidecars.schema import KEYS, KINDS, Provenance, open_writer, part_schema, select_columns
from prefml.sidecars.sources import Source, list_parts, parts_folder

__all__ = ["Selection", "compact", "holds_exactly", "is_replacing", "recover", "select_rows"]

COMMIT = "commit.json"
ROW_GROUP = 2048


@dataclass(frozen=True)
class Selection:
    """Rows of a source that are kept.

    Attributes
    ----------
    source : Source
        The source.
    rows : ndarray of shape (n,), int64
        Row numbers, ascending.
    paths : list of str
        Present path of each row's picture, relative to the workspace.
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


def select_rows(
    sources: Sequence[Source],
    images: Sequence[ImageFile],
    rows: Mapping[tuple[str, str], ReusableRow],
) -> list[Selection]:
    """Select the earlier rows of the pictures that are there.

    Parameters
    ----------
    sources : sequence of Source
        The sources of the rows.
    images : sequence of ImageFile
        All pictures of the workspace.
    rows : mapping of (project, file name) to ReusableRow
        The row of each picture that has one.

    Returns
    -------
    list of Selection
        In the order of the sources, those without such rows left out.
    """
    by_source: dict[int, list[tuple[int, str]]] = {}
    for image in images:
        if row := rows.get(image.key):
            by_source.setdefault(row.source, []).append((row.row, image.path))
    selections = []
    for number, pairs in sorted(by_source.items()):
        positions, paths = zip(*sorted(pairs), strict=True)
        selections.append(Selection(sources[number], np.array(positions, np.int64), list(paths)))
    return selections


def holds_exactly(sources: Sequence[Source], selections: Sequence[Selection]) -> bool:
    """Tell whether a single source holds exactly the selected rows, with their paths.

    Parameters
    ----------
    sources : sequence of Source
        What is on disk.
    selections : sequence of Selection
        What should be.

    Returns
    -------
    bool
    """
    if len(sources) != 1 or len(selections) != 1:
        return False
    paths: list[str] = sources[0].keys["path"].to_pylist()
    return selections[0].paths == paths


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
        Encoder and cues of all the rows, and the new generation.
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
    """Complete a replacement that was committed, or discard one that was not.

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
    """Tell whether the three files are being replaced, or were when a run was stopped.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Returns
    -------
    bool
    """
    return (folder / COMMIT).exists()


def _read_commit(path: AnyPath) -> list[str] | None:
    """Return the parts that a committed set of files replaces; None if none is committed."""
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
    """Concatenate small tables, so that many parts do not make many row groups."""
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
