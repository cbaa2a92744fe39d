"""Rewrite the tables of the documents from `benchmarks/results/*.json`.

`python benchmarks/tables.py`. A table stands between `<!-- results NAME -->` and
`<!-- /results -->`; NAME is a key of `TABLES`. It is made from `FILE.json`, or from
`FILE.quick.json` where there has been no full run, and says so then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _code_tables
import _first_day_tables
import _gate
import _interchange_tables
import _joint_error
import _loop_tables
import _people_tables
import _picture_tables
import _promise_tables
import _rival_tables
import _scale_tables
import _set_tables
import _throughput
from _evaluated import MODELS, section
from _markdown import cell, grid

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
MARKED = re.compile(r"<!-- results ([\w-]+) -->\n.*?<!-- /results -->", re.DOTALL)
TITLES = {
    "live_challenge_mobilenet": "LIVE in the Wild, half of it (real photographs, real opinions)",
    "live_challenge_builtin": "LIVE in the Wild with the built-in encoder",
    "sample": "Sample workspace",
}
ROUTES = {
    "ridge, squares": "ridge on size and centre, squares",
    "linear, Huber": "linear, Huber loss",
    "boosted, squares": "boosted trees, squares",
    "boosted, absolute": "boosted trees, absolute loss",
    "scored windows, best one": "scored windows, the best one",
}
CUES = {
    "all": "everything",
    "without main objects": "without the main objects' boxes (of both maps)",
    "without grids": "without the 7 x 7 grids",
    "without embedding": "without the embedding",
}
CALIBRATED = {
    "live": "LIVE in the Wild, half of it (8 projects)",
    "mef": "MEF, 17 scenes fused in 8 ways each (5 projects)",
}
BANDS = {
    "held_out": "a project not seen",
    "own": "the same, after 50 crops of its own",
}
FOLDS = {"random": "random", "project": "by project", "date": "by date"}


def main() -> None:
    for page in rewrite():
        print(page)


def pages() -> list[Path]:
    """Return every page that may hold a table."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rewrite() -> list[Path]:
    """Make the tables of every page anew and return the pages that changed."""
    changed = []
    for page in pages():
        before = page.read_text("utf-8")
        after = with_tables(before)
        if after != before:
            page.write_text(after, "utf-8")
            changed.append(page.relative_to(ROOT))
    return changed


def with_tables(text: str) -> str:
    """Return a page with its tables made anew.

    The page is otherwise unchanged.
    """

    def made(match: re.Match[str]) -> str:
        name = match[1]
        return f"<!-- results {name} -->\n{TABLES[name]()}\n<!-- /results -->"

    return MARKED.sub(made, text)


def result(name: str) -> tuple[Path, dict[str, Any]] | None:
    """Return the file of a benchmark and what it holds; a full run before a quick one."""
    for path in (RESULTS / f"{name}.json", RESULTS / f"{name}.quick.json"):
        if path.exists():
            return path, json.loads(path.read_text("utf-8"))
    return None


def evaluations() -> str:
    """Return the tables of every workspace that was cross-validated."""
    parts = []
    for name, title in TITLES.items():
        found = result(f"evaluate_{name}")
        if found:
            path, record = found
            parts.append("\n".join(section(title, record, path.relative_to(ROOT))))
    return "\n\n".join(parts)


def summary() -> str:
    """Return prefml beside the best baseline of each workspace, in one table."""
    head = (
        "data",
        "measure",
        "prefml",
        "best baseline",
        "neural net, prefml's inputs",
        "chance or whole",
    )
    rows = []
    for name, title in TITLES.items():
        found = result(f"evaluate_{name}")
        record = found[1] if found else {}
        for part, measure, words in (("ranker", "top1", "top-1"), ("crop", "iou", "crop IoU")):
            if record.get(part):
                rows.append((title, words, *_beside(record[part]["models"], measure)))
    return grid(head, rows)


