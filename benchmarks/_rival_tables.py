"""Tables of prefml beside its rivals."""

from __future__ import annotations

from typing import Any

from _markdown import grid
from _rivals import RIVALS

CROPPERS = {
    "prefml": "**prefml**", "constant": "one constant box",
    "aspect": "a constant box for each aspect", "saliency": "box round the salient",
    "full": "full frame", "lightgbm": "LightGBM, each edge", "net": "neural net, 256-128-4",
}  # fmt: skip
DATA = {"live": "LIVE", "mef": "MEF", "sample": "sample"}


def rivals(record: dict[str, Any]) -> str:
    """Return one row a rival: top-1 on every data set, prefml's lead, time and memory."""
    parts = {name: title for name, title in DATA.items() if name in record["data"]}
    head = ["ranker", *(f"{title}: top-1 / pairs; prefml ahead by" for title in parts.values())]
    head += ["fit, CPU s", "predict, ms per 1,000", "memory, GB"]
    rows = []
    for name, rival in RIVALS.items():
        found = {part: record["data"][part]["models"].get(name) for part in parts}
        if any(found.values()):
            title = f"**{rival.title}**" if name == "prefml" else rival.title
            rows.append((title, *map(beside, found.values()), *costs(found)))
    notes = [about(record["data"][part], title) for part, title in parts.items()]
    if record["missing"]:
        names = ", ".join(RIVALS[name].title for name in record["missing"])
        notes.append(f"Not installed, and so not measured: {names}")
    return grid(tuple(head), rows) + "\n\n" + ". ".join(notes) + "."


def beside(row: dict[str, Any] | None) -> str:
    """Return accuracy, and the lead over this rival with its interval."""
    if row is None:
        return "not measured"
    said = f"{row['top1']:.3f} / {row['pair_accuracy']:.3f}"
    low, high = row["prefml_ahead_by"]
    if low is None or low == high == 0:
        return said
    verdict = "tie" if row["verdict"] == "tie" else f"**{row['verdict']}**"
    return f"{said}; {low:+.3f} to {high:+.3f}, {verdict}"


def costs(found: dict[str, dict[str, Any] | None]) -> tuple[str, ...]:
    """Return the costs on the first data set on which a rival was measured."""
    row = next(one for one in found.values() if one)
    return (
        f"{row['fit_cpu_seconds']:.1f}",
        f"{row['predict_ms_per_1000']:.0f}",
        f"{row['peak_gb']:.1f}",
    )


def about(part: dict[str, Any], title: str) -> str:
    """Say what one data set is."""
    seeds = sorted({row["seeds"] for row in part["models"].values()})
    counted = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    kind = part["cluster_kind"]
    return (
        f"{title}: {part['sets']:,} sets, {part['projects']} projects, "
        f"seeds {counted}, intervals over {part['clusters']} {kind}s"
    )


def families(record: dict[str, Any]) -> str:
    """Return what each family of columns is worth, left out and alone."""
    parts = {name: title for name, title in DATA.items() if name in record["data"]}
    head = ("columns", *parts.values())
    names = list(next(iter(record["data"].values()))["runs"])
    rows = [
        (name, *(worth(record["data"][part]["runs"].get(name)) for part in parts)) for name in names
    ]
    return grid(head, rows)


def worth(row: dict[str, Any] | None) -> str:
    """Return top-1 and pairs, and the difference to all columns with its interval."""
    if row is None:
        return ""
    said = f"{row['top1']:.3f} / {row['pair_accuracy']:.3f}"
    low, high = row["against_all"]
    return said if low == high == 0 else f"{said} ({low:+.3f} to {high:+.3f})"


def crop_rivals(record: dict[str, Any]) -> str:
    """Return prefml's crops beside rivals: overlap, prefml's lead, time."""
    titles = {
        "sample": "sample", "thighs_eyes_hands": "people, at the thighs",
        "room_around_body": "people, room around the body",
    }  # fmt: skip
    parts = [part for part in titles if part in record["data"]]
    head = ("crop", *(f"{titles[part]}: IoU; prefml ahead by" for part in parts), "fit, CPU s")
    rows = []
    for name, title in CROPPERS.items():
        found = [record["data"][part]["models"].get(name) for part in parts]
        if any(found):
            fit = next(one for one in found if one)["fit_cpu_seconds"]
            rows.append((title, *map(overlap, found), f"{fit:.1f}"))
    return grid(head, rows)


def overlap(row: dict[str, Any] | None) -> str:
    """Return the overlap, and the lead over this rival with its interval."""
    if row is None:
        return "not measured"
    low, high = row["prefml_ahead_by"]
    if low == high == 0:
        return f"{row['iou']:.3f}"
    return f"{row['iou']:.3f}; {low:+.3f} to {high:+.3f}, {row['verdict']}"
