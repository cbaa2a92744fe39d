"""What leaves the room: reviewed decisions as JSON lines and as a table."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prefml.exceptions import LogError
from prefml.files import replacing
from prefml.proposals import decisions_path, read_lines, rewrite_lines
from prefml.review.ledger import Entry, Ledger
from prefml.workspace import Workspace

__all__ = ["COLUMNS", "export", "export_row", "table_path"]

COLUMNS = (
    "group_id", "project_id", "action", "final_choice", "crop_x1", "crop_y1", "crop_x2", "crop_y2",
    "crop_by_hand", "crop_source", "suggested_choice", "tags", "timestamp", "session_id",
)  # fmt: skip


def table_path(workspace: Workspace) -> Path:
    """Return where the table lies: `sandbox/approved_decisions.csv`."""
    return workspace.sandbox / "approved_decisions.csv"


def export(workspace: Workspace, ledger: Ledger) -> list[dict[str, Any]]:
    """Write every decision in force to `approved_decisions.jsonl` and `.csv`.

    Lines of groups that the event table does not know were written by something else and stay,
    and so do lines that cannot be read.

    Parameters
    ----------
    workspace : Workspace
        Where to write.
    ledger : Ledger
        The decisions.

    Returns
    -------
    list of dict
        The rows that come from the ledger.
    """
    rows = [export_row(entry, ledger) for entry in ledger.exported()]
    path = decisions_path(workspace)
    foreign = [
        row
        for row in read_lines(path).rows
        if not (isinstance(group_id := row.get("group_id"), str) and ledger.was_decided(group_id))
    ]
    rewrite_lines(path, [*foreign, *rows])
    _write_table(table_path(workspace), rows)
    return rows


def export_row(entry: Entry, ledger: Ledger) -> dict[str, Any]:
    """Return the line of one decision.

    Parameters
    ----------
    entry : Entry
        The decision in force.
    ledger : Ledger
        Where its tags are.

    Returns
    -------
    dict
        The fields of the format first, then what training needs to know.

    Raises
    ------
    LogError
        If the event lacks a field.
    """
    try:
        return _row(entry, ledger)
    except KeyError as error:
        raise LogError(
            f"event {entry.event.seq} of the review lacks {error}",
            "an event that prefml wrote",
            "restore sandbox/review.sqlite3 from a backup",
        ) from error


def _row(entry: Entry, ledger: Ledger) -> dict[str, Any]:
    change, suggestion = entry.change, entry.change["suggestion"]
    tags = ledger.tags(change["group_id"])
    suggested = change["suggested_index"]
    return {
        "group_id": change["group_id"],
        "action": change["state"],
        "final_choice": change["final_choice"],
        "crop_coords": change["crop_coords"],
        "timestamp": entry.event.at,
        "project_id": change["project_id"],
        "images": change["images"],
        "final_index": change["final_index"],
        "crop_by_hand": change["crop_by_hand"],
        "crop_source": change["crop_source"],
        "tags": sorted({tag for names in tags.values() for tag in names}),
        "image_tags": tags,
        "suggested_choice": None if suggested is None else change["images"][suggested],
        "suggestion": suggestion,
        "reask_of": suggestion.get("reask_of"),
        "shown": change["shown"],
        "session_id": entry.event.session_id,
        "event": entry.event.seq,
    }


def _write_table(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(_flat(row) for row in rows)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    flat = {name: row[name] for name in COLUMNS if name in row}
    edges = row["crop_coords"] or ["", "", "", ""]
    flat.update(zip(COLUMNS[4:8], edges, strict=True))
    return {**flat, "tags": " ".join(row["tags"])}