def _beside(models: dict[str, Any], measure: str) -> tuple[Any, ...]:
    """Return prefml, the best of what needs no network, the network on all inputs, and chance."""
    simple = {n: m[measure] for n, m in models.items() if n != "prefml" and "neural" not in n}
    best = max(simple, key=simple.__getitem__)
    named = f"{cell(simple[best])} ({MODELS.get(best, best)})"
    floor = models.get("random", models.get("full_frame", {})).get(measure)
    return models["prefml"][measure], named, models["neural_all_inputs"][measure], floor


def ranking_parts() -> str:
    """Return what each part of the ranker is worth."""
    record = _required("explore_ranking_live_challenge_mobilenet")
    columns = (
        "top1", "pair_accuracy", "ece", "top1_other_folds", "pair_accuracy_other_folds",
    )  # fmt: skip
    head = ("part", "top-1", "pairs", "calibration error", "top-1, other folds",
            "pairs, other folds")  # fmt: skip
    rows = record.get("variants", record)
    return grid(head, [(name, *(row[c] for c in columns)) for name, row in rows.items()])


def calibration() -> str:
    """Return how far stated probabilities of the top choice are from what was chosen."""
    record = _required("calibration")
    head = ("data", "sets", "top-1", "calibration error", "95 % interval", "by seed")
    rows = [
        (
            CALIBRATED[part],
            str(row["sets"]),
            row["top1"],
            row["ece"],
            row["ece_ci"],
            ", ".join(f"{error:.3f}" for error in row["ece_by_seed"]),
        )
        for part, row in record.items()
        if part in CALIBRATED
    ]
    return grid(head, rows)


def crop_bands() -> str:
    """Return the share of edges inside the bands, by project."""
    record = _required("calibration")["bands"]
    projects = list(record["held_out"]["by_project"])
    head = ("bands of", "mean", "lowest", "highest", *projects)
    rows = [
        (
            title,
            *(record[name][key] for key in ("mean", "lowest", "highest")),
            *(record[name]["by_project"][project] for project in projects),
        )
        for name, title in BANDS.items()
    ]
    return grid(head, rows)


def rankers() -> str:
    """Return prefml's ranker beside those of others."""
    record = _required("rank")
    speed, accuracy = record["speed"]["models"], record["accuracy"]["models"]
    head = ("ranker", "top-1", "pairs", "prefml is ahead by", "fit, s", "predict, s", "memory, GB")
    rows = []
    for name, row in accuracy.items():
        took = speed.get(name, {})
        ahead = None if name == "prefml" else row["prefml_ahead_by"]
        cost = [took.get(key) for key in ("fit_seconds", "predict_seconds", "peak_gb")]
        shown = ["" if one is None else f"{one:.1f}" for one in cost]
        rows.append((name, row["top1"], row["pair_accuracy"], ahead, *shown))
    return grid(head, rows)


def crop_routes() -> str:
    """Return the ways to a crop that were tried."""
    return _crop_part("routes", "route", ROUTES)


def crop_cues() -> str:
    """Return what each family of cues is worth to a crop."""
    return _crop_part("cues", "inputs", CUES)


def _crop_part(part: str, first: str, names: dict[str, str]) -> str:
    rows = {k: row for k, row in _required("crop")[part].items() if isinstance(row, dict)}
    columns = ("iou", "edges_within_5pct", "keep_balanced_accuracy")
    head = (first, "IoU", "edges within 5 %", "keep")
    return grid(
        head,
        [(names.get(k, k), *(row[c] for c in columns)) for k, row in rows.items() if "iou" in row],
    )


def crop_real() -> str:
    """Return the crops of the logs without pictures."""
    folds = _required("crop")["real"]["folds"]
    models = ("prefml", "constant_box", "size_stage")
    rows = [
        (f"{FOLDS[kind]} ({row['folds']})", *(f"{row['iou'][m]:.4f}" for m in models))
        for kind, row in folds.items()
    ]
    return grid(("folds", "prefml", "constant box", "boosted on size and stage"), rows)


