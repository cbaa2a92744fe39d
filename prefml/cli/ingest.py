"""`prefml ingest`: read every log and count what is accepted and what is quarantined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypedDict

import click

from prefml.cli._shared import busy, emit, json_option, open_workspace

if TYPE_CHECKING:
    from prefml.decisions import Decisions
    from prefml.sidecars.missing import MissingPictures

# More folder names than this are for `--json`.
_SHOWN = 15
# What is no fault of the log, in plain words.
_WORDS = {
    "passed": "approved in bulk, no label",
    "reasked": "asked again",
    "duplicates": "near duplicates, no label",
}


class FileSummary(TypedDict):
    """Rows of one log."""

    path: str
    rows: int
    accepted: int
    quarantined: dict[str, int]


class GapSummary(TypedDict):
    """Logged pictures that are missing for one reason."""

    pictures: int
    example: str
    found: str | None


class MissingSummary(TypedDict):
    """Logged pictures of one project that are not there."""

    logged: int
    missing: int
    reasons: dict[str, GapSummary]


class ProjectSummary(TypedDict):
    """Decisions of one project."""

    sets: int
    crops: int


class Summary(TypedDict):
    """Content of `prefml ingest --json`."""

    files: list[FileSummary]
    sets: int
    crops: int
    projects: dict[str, ProjectSummary]
    rejections: int
    evidence: dict[str, int]
    unmatched_folders: list[dict[str, object]]
    unread_times: dict[str, int]
    useful_aliases: list[str]
    unplaced: int
    missing: dict[str, MissingSummary]
    problems: list[str]


@click.command("ingest")
@click.option(
    "--report",
    metavar="FILE",
    help="Write every quarantined row to FILE (.csv or .jsonl), inside the workspace.",
)
@json_option
def command(report: str | None, as_json: bool) -> None:
    """Read every log; print what was accepted and what was quarantined, and why."""
    from prefml.decisions import ProjectResolver, read_decisions, write_report
    from prefml.exceptions import NotEnoughDataError
    from prefml.sidecars.find import find_images
    from prefml.sidecars.missing import missing_pictures
    from prefml.sidecars.sizes import picture_sizes

    workspace = open_workspace()
    target = workspace.inside(report) if report else None
    with busy("ingest"):
        decisions = read_decisions(workspace, picture_sizes(workspace))
        images = find_images(workspace, ProjectResolver.open(workspace))
        missing = missing_pictures(decisions, images)
    if not decisions.files:
        raise NotEnoughDataError(
            f"no logs in {workspace.root}", "CSV logs in data/training", "prefml ingest"
        )
    if target is not None:
        write_report(decisions.quarantine, target)
    emit(summary(decisions, missing), render(decisions, missing), as_json)


def summary(decisions: Decisions, missing: Sequence[MissingPictures] = ()) -> Summary:
    """Summarize decisions as `--json` prints them.

    Parameters
    ----------
    decisions : Decisions
        The content of the logs.
    missing : sequence of MissingPictures
        The logged pictures of each project that are not there.

    Returns
    -------
    Summary
        `rejections` counts the sets of which none was good, `evidence` all sets by what they are.
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
        "evidence": _evidence(decisions),
        "unmatched_folders": [
            {str(name): value for name, value in row.items()}
            for row in decisions.unmatched.to_dict("records")
        ],
        "unread_times": {f.path: f.unread_times for f in decisions.files if f.unread_times},
        "useful_aliases": list(decisions.aliases),
        "unplaced": decisions.unplaced,
        "missing": {one.project: _missing_summary(one) for one in missing if one.gaps},
        "problems": list(decisions.problems),
    }


def _missing_summary(found: MissingPictures) -> MissingSummary:
    reasons: dict[str, GapSummary] = {
        gap.reason: {"pictures": gap.pictures, "example": gap.example, "found": gap.found or None}
        for gap in found.gaps
    }
    return {"logged": found.logged, "missing": found.missing, "reasons": reasons}


def _evidence(decisions: Decisions) -> dict[str, int]:
    """Count sets, rejected ones too, by evidence, labels or not."""
    found = Counter(
        kind
        for frame in (decisions.items, decisions.rejections)
        for kind in frame.drop_duplicates("set_id")["evidence"]
    )
    found.update(reason for reason in decisions.quarantine["reason"] if reason in _WORDS)
    return dict(found)


def _per_project(decisions: Decisions) -> dict[str, ProjectSummary]:
    sets = decisions.items.groupby("project")["set_id"].nunique()
    crops = decisions.crops.groupby("project").size()
    names = sorted({*sets.index, *crops.index})
    return {
        name: {"sets": int(sets.get(name, 0)), "crops": int(crops.get(name, 0))} for name in names
    }


def render(decisions: Decisions, missing: Sequence[MissingPictures] = ()) -> str:
    """Render decisions as tables for a person.

    Parameters
    ----------
    decisions, missing
        As in `summary`.

    Returns
    -------
    str
    """
    from prefml.decisions.advice import project_advice

    told = summary(decisions, missing)
    projects = [(name, str(n["sets"]), str(n["crops"])) for name, n in told["projects"].items()]
    everything = ("all", str(told["sets"]), str(told["crops"]))
    blocks = [
        _table(("file", "rows", "accepted", "quarantined"), _file_rows(told["files"])),
        _table(("project", "sets", "crops"), [*projects, everything]),
    ]
    if told["unmatched_folders"]:
        blocks.append(_unmatched_block(told["unmatched_folders"]))
    if advice := project_advice(decisions.aliases, decisions.unplaced):
        blocks.append(f"For rows of no known project: {advice}.")
    if any(one.gaps for one in missing):
        blocks.append(_missing_block(missing))
    if told["problems"]:
        blocks.append("\n".join(["Also found:", *(f"  {line}" for line in told["problems"])]))
    return "\n\n".join(blocks)


def _file_rows(files: Iterable[FileSummary]) -> list[tuple[str, ...]]:
    """Give each log a line, and each folder of `.decision` files one line."""
    rows: dict[str, int] = {}
    refused: dict[str, Counter[str]] = {}
    for file in files:
        name = file["path"]
        if name.endswith(".decision"):
            name = f"{name.rpartition('/')[0]}/*.decision"
        rows[name] = rows.get(name, 0) + file["rows"]
        refused.setdefault(name, Counter()).update(file["quarantined"])
    cells: list[tuple[str, ...]] = []
    for name, count in rows.items():
        counts = refused[name]
        reasons = ", ".join(
            f"{_WORDS.get(reason, reason)} {number}" for reason, number in counts.most_common()
        )
        cells.append((name, str(count), str(count - counts.total()), reasons or "-"))
    return cells


def _unmatched_block(folders: Sequence[dict[str, object]]) -> str:
    rows = [(str(f["folder"]), str(f["by_date"]), str(f["unknown"])) for f in folders[:_SHOWN]]
    if len(folders) > _SHOWN:
        rows.append((f"and {len(folders) - _SHOWN} more: --json", "", ""))
    return "Folder names of no project:\n" + (
        _table(("folder", "project by date", "unknown"), rows)
    )


def _missing_block(missing: Sequence[MissingPictures]) -> str:
    if all(one.missing == one.logged and not one.gaps[0].mendable for one in missing):
        logged = sum(one.logged for one in missing)
        return f"None of the {logged} logged pictures is there: no image folder holds any of them."
    lines = ["Logged pictures that are not there, and the likely reason:"]
    for one in missing:
        if one.gaps:
            lines.append(f"  {one.project}: {one.missing} of {one.logged}")
            lines += [f"    {gap}" for gap in one.gaps]
    return "\n".join(lines)


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
