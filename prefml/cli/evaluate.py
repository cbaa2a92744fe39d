"""`prefml evaluate`: cross-validate by project and write the figures and the report."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import click

from prefml.cli._shared import emit, json_option, open_workspace, progress

__all__ = ["command"]


@click.command("evaluate")
@click.option(
    "--seeds",
    type=click.IntRange(1, 50),
    default=1,
    show_default=True,
    help="Rounds with folds and models of their own; medians are reported.",
)
@click.option(
    "--folds",
    type=click.IntRange(2, 50),
    default=4,
    show_default=True,
    help="Folds, at most the number of projects.",
)
@click.option(
    "--models",
    metavar="NAMES",
    default="",
    help="Baselines to include, separated by commas.  [default: all]",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=None,
    help="Processes to fit in.  [default: one a core]",
)
@json_option
def command(seeds: int, folds: int, models: str, jobs: int | None, as_json: bool) -> None:
    """Cross-validate by project, beside the baselines; write metrics.json and report.html.

    Does what the data allow (only choices, only crops) and says what was left out. With --json the
    content of metrics.json is printed.
    """  # fmt: skip
    from prefml.evaluation.contenders import check_names
    from prefml.evaluation.metrics_file import as_metrics, write_metrics
    from prefml.evaluation.report import write_report
    from prefml.evaluation.run import Options, evaluate

    workspace = open_workspace()
    options = Options(seeds, folds, check_names(models.split(",")), jobs or os.cpu_count() or 1)
    found = evaluate(workspace, options, partial(progress, label="models", unit="model"))
    metrics = as_metrics(found, _spelled(options.seeds, options.folds, options.models))
    figures = write_metrics(metrics, workspace.artifacts)
    report = write_report(found, metrics, workspace, workspace.artifacts)
    emit(metrics, "\n".join([*_lines(metrics), f"{figures}", f"{report}"]), as_json)


def _spelled(seeds: int, folds: int, models: tuple[str, ...]) -> str:
    chosen = f" --models {','.join(models)}" if models else ""
    return f"prefml evaluate --seeds {seeds} --folds {folds}{chosen}"


def _lines(metrics: Mapping[str, Any]) -> Iterator[str]:
    if metrics["ranker"]:
        part = metrics["ranker"]
        yield f"{part['sets']} sets, held out by {part['folds_by']}"
        yield f"  {'':<20}{'top-1':>8}{'pairs':>8}{'lower':>8}{'ece':>8}"
        for name, row in part["models"].items():
            shown = (row[key] for key in ("top1", "pair_accuracy", "lower_stage_top1", "ece"))
            yield f"  {name:<20}" + "".join(map(_cell, shown))
    if metrics["crop"]:
        part = metrics["crop"]
        yield f"{part['rows']} crops, held out by {part['folds_by']}"
        yield f"  {'':<20}{'IoU':>8}{'edges':>8}{'keep':>8}"
        for name, row in part["models"].items():
            shown = (row[key] for key in ("iou", "edges_within_5pct", "keep_balanced_accuracy"))
            yield f"  {name:<20}" + "".join(map(_cell, shown))
    yield from (f"left out: {note}" for note in metrics["left_out"])


def _cell(value: float | None) -> str:
    return f"{'-':>8}" if value is None else f"{value:>8.3f}"
