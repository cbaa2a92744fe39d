"""Compact parts into fragments of the sidecars, and commit them in one step.

New fragments are written beside the data sets and flushed. A small `commit.json` then says which
of the old ones they replace: from there on an interrupted replacement is completed by the next
run, before that it is discarded. Nothing is deleted before the new fragments are in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from prefml._typing import Ints64
from prefml.files import AnyPath, make_folder, open_synced, sync_folder
from prefml.sidecars.find import ImageFile
from prefml.sidecars.layout import (
    Commit,
    has_single_files,
    list_fragments,
    next_file,
    parts_folder,
    project_folder,
)
from prefml.sidecars.plan import ReusableRow
from prefml.sidecars.recovery import recover
from prefml.sidecars.schema import KINDS, Provenance, open_writer, part_schema, select_columns
from prefml.sidecars.sources import Source

__all__ = ["Selection", "compact", "select_rows"]

ROW_GROUP = 2048
# Who wants some pictures reads whole groups, and vectors are nearly all of their bytes.
VECTORS_PER_GROUP = 512
ROWS_PER_FRAGMENT = 8 * ROW_GROUP
# New rows are written together with older fragments of up to so many times their rows: few
# files, and no row is written more than some times.
GROWTH = 8


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

    def by_project(self) -> dict[str, Selection]:
        """Divide the rows by their projects.

        Returns
        -------
        dict of str to Selection
            In the order of each project's first row.
        """
        places: dict[str, list[int]] = {}
        for place, project in enumerate(self.source.keys["project"].take(self.rows).to_pylist()):
            places.setdefault(project, []).append(place)
        if len(places) == 1:
            return dict.fromkeys(places, self)
        return {
            project: Selection(self.source, self.rows[chosen], [self.paths[at] for at in chosen])
            for project, chosen in places.items()
        }

    def split(self, size: int) -> tuple[Selection, Selection]:
        """Divide the rows after the first ones.

        Parameters
        ----------
        size : int
            Their number.

        Returns
        -------
        first, rest : Selection
        """
        return (
            Selection(self.source, self.rows[:size], self.paths[:size]),
            Selection(self.source, self.rows[size:], self.paths[size:]),
        )


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


def compact(
    folder: AnyPath, provenance: Provenance, selections: Sequence[Selection], parts: list[AnyPath]
) -> None:
    """Let the sidecars hold exactly the rows that stay, and drop the parts.

    Fragments that hold nothing else already stay as they are. One row group is held in memory at
    a time.

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
    kept, written = _plan(selections, provenance)
    dropped = [one.name for one in list_fragments(folder) if one.name and one.name not in kept]
    takes_over = has_single_files(folder)
    if not (parts or dropped or written or takes_over):
        return
    added = []
    for number, (project, rows) in enumerate(written):
        file = f"{provenance.generation}-{number}"
        added.append(f"{project_folder(project)}/{file}" if project else file)
        _write_fragment(folder, file, provenance, rows)
    if written:
        sync_folder(parts_folder(folder))
    Commit(added, dropped, [path.name for path in parts], takes_over).write(folder)
    recover(folder)


def _plan(
    selections: Sequence[Selection], provenance: Provenance
) -> tuple[set[str], list[tuple[str, list[Selection]]]]:
    """Name the fragments that stay, and list the project and the rows of each new one."""
    by_project: dict[str, list[Selection]] = {}
    for selection in selections:
        for project, some in selection.by_project().items():
            by_project.setdefault(project, []).append(some)
    kept: set[str] = set()
    written: list[tuple[str, list[Selection]]] = []
    for project, own in by_project.items():
        staying, moving = _divide(own, provenance, project_folder(project))
        kept.update(one.source.name for one in staying)
        written += [(project, rows) for rows in _cut(moving)]
    # Without any row, the columns are still told.
    return kept, written if by_project else [("", [])]


def _divide(
    own: list[Selection], provenance: Provenance, folder: str
) -> tuple[list[Selection], list[Selection]]:
    """Divide the rows of a project into fragments that stay, and rows that are written anew."""
    whole = [_is_whole(one, provenance, folder) for one in own]
    size = sum(len(one.rows) for one, stays in zip(own, whole, strict=True) if not stays)
    for place in sorted(range(len(own)), key=lambda place: len(own[place].rows)):
        length = len(own[place].rows)
        if whole[place] and length <= min(GROWTH * size, ROWS_PER_FRAGMENT // 2):
            whole[place] = False
            size += length
    both = list(zip(own, whole, strict=True))
    return [one for one, stays in both if stays], [one for one, stays in both if not stays]


def _is_whole(selection: Selection, provenance: Provenance, folder: str) -> bool:
    """Tell whether a selection is a fragment as it should be."""
    source = selection.source
    return (
        source.name.startswith(f"{folder}/")
        and source.provenance.makes_same_rows(provenance)
        and source.provenance.decoding == provenance.decoding
        and selection.paths == source.keys["path"].to_pylist()
    )


def _cut(selections: Iterable[Selection]) -> Iterator[list[Selection]]:
    """Cut the rows of a project into fragments."""
    held: list[Selection] = []
    room = ROWS_PER_FRAGMENT
    for selection in selections:
        rest = selection
        while len(rest.rows) > room:
            first, rest = rest.split(room)
            yield [*held, first]
            held, room = [], ROWS_PER_FRAGMENT
        held.append(rest)
        room -= len(rest.rows)
    if held:
        yield held


def _write_fragment(
    folder: AnyPath, file: str, provenance: Provenance, rows: Iterable[Selection]
) -> None:
    whole = part_schema(provenance)
    make_folder(parts_folder(folder))
    with ExitStack() as stack:
        writers = []
        for kind in KINDS:
            stream = stack.enter_context(open_synced(next_file(folder, file, kind)))
            schema = select_columns(whole, kind)
            writers.append((schema, stack.enter_context(open_writer(stream, schema))))
        for table in _in_groups(table for one in rows for table in _tables(one)):
            for schema, writer in writers:
                size = VECTORS_PER_GROUP if "embedding" in schema.names else ROW_GROUP
                writer.write_table(table.select(schema.names).cast(schema), row_group_size=size)


def _in_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Concatenate small tables, so that many parts do not make many row groups."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(len(one) for one in held) >= ROW_GROUP:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


def _tables(selection: Selection) -> Iterator[pa.Table]:
    """Read the rows of a selection with all their columns, a row group at a time."""
    source, rows = selection.source, selection.rows
    for group in range(source.groups("hashes")):
        first, end = source.start("hashes", group), source.start("hashes", group + 1)
        low, high = np.searchsorted(rows, (first, end))
        if low < high:
            yield _joined(source, (first, end), rows[low:high], selection.paths[low:high])
    source.close()


def _joined(source: Source, span: tuple[int, int], rows: Ints64, paths: list[str]) -> pa.Table:
    keys = source.keys.take(rows)
    columns = dict(zip(keys.column_names, keys.columns, strict=True))
    columns["path"] = pa.array(paths, pa.string())
    for kind in KINDS:
        payload = source.read_rows(kind, *span)
        if len(rows) < len(payload):
            payload = payload.take(rows - span[0])
        columns |= zip(payload.column_names, payload.columns, strict=True)
    return pa.table(columns)
