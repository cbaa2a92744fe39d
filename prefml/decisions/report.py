"""Write the quarantined rows to a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from prefml.decisions.tables import csv_line, read_bytes, read_table
from prefml.exceptions import WorkspaceError
from prefml.files import write_text

__all__ = ["COLUMNS", "is_report", "write_report"]

COLUMNS = ("file", "line", "reason", "detail", "row")


def is_report(header: Sequence[str]) -> bool:
    """Tell whether a CSV file with this header is a report of this module.

    Parameters
    ----------
    header : sequence of str
        The column names of a file.

    Returns
    -------
    bool
    """
    return tuple(header) == COLUMNS


def write_report(quarantine: pd.DataFrame, path: Path) -> None:
    """Write every quarantined row to a file; an older report is replaced, nothing else.

    Parameters
    ----------
    quarantine : DataFrame
        file, line, reason, detail, row.
    path : Path
        Ends in `.csv` or `.jsonl`, which decides the format.

    Raises
    ------
    WorkspaceError
        If the ending is another one, the path holds something that is no report, or the file
        cannot be written.
    """
    if path.suffix not in (".csv", ".jsonl"):
        raise WorkspaceError(f"report {path.name}", "a name that ends in .csv or .jsonl")
    if path.exists() and not _holds_report(path):
        raise WorkspaceError(f"{path} exists and is no report", "another name for --report")
    table = quarantine[list(COLUMNS)]
    if path.suffix == ".csv":
        # pandas leaves a lone carriage return unquoted, and reads it back as the end of a row.
        rows = [COLUMNS, *table.astype(str).to_numpy().tolist()]
        text = "".join(f"{csv_line(row)}\n" for row in rows)
    else:
        text = "".join(json.dumps(record) + "\n" for record in table.to_dict("records"))
    try:
        write_text(path, text)
    except OSError as error:
        raise WorkspaceError(f"{path}: {error.strerror}", "a place that can be written") from error


def _holds_report(path: Path) -> bool:
    if not path.is_file():
        return False
    if path.suffix == ".csv":
        return is_report(read_table(path).header)
    first = read_bytes(path).partition(b"\n")[0]
    try:
        return not first or list(json.loads(first)) == list(COLUMNS)
    except (ValueError, TypeError, RecursionError):
        return False