def planted_copies() -> str:
    """Return the share of planted copies that hash, cosine and both find."""
    copies = _required("dedupe")["copies"]
    head = [
        "copy",
        "hash",
        *(f"{w}, {one['encoder']}" for one in copies for w in ("cosine", "both")),
    ]
    rows: list[tuple[Any, ...]] = [
        (
            edit,
            found["hash"],
            *(one["recall"][edit][w] for one in copies for w in ("cosine", "both")),
        )
        for edit, found in copies[0]["recall"].items()
    ]
    which = ("cosine", "both")
    rows.append(("precision of the pairs", copies[0]["precision"]["hash"]["precision"],
                 *(one["precision"][w]["precision"] for one in copies for w in which)))  # fmt: skip
    return grid(tuple(head), rows)


def learning() -> str:
    """Return how agreement rises while a made-up person reviews."""
    found = _required("learn")["summary"]
    columns = (
        "never_reviewed_agreement", "review_agreement", "never_reviewed_crop_iou",
        "never_reviewed_crop_taken_over",
    )  # fmt: skip
    head = (
        "sets reviewed", "choice as suggested, sets never reviewed", "least to most",
        "the same, sets of the next round", "crop's IoU", "crop's edges within 5 %",
    )  # fmt: skip
    rows = []
    for n, reviewed in enumerate(found["reviewed_before"]):
        first, *others = (
            found[name]["median"][n] if n < len(found[name]["median"]) else None for name in columns
        )
        span = [found[columns[0]][end][n] for end in ("least", "most")]
        rows.append((str(reviewed), first, span, *others))
    return grid(head, rows)


def gate() -> str:
    """Return what the replay gate said of spoilt models."""
    rows = [
        (row["model"], row["spoilt"], "refused" if row["refused"] else "let in", row["reason"])
        for row in _required("learn")["gate"]
    ]
    return grid(("model", "fitted on", "verdict", "reason"), rows)


WAITS = {
    "next_set": "next set, at a person's pace",
    "decide_and_next_set": "decision saved and next set, at a person's pace",
    "next_set_without_pause": "next set, keys without pause",
    "decision_on_disk": "decision on the disk, without the page",
    "crop_drag_to_paint": "crop dragged, to paint",
    "crop_key_to_paint": "crop moved by key, to paint",
    "loupe_to_paint": "loupe moved, to paint",
    "flip_to_paint": "flip at full size, to paint",
}
SINGLE_WAITS = {
    "first_picture_ms": "first picture after opening the page",
    "full_size_ms": "three pictures at full size",
}


def review_waits() -> str:
    """Return how long a person waits on the review page."""
    found = _required("review")["results"]
    rows = [(words, f"{found[name]:.0f}", "", "1") for name, words in SINGLE_WAITS.items()]
    rows += [
        (words, f"{one['median_ms']:.0f}", f"{one['p95_ms']:.0f}", str(one["n"]))
        for name, words in WAITS.items()
        if (one := found.get(name))
    ]
    return grid(("wait for", "median, ms", "95th percentile, ms", "times"), rows)


def _required(name: str) -> dict[str, Any]:
    found = result(name)
    if found is None:
        raise SystemExit(f"no result of {name}; run: python benchmarks/run.py {name}")
    return found[1]


