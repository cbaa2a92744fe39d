"""`prefml evaluate`: cross-validate by project and write the figures and the report."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import click

from prefml.cli._shared import emit, json_option, open_workspace, progress
from prefml.exceptions import counted

if TYPE_CHECKING:
    from prefml.evaluation.schema import Metrics, RejectionMetrics

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
    from prefml.evaluation.contenders import CROPPERS, RANKERS, check_names, missing_torch
    from prefml.evaluation.metrics_file import as_metrics, write_metrics
    from prefml.evaluation.report import write_report
    from prefml.evaluation.run import Options, evaluate

    workspace = open_workspace()
    options = Options(seeds, folds, check_names(models.split(",")), jobs or os.cpu_count() or 1)
    # Said before the minutes of fitting, when there is still time to install what is missing.
    missing = missing_torch((*RANKERS, *CROPPERS), options.models)
    for note in missing:
        click.echo(f"left out: {note}", err=True)
    found = evaluate(workspace, options, partial(progress, label="models", unit="model"))
    spelled = f"prefml evaluate --seeds {seeds} --folds {folds}"
    if options.models:
        spelled += f" --models {','.join(options.models)}"
    metrics = as_metrics(found, spelled)
    figures = write_metrics(metrics, workspace.artifacts)
    report = write_report(found, metrics, workspace, workspace.artifacts)
    emit(metrics, "\n".join([*_lines(metrics, missing), f"{figures}", f"{report}"]), as_json)


def _lines(metrics: Metrics, said: Collection[str]) -> Iterator[str]:
    ranker, crop = metrics["ranker"], metrics["crop"]
    if ranker is not None:
        yield f"{counted(ranker['sets'], 'set')}, held out by {ranker['folds_by']}"
        yield from _table(
            ("agreement (top-1)", "pairs in order", "lower stage chosen", "calibration error"),
            {
                name: (row["top1"], row["pair_accuracy"], row["lower_stage_top1"], row["ece"])
                for name, row in ranker["models"].items()
            },
        )
        if (none := ranker["rejection"]) is not None:
            yield _rejections(none)
    if crop is not None:
        yield f"{counted(crop['rows'], 'crop')}, held out by {crop['folds_by']}"
        yield from _table(
            ("overlap (IoU)", "edges within 5 %", "keep or crop, balanced"),
            {
                name: (row["iou"], row["edges_within_5pct"], row["keep_balanced_accuracy"])
                for name, row in crop["models"].items()
            },
        )
    yield from (f"left out: {note}" for note in metrics["left_out"] if note not in said)


def _rejections(found: RejectionMetrics) -> str:
    auc = "" if found["auc"] is None else f", AUC {found['auc']:.3f}"
    return (
        f"none is good: {found['rejected']} of {counted(found['reviewed_sets'], 'reviewed set')}; "
        f"log loss {found['log_loss']:.3f}, of the base rate {found['log_loss_base_rate']:.3f}{auc}"
    )


def _table(head: tuple[str, ...], rows: Mapping[str, tuple[float | None, ...]]) -> Iterator[str]:
    yield f"  {'':<20}" + "".join(f"  {title}" for title in head)
    for name, values in rows.items():
        texts = ("-" if value is None else f"{value:.3f}" for value in values)
        cells = (f"  {text:>{len(title)}}" for title, text in zip(head, texts, strict=True))
        yield f"  {name:<20}" + "".join(cells)
