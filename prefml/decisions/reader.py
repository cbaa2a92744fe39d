"""Read every log of a workspace into one set of frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from prefml.decisions import frames
from prefml.decisions.advice import count_unplaced, useful_aliases
from prefml.decisions.crops import crop_reader_v1, crop_reader_v2
from prefml.decisions.decision_files import read_decision
from prefml.decisions.documents import parse_json
from prefml.decisions.feedback import read_feedback
from prefml.decisions.log_files import find_logs
from prefml.decisions.manifests import Manifest
from prefml.decisions.projects import ProjectResolver
from prefml.decisions.quarantine import REFUSED, FileCount, Refusal, printable, refusal_of
from prefml.decisions.records import Row
from prefml.decisions.repeats import (
    OTHER_WINNER,
    ImageSize,
    deduplicate_crops,
    deduplicate_sets,
)
from prefml.decisions.report import is_report
from prefml.decisions.selections import RowReader, selection_reader
from prefml.decisions.set_rule import set_rule
from prefml.decisions.tables import Record, read_bytes, read_table
from prefml.exceptions import counted
from prefml.proposals import decisions_path, read_lines, suggestions_path
from prefml.workspace import Workspace

__all__ = ["Decisions", "read_decisions"]

_FORMATS = (selection_reader, crop_reader_v1, crop_reader_v2)
# The name of a file, and its rows.
FileRows = tuple[str, list[Row]]

_DECISION_FOLDERS = ("decisions", "data/decisions")


@dataclass(frozen=True)
class Decisions:
    """Decisions of a workspace: accepted, refused and unmatched rows.

    Attributes
    ----------
    items : DataFrame
        One row for each image of each set; see `prefml.decisions.frames.items_frame`.
    crops : DataFrame
        One row for each crop; see `prefml.decisions.frames.crops_frame`.
    rejections : DataFrame
        One row for each image of a set of which none was good.
    quarantine : DataFrame
        One row for each logged row that is not used: file, line, reason, detail, row.
    unmatched : DataFrame
        Folder names that led to no project: folder, rows, by_date, unknown.
    aliases : tuple of str
        Those of them that an alias would help, see `prefml.decisions.advice.useful_aliases`.
    unplaced : int
        Accepted rows of no known project that no alias would help.
    files : tuple of FileCount
        For each file, its rows = accepted + quarantined.
    manifests : tuple of Manifest
        The known projects.
    problems : tuple of str
        Whatever else a person should know: manifests that cannot be used, ambiguous names, files
        that are not read, times that cannot be, two decisions under one key, parts of accepted
        rows that are not used.
    """

    items: pd.DataFrame
    crops: pd.DataFrame
    rejections: pd.DataFrame
    quarantine: pd.DataFrame
    unmatched: pd.DataFrame
    files: tuple[FileCount, ...]
    manifests: tuple[Manifest, ...]
    problems: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    unplaced: int = 0


def read_decisions(workspace: Workspace, image_size: ImageSize | None = None) -> Decisions:
    """Read every log of a workspace.

    Rows whose project cannot be determined are accepted under the project `unknown`.

    Parameters
    ----------
    workspace : Workspace
        The workspace whose logs are read.
    image_size : callable, optional
        (project, file name) -> (width, height) or None, called when no row holds an image's size.

    Returns
    -------
    Decisions

    Raises
    ------
    LogError
        If a file cannot be read from the disk. Rows never raise: they are quarantined.
    ConfigError
        If the description of sets, from which stages follow, cannot be used.
    """
    resolver = ProjectResolver.open(workspace)
    stage = set_rule(workspace.config).stage
    files, problems = _read_files(workspace, resolver)
    rows = [row for _, found in files for row in found]
    for row in rows:
        row.identify(resolver.identities.of)
    deduplicate_sets(rows)
    deduplicate_crops(rows, image_size)
    aliases = useful_aliases(rows, resolver)
    return Decisions(
        items=frames.items_frame(rows, stage),
        crops=frames.crops_frame(rows, stage),
        rejections=frames.rejections_frame(rows, stage),
        quarantine=frames.quarantine_frame(rows),
        unmatched=frames.unmatched_frame(rows),
        files=tuple(_count(source, found) for source, found in files),
        manifests=resolver.manifests,
        problems=(*resolver.problems, *problems, *_twice_decided(rows), *_partly_refused(rows)),
        aliases=aliases,
        unplaced=count_unplaced(rows, aliases),
    )


def _read_files(
    workspace: Workspace, resolver: ProjectResolver
) -> tuple[list[FileRows], list[str]]:
    found = find_logs(workspace)
    logs = _read_logs(found.paths, workspace, resolver)
    files = [*logs, *_read_decision_files(workspace, resolver)]
    problems = found.passed_over
    approved = decisions_path(workspace)
    if approved.is_file():
        suggested = read_lines(suggestions_path(workspace))
        source = _relative(approved, workspace)
        files.append((source, read_feedback(approved, source, suggested.by_group(), resolver)))
        problems += suggested.bad
    return files, [*problems, *(line for _, rows in files for line in _unread_times(rows))]


def _read_logs(
    paths: Sequence[Path], workspace: Workspace, resolver: ProjectResolver
) -> Iterator[FileRows]:
    def reader_of(header: Sequence[str]) -> RowReader | None:
        named = [name for name in header if name]
        if len(set(named)) < len(named):
            # Nothing says which of two columns of one name is meant.
            return None
        readers = (make(header, resolver) for make in _FORMATS)
        return next((found for found in readers if found is not None), None)

    for path in paths:
        table = read_table(path, lambda header: reader_of(header) is not None)
        reader, source = reader_of(table.header), _relative(path, workspace)
        if reader is not None:
            yield source, [_read_record(record, source, reader) for record in table.records]
        elif path.parent != workspace.root and not is_report(table.header):
            refusal = Refusal("unknown_columns", ",".join(table.header)[:200])
            rows = (Row(source, r.line, r.fields, refusals=[refusal]) for r in table.records)
            yield source, list(rows)


def _read_record(record: Record, source: str, reader: RowReader) -> Row:
    row = Row(source, record.line, record.fields)
    if not record.decodable:
        row.refusals.append(Refusal("unreadable_row", "bytes of another encoding, or NUL"))
        return row
    try:
        row.fill(reader(record.fields))
    except REFUSED as error:
        row.refusals.append(refusal_of(error))
    return row


def _read_decision_files(workspace: Workspace, resolver: ProjectResolver) -> Iterator[FileRows]:
    for name in _DECISION_FOLDERS:
        for path in sorted((workspace.root / name).glob("*.decision")):
            if path.is_file():
                source = _relative(path, workspace)
                yield source, [_read_decision_file(path, source, resolver)]


def _read_decision_file(path: Path, source: str, resolver: ProjectResolver) -> Row:
    raw = read_bytes(path)
    row = Row(source, 1, raw.decode("utf-8", "surrogateescape"))
    try:
        row.fill(read_decision(parse_json(raw), printable(path.name), resolver))
    except REFUSED as error:
        row.refusals.append(refusal_of(error))
    return row


def _relative(path: Path, workspace: Workspace) -> str:
    return printable(path.relative_to(workspace.root).as_posix())


def _count(source: str, rows: Sequence[Row]) -> FileCount:
    refused = Counter(row.refusals[0].reason for row in rows if not row.accepted)
    unread = sum(row.accepted and bool(row.unread_time) for row in rows)
    accepted = len(rows) - refused.total()
    return FileCount(source, len(rows), accepted, dict(refused.most_common()), unread)


def _unread_times(rows: Sequence[Row]) -> Iterator[str]:
    unread = [row for row in rows if row.accepted and row.unread_time]
    if unread:
        first = unread[0]
        yield (
            f"{first.source}: {counted(len(unread), 'time')} cannot be read, such as "
            f"{printable(first.unread_time)!r} in line {first.line}; these rows are used without"
        )


def _twice_decided(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        for reason, detail in row.refusals:
            if reason == "repeat_set" and detail.startswith(OTHER_WINNER):
                yield f"{row.source}:{row.line}: {detail}; the first counts"


def _partly_refused(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        if row.accepted:
            for reason, detail in row.refusals:
                yield f"{row.source}:{row.line}: part of the row is not used: {reason}, {detail}"
