"""Build typed data frames from deduplicated rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from prefml.decisions.manifests import UNKNOWN
from prefml.decisions.quarantine import printable
from prefml.decisions.records import Row
from prefml.decisions.stages import stage_of
from prefml.decisions.tables import csv_line

__all__ = [
    "crops_frame",
    "items_frame",
    "picture_keys",
    "quarantine_frame",
    "rejections_frame",
    "set_key",
    "unmatched_frame",
]

# File name or path -> its stage, None where it has none.
StageReader: TypeAlias = Callable[[str], float | None]

_TEXT = ("project", "session_id", "set_id", "filename", "path", "source", "file", "reason",
         "detail", "row", "folder", "evidence")  # fmt: skip
_KINDS = {
    "chosen": "bool", "corrected": "bool", "exposed": "bool", "line": "int64", "rows": "int64",
    "by_date": "int64", "unknown": "int64",
}  # fmt: skip
_ITEMS = ("project", "session_id", "set_id", "filename", "path", "chosen", "stage", "timestamp",
          "source", "line", "evidence", "inclusion", "corrected", "exposed")  # fmt: skip
_REJECTIONS = tuple(name for name in _ITEMS if name not in ("chosen", "corrected", "exposed"))
_CROPS = ("project", "filename", "path", "x1", "y1", "x2", "y2", "width", "height", "stage",
          "timestamp", "session_id", "source", "line", "evidence", "inclusion",
          "corrected", "exposed")  # fmt: skip
_QUARANTINE = ("file", "line", "reason", "detail", "row")
_UNMATCHED = ("folder", "rows", "by_date", "unknown")


def set_key(project: str, session_id: str, set_id: str) -> str:
    """Return the unique key of a set, `project/session/set`.

    Parameters
    ----------
    project, session_id, set_id : str
        A `/` or `%` inside a part is escaped, so that two sets never share a key.

    Returns
    -------
    str
    """
    parts = (project, session_id, set_id)
    return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in parts)


def items_frame(rows: Iterable[Row], stage: StageReader = stage_of) -> pd.DataFrame:
    """Return one row for each image of each set.

    Parameters
    ----------
    rows : iterable of Row
        Deduplicated rows.
    stage : callable, optional
        Reads the stage in a name.

    Returns
    -------
    DataFrame
        project, session_id, set_id (the unique key), filename, path, chosen (bool), stage (float
        or NaN), timestamp (UTC or NaT), source, line, evidence (see
        `prefml.decisions.evidence.Standing`), inclusion (the probability with which an audited
        set was drawn, else 1), corrected (bool), exposed (bool: the suggestion was on the screen
        before the person decided).
    """
    values = []
    for row in rows:
        if row.choice is None:
            continue
        session, set_id, paths, chosen, corrected = row.choice
        key = set_key(row.project, session, set_id or f"{row.source}:{row.line}")
        for index, path in enumerate(paths):
            image = _image(row, session, key, path)
            evidence = row.standing.choice, row.standing.inclusion
            answer = corrected, row.standing.choice_exposed
            values.append((*image, index == chosen, *_origin(path, row, stage), *evidence, *answer))
    return _frame(_ITEMS, values)


def picture_keys(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Return what tells the pictures of a frame.

    Parameters
    ----------
    frame : DataFrame
        Columns project and filename.

    Returns
    -------
    list of (project, file name)
        One for each row.
    """
    return list(zip(frame["project"].astype(str), frame["filename"].astype(str), strict=True))


def rejections_frame(rows: Iterable[Row], stage: StageReader = stage_of) -> pd.DataFrame:
    """Return one row for each image of each set of which none was good.

    Parameters
    ----------
    rows : iterable of Row
        Deduplicated rows.
    stage : callable, optional
        Reads the stage in a name.

    Returns
    -------
    DataFrame
        The columns of `items_frame` without chosen, corrected and exposed.
    """
    values = []
    for row in rows:
        if row.rejection is not None:
            session, set_id, paths = row.rejection
            key = set_key(row.project, session, set_id)
            images = (_image(row, session, key, path) for path in paths)
            evidence = row.standing.choice, row.standing.inclusion
            values += [(*image, *_origin(image[-1], row, stage), *evidence) for image in images]
    return _frame(_REJECTIONS, values)


def crops_frame(rows: Iterable[Row], stage: StageReader = stage_of) -> pd.DataFrame:
    """Return one row for each crop.

    Parameters
    ----------
    rows : iterable of Row
        Deduplicated rows.
    stage : callable, optional
        Reads the stage in a name.

    Returns
    -------
    DataFrame
        project, filename, path, x1, y1, x2, y2 (fractions), width, height (pixels; NaN where
        unknown), stage, timestamp, session_id, source, line, evidence, inclusion, corrected,
        exposed.
    """
    values = []
    for row in rows:
        if row.crop is not None:
            crop = row.crop
            name = row.name(crop.path)
            size = crop.size or (np.nan, np.nan)
            origin = _origin(crop.path, row, stage)
            values.append(
                (row.project, name, crop.path, *crop.box, *size, *origin[:2], crop.session_id,
                 *origin[2:], row.standing.crop, row.standing.inclusion, crop.corrected,
                 row.standing.crop_exposed)
            )  # fmt: skip
    return _frame(_CROPS, values)


def quarantine_frame(rows: Iterable[Row]) -> pd.DataFrame:
    """Return one row for each logged row that is not used.

    Parameters
    ----------
    rows : iterable of Row
        Deduplicated rows.

    Returns
    -------
    DataFrame
        file, line, reason, detail, row (its text).
    """
    values = [
        (row.source, row.line, row.refusals[0].reason, printable(row.refusals[0].detail),
         printable(csv_line(row.raw)))
        for row in rows
        if not row.accepted
    ]  # fmt: skip
    return _frame(_QUARANTINE, values)


def unmatched_frame(rows: Iterable[Row]) -> pd.DataFrame:
    """Count the folder names that led to no project.

    Parameters
    ----------
    rows : iterable of Row
        Deduplicated rows.

    Returns
    -------
    DataFrame
        folder, rows, by_date (rows whose project the date gave), unknown; most unknown rows first.
    """
    counts: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for row in rows:
        if row.accepted:
            counts.update(row.unmatched)
            unknown.update(row.unmatched if row.project == UNKNOWN else ())
    ordered = sorted(counts.items(), key=lambda item: (-unknown[item[0]], -item[1], item[0]))
    values = [(name, n, n - unknown[name], unknown[name]) for name, n in ordered]
    return _frame(_UNMATCHED, values)


def _image(row: Row, session: str, key: str, path: str) -> tuple[str, str, str, str, str]:
    return row.project, session, key, row.name(path), path


def _origin(path: str, row: Row, stage: StageReader) -> tuple[float, np.datetime64, str, int]:
    found = stage(path)
    # Naive UTC: numpy knows no time zone, and `_frame` puts it back.
    when = np.datetime64(row.when.replace(tzinfo=None), "us") if row.when else np.datetime64("NaT")
    return (np.nan if found is None else found), when, row.source, row.line


def _frame(columns: Sequence[str], values: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    stacked = zip(*values, strict=True) if values else [()] * len(columns)
    series = {}
    for name, cells in zip(columns, stacked, strict=True):
        if name == "timestamp":
            stamps = pd.Series(np.array(cells, dtype="datetime64[us]"))
            series[name] = stamps.dt.tz_localize("UTC")
        else:
            kind = "str" if name in _TEXT else _KINDS.get(name, "float64")
            series[name] = pd.Series(list(cells), dtype=kind)
    return pd.DataFrame(series)
