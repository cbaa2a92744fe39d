"""The section of a page about one workspace that was cross-validated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _markdown import cell

MODELS = {
    "prefml": "**prefml**",
    "linear": "linear Bradley-Terry on the embedding",
    "raw_lambdarank": "LambdaRank on the raw embedding",
    "neural": "neural net, 512-256-64-1, on the embedding",
    "neural_all_inputs": "the same net on prefml's inputs",
    "highest_stage": "highest stage",
    "random": "chance",
    "constant_box": "one constant box",
    "full_frame": "full frame",
    "saliency_box": "box round the salient",
    "size_stage": "LightGBM on size and stage",
}


def section(title: str, record: dict[str, Any], path: Path) -> Iterator[str]:
    """Yield the lines of one result file."""
    machine = record["machine"]
    yield f"### {title}"
    quick = "Quick run. " if record.get("quick") else ""
    yield (
        f"\n{quick}Encoder `{record['encoder']}`; {machine['processor']}, "
        f"{machine['cores']} cores; `{record['command']}` wrote `{path}`."
    )
    if record["ranker"]:
        yield from choices(record["ranker"])
    if record["crop"]:
        yield from crops(record["crop"])


def choices(part: dict[str, Any]) -> Iterator[str]:
    yield f"\n{part['sets']} sets in {part['projects']} projects, {rounds(part)}:\n"
    yield "| choice | top-1 | 95 % interval | pairs | lower-stage sets | calibration error |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, row in ordered(part["models"]):
        cells = (row["top1"], row["top1_ci"], row["pair_accuracy"], row["lower_stage_top1"])
        yield f"| {name} | {' | '.join(map(cell, cells))} | {cell(row['ece'])} |"


def crops(part: dict[str, Any]) -> Iterator[str]:
    yield f"\n{part['rows']} crops, {rounds(part)}:\n"
    yield "| crop | IoU | 95 % interval | edges within 5 % | keep or crop, balanced |"
    yield "| --- | --- | --- | --- | --- |"
    for name, row in ordered(part["models"]):
        cells = (row["iou"], row["iou_ci"], row["edges_within_5pct"])
        kept = cell(row["keep_balanced_accuracy"])
        yield f"| {name} | {' | '.join(map(cell, cells))} | {kept} |"


def rounds(part: dict[str, Any]) -> str:
    return f"{part['folds']} folds by {part['folds_by']}, medians of {part['seeds']} seeds"


def ordered(models: dict[str, Any]) -> list[tuple[str, Any]]:
    known = [name for name in MODELS if name in models]
    rest = [name for name in models if name not in MODELS]
    return [(MODELS.get(name, name), models[name]) for name in (*known, *rest)]
