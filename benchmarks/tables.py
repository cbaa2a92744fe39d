"""Rewrite the tables of README.md from `benchmarks/results/*.json`.

python benchmarks/tables.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
START, END = "<!-- results -->", "<!-- /results -->"
TITLES = {
    "live_challenge_mobilenet": "LIVE in the Wild, half of it (real photographs, real opinions)",
    "live_challenge_builtin": "the same with the built-in encoder",
    "sample": "Sample workspace",
}
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


def main() -> None:
    page = ROOT / "README.md"
    page.write_text(with_tables(page.read_text()))


def with_tables(text: str) -> str:
    """Return the page with its tables made anew.

    The page is otherwise unchanged.
    """
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    return f"{before}{START}\n{tables()}\n{END}{after}"


def tables() -> str:
    """Return every table whose result file exists."""
    parts = []
    for name, title in TITLES.items():
        path = RESULTS / f"evaluate_{name}.json"
        if path.exists():
            parts.append("\n".join(section(title, json.loads(path.read_text()), path)))
    return "\n\n".join(parts)


def section(title: str, record: dict[str, Any], path: Path) -> Iterator[str]:
    """Yield the lines of one result file."""
    machine = record["machine"]
    yield f"### {title}"
    yield (
        f"\nEncoder `{record['encoder']}`; {machine['processor']}, {machine['cores']} cores; "
        f"`{record['command']}` wrote [{path.name}]({path.relative_to(ROOT)})."
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


def cell(value: float | list[float] | None) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return f"{value[0]:.3f} to {value[1]:.3f}" if value[0] is not None else ""
    return f"{value:.3f}"


if __name__ == "__main__":
    main()
