"""Parse selection logs, in which a row is a complete image set."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable, Sequence

from prefml.decisions.documents import is_path
from prefml.decisions.projects import ProjectResolver, explicit_project
from prefml.decisions.quarantine import RowRefusedError
from prefml.decisions.records import Choice, ParsedRow
from prefml.decisions.stages import split_path
from prefml.decisions.tables import named_fields
from prefml.decisions.times import parse_timestamp

__all__ = ["file_names", "make_choice", "read_list", "selection_reader"]

LOSER_COLUMNS = ("neg_paths", "rejected_paths")
RowReader = Callable[[Sequence[str]], ParsedRow]

# Far above any set; parsing a longer cell would only cost time and memory.
_LONGEST_LIST = 1_000_000
# A Python list of plain paths, by far the most frequent kind that JSON cannot read.
_PLAIN_LITERAL = re.compile(r"""\[\s*'[^'"\\]*'(\s*,\s*'[^'"\\]*')*\s*\]""")
# Kinds of what follows a backslash: a code, what Python doubles or quotes, another escape, nothing.
_BACKSLASH = re.compile(
    r"\\(?:(?P<code>x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|(?P<mark>[\\'\"])"
    r"|(?P<other>[0-7abfnrtvN])|(?P<none>.))",
    re.DOTALL,
)
# A Windows path with single backslashes, which JSON would have doubled.
_DRIVE = re.compile(r"""["'][A-Za-z]:\\(?!\\)""")


def selection_reader(header: Sequence[str], resolver: ProjectResolver) -> RowReader | None:
    """Return a reader for the rows of a selection log.

    Parameters
    ----------
    header : sequence of str
        The column names of a file.
    resolver : ProjectResolver
        Finds the project of a row.

    Returns
    -------
    callable or None
        Fields -> `ParsedRow`, raising `RowRefusedError`. None if the header is that of no selection
        log.
    """
    losers = next((name for name in LOSER_COLUMNS if name in header), None)
    if losers is None or not {"set_id", "chosen_path"} <= set(header):
        return None

    def read(fields: Sequence[str]) -> ParsedRow:
        return _read_row(named_fields(header, fields), losers, resolver)

    return read


def _read_row(row: dict[str, str], losers: str, resolver: ProjectResolver) -> ParsedRow:
    winner = row["chosen_path"]
    paths = (winner, *read_list(row[losers]))
    stated = row.get("timestamp")
    when = parse_timestamp(stated)
    choice = make_choice(row.get("session_id", ""), row["set_id"], paths, winner)
    match = resolver.resolve(paths, explicit_project(row), when)
    return ParsedRow(match, when, choice, stated_time=stated)


def make_choice(
    session_id: str, set_id: str, paths: Sequence[str], winner: str, corrected: bool = False
) -> Choice:
    """Build a choice from the paths of a set and its winner.

    Parameters
    ----------
    session_id, set_id : str
        As logged.
    paths : sequence of str
        Images of the set; the first occurrence of the winner is the chosen one. An image listed
        twice is one image.
    winner : str
        A member of `paths`.
    corrected : bool
        Whether the person overruled a suggestion.

    Returns
    -------
    Choice

    Raises
    ------
    RowRefusedError
        `no_image`, `no_losers`, or `winner_among_losers` when the winner's file name occurs twice.
    """
    if not is_path(winner):
        raise RowRefusedError("no_image", f"chosen path {winner!r}")
    chosen = paths.index(winner)
    losers = [path for index, path in enumerate(paths) if index != chosen]
    if not losers:
        raise RowRefusedError("no_losers", f"only {winner}")
    if split_path(winner)[1] in file_names(losers):
        raise RowRefusedError("winner_among_losers", winner)
    distinct: dict[str, str] = {}
    for path in paths:
        distinct.setdefault(split_path(path)[1], path)
    kept = tuple(distinct.values())
    return Choice(session_id, set_id, kept, kept.index(winner), corrected)


def file_names(paths: Sequence[str]) -> frozenset[str]:
    """Return the file names of some paths.

    Parameters
    ----------
    paths : sequence of str
        As logged.

    Returns
    -------
    frozenset of str
    """
    return frozenset(split_path(path)[1] for path in paths)


def _refuse_false_escapes(cell: str) -> None:
    """Refuse a Windows path in which Python takes backslashes for escapes.

    Python doubles every backslash of a path, and writes letters and digits as they are: where one
    stands single before a drive's folder, or before what is no escape, none is an escape.
    """
    kinds = {str(found.lastgroup) for found in _BACKSLASH.finditer(cell)}
    single = "none" in kinds or bool(_DRIVE.search(cell))
    if "other" in kinds or (single and kinds - {"none"}):
        raise ValueError("backslashes that are not doubled")


def _parse_literal(cell: str) -> object:
    if _PLAIN_LITERAL.fullmatch(cell.strip()):
        plain: object = json.loads(cell.replace("'", '"'))
        return plain
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        literal: object = ast.literal_eval(cell.strip())
        _refuse_false_escapes(cell)
        return literal


# Tried in this order: JSON, JSON with doubled quotes, a Python literal.
_SPELLINGS: tuple[Callable[[str], object], ...] = (
    json.loads,
    lambda cell: json.loads(cell.replace('""', '"')),
    _parse_literal,
)


def read_list(cell: str) -> list[str]:
    """Read the list of losers: JSON, JSON with doubled quotes, or a Python literal.

    Parameters
    ----------
    cell : str
        The cell, as the csv module gives it.

    Returns
    -------
    list of str

    Raises
    ------
    RowRefusedError
        `unreadable_list` if it is no list of file paths.
    """
    spellings = _SPELLINGS[-1:] if _DRIVE.search(cell) else _SPELLINGS
    for parse in spellings if len(cell) <= _LONGEST_LIST else ():
        try:
            found = parse(cell)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
        if isinstance(found, list | tuple) and all(map(is_path, found)):
            return list(found)
    raise RowRefusedError("unreadable_list", cell[:200])
