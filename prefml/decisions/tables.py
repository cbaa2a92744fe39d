"""Read tables of text in any usual encoding, with any usual separator, line end and row length."""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from prefml.decisions.quarantine import RowRefusedError
from prefml.exceptions import LogError, counted
from prefml.files import is_storable

__all__ = ["Record", "Table", "csv_line", "named_fields", "read_bytes", "read_table"]


_SEPARATORS = (",", ";", "\t", "|")
# Longest first: the mark of UTF-32 begins like that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# A first line with which Excel tells the separator.
_TOLD = re.compile(r'"?sep=(.)"?\1*(?:\r\n?|\n)', re.IGNORECASE)


class Record(NamedTuple):
    """Record of a CSV file.

    Attributes
    ----------
    line : int
        Its first line, from 1.
    fields : list of str
        As the `csv` module parses them.
    storable : bool
        Whether every file can hold them: all bytes were of the file's encoding, and none NUL.
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


def read_table(path: Path, is_known: Callable[[Sequence[str]], bool] | None = None) -> Table:
    """Read a table, record by record, as the `csv` module parses it.

    Bytes that are not of the encoding and NUL bytes make the record unstorable, not the file.

    Parameters
    ----------
    path : Path
        The file: UTF-8, or with the mark of UTF-16 or UTF-32.
    is_known : callable, optional
        Tells whether a header is one that is looked for. Where commas give none, a semicolon, a
        tab, a bar and the separator that a first line `sep=` tells are tried, and UTF-16
        without a mark.

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
    if is_known is not None:
        for text, separator, told in _readings(raw):
            first = [record.fields for record in islice(_records(text, separator), told, told + 1)]
            if first and is_known([name.strip() for name in first[0]]):
                return _table(list(_records(text, separator))[told:])
    return _table(list(_records(_decoded(raw, _marked_encoding(raw)), ",")))


def _table(records: list[Record]) -> Table:
    if not records:
        return Table((), [])
    return Table(tuple(name.strip() for name in records[0].fields), records[1:])


def _readings(raw: bytes) -> Iterator[tuple[str, str, int]]:
    """Yield text, separator and number of records before the header, the most usual first."""
    encodings = [_marked_encoding(raw)]
    if b"\0" in raw[:2]:
        encodings.append("utf-16-le" if raw[1:2] == b"\0" else "utf-16-be")
    for encoding in encodings:
        text = _decoded(raw, encoding)
        if told := _TOLD.match(text):
            yield text, told[1], 1
        yield from ((text, separator, 0) for separator in _SEPARATORS)


def _marked_encoding(raw: bytes) -> str:
    return next((name for mark, name in _MARKS.items() if raw.startswith(mark)), "utf-8-sig")


def _decoded(raw: bytes, encoding: str) -> str:
    """Decode text; what cannot be becomes characters that no file can hold."""
    if encoding == "utf-8-sig":
        return raw.decode(encoding, "surrogateescape")
    whole = len(raw) - len(raw) % (4 if encoding == "utf-32" else 2)
    try:
        text = raw[:whole].decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        text = raw.decode(encoding, "replace").replace("\ufffd", "\udcff")
    return text if whole == len(raw) else text + "\udcff"


def _records(text: str, separator: str) -> Iterator[Record]:
    all_decodable = is_storable(text)
    # The limit belongs to the module, not to a reader; a C long is all it holds.
    usual = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
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
        found = f"{counted(len(fields), 'field')}, {counted(len(header), 'column')}"
        raise RowRefusedError("wrong_fields", found)
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
