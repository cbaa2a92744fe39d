"""`prefml suggest`: suggest a choice and a crop for new pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click

from prefml.cli._shared import announce_take_over, emit, json_option, open_workspace, progress
from prefml.exceptions import counted
from prefml.workspace import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prefml.suggest import SuggestReport
    from prefml.workspace import Workspace

T = TypeVar("T")


@click.command("suggest")
@click.argument("folders", nargs=-1, metavar="[FOLDER]...")
@click.option(
    "--max-gap",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="Time between neighbouring pictures that ends a set.  [default: as the rule says]",
)
@click.option(
    "--rule",
    type=click.Choice(RULES),
    help="What makes a set, see prefml sets.  [default: as prefml.toml says, else auto]",
)
@click.option(
    "--order",
    type=click.Choice(["uncertain", "taken"]),
    default="uncertain",
    show_default=True,
    help="Least certain first, or as taken.",
)
@click.option(
    "--budget",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="Share of wrong choices for bulk approval.",
)
@click.option("--encoder", metavar="NAME", help="Where the models' encoder lies now.")
@click.option("--device", default="auto", show_default=True, help="mps, cuda, cpu or auto.")
@json_option
def command(
    folders: tuple[str, ...],
    max_gap: float | None,
    rule: str | None,
    order: str,
    budget: float,
    encoder: str | None,
    device: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Suggest winners and crops for the new pictures in FOLDER (by default new/).

    Pictures of one project form sets as prefml sets shows; a picture alone gets a crop. What was
    decided before is skipped. Writes sandbox/automation_decisions.jsonl for prefml review.
    """
    from prefml.prediction import Predictor
    from prefml.suggest import Request, suggest

    workspace = open_workspace()
    announce_take_over(workspace)
    request = Request(folders, max_gap, order, budget, float(workspace.config.reask), rule)

    def opener(where: Workspace) -> Predictor:
        return Predictor.open(where, encoder, device)

    def watch(items: Iterable[T], total: int, label: str) -> Iterable[T]:
        return progress(items, total, label, "picture" if label == "embedding" else "set")

    report = suggest(workspace, request, opener, watch)
    emit(_payload(report), _text(report), as_json)


def _payload(report: SuggestReport) -> dict[str, object]:
    return {
        "sets": report.sets,
        "singles": report.singles,
        "within_budget": report.within_budget,
        "threshold": report.threshold,
        "thresholds": dict(report.thresholds),
        "why_none_within_budget": report.why_none or None,
        "waiting": report.waiting,
        "skipped": dict(report.skipped),
        "embedded": report.computed,
        "alone": dict(report.alone),
        "file": "sandbox/automation_decisions.jsonl",
    }


def _text(report: SuggestReport) -> str:
    lines = []
    for reason, count in report.skipped.items():
        example = f", such as {report.examples[reason]}" if reason in report.examples else ""
        lines.append(f"skipped {counted(count, 'picture')}: {reason}{example}")
    for reason, count in report.alone.most_common():
        form = counted(count, "picture forms", "pictures form")
        lines.append(f"{form} no set: {reason}; to see which: prefml sets")
    if report.waiting:
        wait = "earlier suggestion still waits", "earlier suggestions still wait"
        lines.append(f"{counted(report.waiting, *wait)} for review.")
    budget = f"{report.within_budget} of them within the error budget"
    lines.append(
        f"Suggested for {counted(report.sets, 'set')} ({budget}) and "
        f"{counted(report.singles, 'single picture')}. "
        "Next: prefml review"
        if report.sets or report.singles
        else "No new pictures to suggest for."
    )
    if report.why_none:
        lines.append(f"None within the error budget: {report.why_none}")
    return "\n".join(lines)