TABLES: dict[str, Callable[[], str]] = {
    "evaluations": evaluations,
    "summary": summary,
    "ranking-parts": ranking_parts,
    "calibration": calibration,
    "crop-bands": crop_bands,
    "rankers": rankers,
    "rivals": lambda: _rival_tables.rivals(_required("rivals")),
    "crop-rivals": lambda: _rival_tables.crop_rivals(_required("crop_rivals")),
    "families": lambda: _rival_tables.families(_required("families")),
    "crop-routes": crop_routes,
    "crop-cues": crop_cues,
    "crop-real": crop_real,
    **{
        f"scale-{name}": lambda make=make: make(
            {file: _required(file) for file in _scale_tables.FILES}
        )
        for name, make in _scale_tables.TABLES.items()
    },
    "planted-copies": planted_copies,
    **_first_day_tables.tables(_required),
    "interchange": lambda: _interchange_tables.trips(_required("interchange")),
    "settings": lambda: _interchange_tables.settings(_required("settings")),
    "settings-ranked": lambda: _interchange_tables.settings_ranked(_required("settings_ranked")),
    "interchange-damaged": lambda: _interchange_tables.damaged(_required("interchange")),
    "sets": lambda: _set_tables.by_source(_required("sets")),
    "likeness": lambda: _set_tables.likeness(_required("sets")),
    "sets-many": lambda: _set_tables.many(_required("sets")),
    "sets-workspace": lambda: _set_tables.workspace(_required("sets")),
    "learning": learning,
    "gate": gate,
    "loop": lambda: _loop_tables.rounds(_required("loop")),
    "loop-first": lambda: _loop_tables.first_rounds(_required("loop")),
    "loop-switches": lambda: _loop_tables.switches(_required("loop")),
    "review-waits": review_waits,
    "passes": lambda: _throughput.passes(_required("embed")),
    "pass-rivals": lambda: _throughput.rivals(_required("embed")),
    "pass-shares": lambda: _throughput.shares(_required("embed")),
    "pass-stages": lambda: _throughput.stages(_required("embed")),
    "decoders-png": lambda: _throughput.decoders(_required("embed_choices"), "png_2048"),
    "decoders-jpeg": lambda: _throughput.decoders(_required("embed_choices"), "jpeg_12mp"),
    "reduced-copies": lambda: _throughput.reduced(_required("embed_choices")),
    "people-crops": lambda: _people_tables.crops(_required("people_crops")),
    "people": lambda: _people_tables.times(_required("people")),
    "people-drawn": lambda: _people_tables.drawn(_required("people_drawn")),
    "people-choices": lambda: _people_tables.choices(_required("people_choices")),
    "anomalies": lambda: _people_tables.anomalies(_required("anomalies")),
    "anomaly-kinds": lambda: _people_tables.kinds(_required("anomalies")),
    "anomaly-drift": lambda: _people_tables.drift(_required("anomaly_drift")),
    "anomaly-drift-kinds": lambda: _people_tables.drift_kinds(_required("anomaly_drift")),
    "anomaly-families": lambda: _people_tables.anomaly_families(_required("anomaly_drift")),
    "resumed": lambda: _throughput.resumed(_required("resume")),
    "batches": lambda: _throughput.batches(_required("embed_choices")),
    "mutants": lambda: _code_tables.mutants(_required("mutants")),
    "style": lambda: _code_tables.style(_required("style")),
    "damaged_pictures": lambda: _picture_tables.damaged_pictures(_required("damaged_pictures")),
    "pillow_pictures": lambda: _picture_tables.pillow_pictures(_required("pillow_pictures")),
    "colour": lambda: _picture_tables.colour(_required("colour")),
    "regress": lambda: _code_tables.regress(_required("regress")),
    "joint-error": lambda: _joint_error.table(_required("joint_error")),
    "promises": lambda: _promise_tables.promises(_required("promises")),
    "promises-bounds": lambda: _promise_tables.bounds(_required("promises")),
    "promises-worlds": lambda: _promise_tables.worlds(_required("promises")),
    "gate-crops": lambda: _gate.crops(_required("gate_loop")),
    "gate-choices": lambda: _gate.choices(_required("gate_loop")),
    "loop-crops": lambda: _gate.loop(_required("gate_loop")),
    "exposure": lambda: _gate.exposure(_required("gate_loop")),
}

if __name__ == "__main__":
    main()
