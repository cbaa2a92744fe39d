"""`prefml ingest`: read every log and say what became of each row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from prefml.cli._shared import emit, json_option, open_workspace

if TYPE_CHECKING:
    from prefml.decisions import Decisions

# More folder names than this are for `--json`.
_SHOWN = 15


@click.command("ingest")
@click.option(
    "--report",
    metavar="FILE",
    help="Write every quarantined row to FILE (.csv or .jsonl), inside the workspace.",
)
@json_option
def command(report: str | None, as_json: bool) -> None:
    """Read every log; print what was accepted and what was quarantined, and why."""
    from prefml.decisions import read_decisions, write_report
    from prefml.exceptions import NotEnoughDataError
    from prefml.sidecars.sizes import picture_sizes

    workspace = open_workspace()
    target = workspace.inside(report) if report else None
    decisions = read_decisions(workspace, picture_sizes(workspace))
    if not decisions.files:
        raise NotEnoughDataError(
            f"no logs in {workspace.root}", "CSV logs in data/training", "prefml sample DIR"
        )
    if target is not None:
        write_report(decisions.quarantine, target)
    emit(summary(decisions), render(decisions), as_json)


def summary(decisions: Decisions) -> dict[str, Any]:
    """Return what `--json` prints.

    Parameters
    ----------
    decisions : Decisions
        What the logs say.

    Returns
    -------
    dict
        `files`, `sets`, `crops`, `projects`; besides these `rejections` (sets of which none was
        good), `unmatched_folders` and `problems`.
    """
    items, crops = decisions.items, decisions.crops
    return {
        "files": [
            {
                "path": file.path,
                "rows": file.rows,
                "accepted": file.accepted,
                "quarantined": dict(file.quarantined),
            }
            for file in decisions.files
        ],
        "sets": int(items["set_id"].nunique()),
        "crops": len(crops),
        "projects": _per_project(decisions),
        "rejections": int(decisions.rejections["set_id"].nunique()),
        "unmatched_folders": decisions.unmatched.to_dict("records"),
        "problems": list(decisions.problems),
    }


def _per_project(decisions: Decisions) -> dict[str, dict[str, int]]:
    sets = decisions.items.groupby("project")["set_id"].nunique()
    crops = decisions.crops.groupby("project").size()
    names = sorted({*sets.index, *crops.index})
    return {
        name: {"sets": int(sets.get(name, 0)), "crops": int(crops.get(name, 0))} for name in names
    }


def render(decisions: Decisions) -> str:
    """Return what a person reads.

    Parameters
    ----------
    decisions : Decisions
        What the logs say.

    Returns
    -------
    str
    """
    told = summary(decisions)
    blocks = [
        _table(("file", "rows", "accepted", "quarantined"), _file_rows(told["files"])),
        _table(("project", "sets", "crops"), _project_rows(told)),
    ]
    if told["unmatched_folders"]:
        blocks.append(_unmatched_block(told["unmatched_folders"]))
    if told["problems"]:
        blocks.append("\n".join(["Also found:", *(f"  {line}" for line in told["problems"])]))
    return "\n\n".join(blocks)


def _file_rows(files: Iterable[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Give each log a line, and each folder of `.decision` files one line."""
    rows: dict[str, int] = {}
    refused: dict[str, Counter[str]] = {}
    for file in files:
        name = file["path"]
        if name.endswith(".decision"):
            name = f"{name.rpartition('/')[0]}/*.decision"
        rows[name] = rows.get(name, 0) + file["rows"]
        refused.setdefault(name, Counter()).update(file["quarantined"])
    return [
        (name, str(count), str(count - refused[name].total()), _reasons(refused[name]))
        for name, count in rows.items()
    ]


def _reasons(counts: Counter[str]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in counts.most_common()) or "-"


def _project_rows(told: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = [(name, str(n["sets"]), str(n["crops"])) for name, n in told["projects"].items()]
    return [*rows, ("all", str(told["sets"]), str(told["crops"]))]


def _unmatched_block(folders: Sequence[dict[str, Any]]) -> str:
    rows = [(f["folder"], str(f["by_date"]), str(f["unknown"])) for f in folders[:_SHOWN]]
    if len(folders) > _SHOWN:
        rows.append((f"and {len(folders) - _SHOWN} more: --json", "", ""))
    return "Folder names of no project (add them to [projects.aliases] if they are one):\n" + (
        _table(("folder", "project by date", "unknown"), rows)
    )


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    cells = [header, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = (
        "  ".join(
            cell.rjust(width) if i > 0 and header[i] != "quarantined" else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    )
    return "\n".join(line.rstrip() for line in lines)
