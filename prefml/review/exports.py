"""Export reviewed decisions as JSON lines and as a table."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from prefml.files import remove_leftovers, replacing
from prefml.proposals import Row, decisions_path, read_lines, rewrite_lines
from prefml.proposals.decisions import Decision
from prefml.proposals.suggestions import to_row
from prefml.review.events import DecisionChange
from prefml.review.ledger import Entry, Ledger
from prefml.workspace import Workspace

__all__ = ["COLUMNS", "export", "export_decision", "table_path"]

COLUMNS = (
    "group_id", "project_id", "action", "final_choice", "crop_x1", "crop_y1", "crop_x2", "crop_y2",
    "crop_by_hand", "crop_source", "suggested_choice", "tags", "timestamp", "session_id",
)  # fmt: skip


def table_path(workspace: Workspace) -> Path:
    """Return where the table lies: `sandbox/approved_decisions.csv`."""
    return workspace.sandbox / "approved_decisions.csv"


def export(workspace: Workspace, ledger: Ledger) -> list[Decision]:
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
    list of Decision
        Those that come from the ledger.
    """
    decisions = [export_decision(entry, ledger) for entry in ledger.exported()]
    path = decisions_path(workspace)
    # The event table is locked meanwhile, so that no other review is writing them.
    remove_leftovers(path.parent, "approved_decisions.*")
    foreign = [
        row
        for row in read_lines(path).rows
        if not (isinstance(group_id := row.get("group_id"), str) and ledger.was_decided(group_id))
    ]
    rewrite_lines(path, [*foreign, *map(to_row, decisions)])
    _write_table(table_path(workspace), decisions)
    return decisions


def export_decision(entry: Entry[DecisionChange], ledger: Ledger) -> Decision:
    """Return the line of one decision.

    Parameters
    ----------
    entry : Entry
        The decision in force.
    ledger : Ledger
        Where its tags are.

    Returns
    -------
    Decision
        The fields of the format first, then what training needs to know.
    """
    change, event = entry.change, entry.event
    image_tags = ledger.tags(change.group_id)
    suggested = change.suggested_index
    return Decision(
        group_id=change.group_id,
        action=change.state,
        final_choice=change.final_choice,
        crop_coords=change.crop_coords,
        timestamp=event.at,
        project_id=change.project_id,
        images=change.images,
        final_index=change.final_index,
        crop_by_hand=change.crop_by_hand,
        crop_source=change.crop_source,
        tags=sorted(set(chain.from_iterable(image_tags.values()))),
        image_tags=image_tags,
        suggested_choice=None if suggested is None else change.images[suggested],
        suggestion=change.suggestion,
        reask_of=change.suggestion.get("reask_of"),
        shown=change.shown,
        session_id=event.session_id,
        event=event.seq,
        suggestion_version=change.suggestion_version or None,
        audit=change.audit,
    )


def _write_table(path: Path, decisions: Iterable[Decision]) -> None:
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(map(_cells, decisions))


def _cells(decision: Decision) -> Row:
    row = to_row(decision)
    edges = decision.crop_coords or ("", "", "", "")
    return {
        **{name: row[name] for name in COLUMNS if name in row},
        **dict(zip(COLUMNS[4:8], edges, strict=True)),
        "tags": " ".join(decision.tags),
    }
