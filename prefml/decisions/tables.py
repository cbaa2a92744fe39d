"""Read CSV files of any encoding, line end and row length."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from prefml.decisions.quarantine import RowRefusedError
from prefml.exceptions import LogError
from prefml.files import is_storable

__all__ = ["Record", "Table", "csv_line", "named_fields", "read_bytes", "read_table"]


class Record(NamedTuple):
    """Record of a CSV file.

    Attributes
    ----------
    line : int
        Its first line, from 1.
    fields : list of str
        As the `csv` module parses them.
    storable : bool
        Whether every file can hold them: all bytes were UTF-8, and none NUL.
    """

    line: int
    fields: list[str]
    decodable: bool


@dataclass(frozen=True)
class Table:
    """Header and records of a CSV file.

    Attributes
    ----------
    header : tuple of str
        The column names, stripped.
    records : list of Record
        The records below it, blank lines left out.
    """

    header: tuple[str, ...]
    records: list[Record]


def read_bytes(path: Path) -> bytes:
    """Read a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bytes

    Raises
    ------
    LogError
        If the system does not let it be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise LogError(f"{path}: {reason}", "a readable file", f"ls -l {path}") from error


def read_table(path: Path) -> Table:
    """Read a CSV file, record by record, as the `csv` module parses it.

    Bytes that are not UTF-8 and NUL bytes make the record unstorable, not the file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Table
        Blank lines are left out. An empty file has an empty header.

    Raises
    ------
    LogError
        If the file cannot be read at all.
    """
    raw = read_bytes(path)
    text = raw.decode("utf-8-sig", "surrogateescape")
    records = list(_records(text))
    if not records:
        return Table((), [])
    return Table(tuple(name.strip() for name in records[0].fields), records[1:])


def _records(text: str) -> Iterator[Record]:
    all_decodable = is_storable(text)
    # The limit belongs to the module, not to a reader; a C long is all it holds.
    usual = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        reader = csv.reader(io.StringIO(text, newline=""))
        end = 0
        for fields in reader:
            begin, end = end + 1, reader.line_num
            if fields:
                decodable = all_decodable or all(map(is_storable, fields))
                yield Record(begin, fields, decodable)
    finally:
        csv.field_size_limit(usual)


def named_fields(header: Sequence[str], fields: Sequence[str]) -> dict[str, str]:
    """Return the fields of a record by the names of their columns.

    Parameters
    ----------
    header : sequence of str
        The column names.
    fields : sequence of str
        The fields of a record.

    Returns
    -------
    dict of str to str

    Raises
    ------
    RowRefusedError
        `wrong_fields` if there are more or fewer fields than columns.
    """
    if len(fields) != len(header):
        raise RowRefusedError("wrong_fields", f"{len(fields)} fields, {len(header)} columns")
    return dict(zip(header, fields, strict=True))


def csv_line(raw: str | Sequence[str]) -> str:
    """Format a record as a line of CSV.

    Parameters
    ----------
    raw : str or sequence of str
        A line that is kept as it is, or the fields of a record.

    Returns
    -------
    str
        Without the line end.
    """
    if isinstance(raw, str):
        return raw.rstrip("\r\n")
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow(raw)
    return buffer.getvalue().removesuffix("\r\n")
