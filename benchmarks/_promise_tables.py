"""Tables of the promises about error, from `promises.json`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from _markdown import grid

PROMISES = ("seen", "mixture", "next")
Row = dict[str, Any]


def promises(record: dict[str, Any]) -> str:
    """Return how often each promise broke, and the share of the oracle's that was approved."""
    head = (
        "promise", "projects", "repeats a cell", "broken in 1,000, mean", "most in a cell",
        "share of the oracle's, shift 0", ".4", ".8",
        "something approved, 1500 sets, 10 %", "1500, 5 %", "400, 10 %", "400, 5 %",
    )  # fmt: skip
    rows = []
    for promise in PROMISES:
        mine = [row for row in record["cells"] if row["promise"] == promise]
        for projects in sorted({row["projects"] for row in mine}):
            here = [row for row in mine if row["projects"] == projects]
            largest = [row for row in here if (row["sets"], row["budget"]) == (1500, 0.1)]
            by_shift = [
                _share([row for row in largest if row["shift"] == s]) for s in (0, 0.4, 0.8)
            ]
            sizes = ((1500, 0.1), (1500, 0.05), (400, 0.1), (400, 0.05))
            cells = [[r for r in here if (r["sets"], r["budget"]) == size] for size in sizes]
            counted = (promise, str(projects), _repeats(here), *_broken(here))
            rows.append((*counted, *by_shift, *map(_approved, cells)))
        rows.append((promise, "all", _repeats(mine), *_broken(mine), *[""] * 7))
    return grid(head, rows)


def bounds(record: dict[str, Any]) -> str:
    """Return the other bounds beside prefml's, on 1500 sets and 10 %."""
    head = ("bound", "promise", "projects", "broken in 1,000, shift 0", ".4", ".8",
            "share of the oracle's, shift 0", ".4", ".8")  # fmt: skip
    ours = [
        row | {"bound": "prefml"}
        for row in record["cells"]
        if (row["sets"], row["budget"]) == (1500, 0.1) and row["projects"] in (4, 8, 20)
    ]
    found = sorted(
        [*ours, *record["rivals"]],
        key=lambda row: (PROMISES.index(row["promise"]), row["bound"] != "prefml"),
    )
    rows = []
    for key in dict.fromkeys((r["bound"], r["promise"], r["projects"]) for r in found):
        mine = [r for r in found if (r["bound"], r["promise"], r["projects"]) == key]
        by_shift = [[r for r in mine if r["shift"] == shift] for shift in (0, 0.4, 0.8)]
        bound, promise, projects = key
        rates = [_broken(part)[0] for part in by_shift]
        rows.append((bound, promise, str(projects), *rates, *map(_share, by_shift)))
    return grid(head, rows)


def worlds(record: dict[str, Any]) -> str:
    """Return how the promises fare where an assumption does not hold."""
    head = ("world", "broken in 1,000: seen", "mixture", "next", "most in a cell",
            "share of the oracle's: seen", "mixture", "next")  # fmt: skip
    rows = []
    for world in dict.fromkeys(row["world"] for row in record["others"]):
        mine = [row for row in record["others"] if row["world"] == world]
        parts = [[row for row in mine if row["promise"] == promise] for promise in PROMISES]
        largest = [[r for r in part if (r["sets"], r["budget"]) == (1500, 0.1)] for part in parts]
        rates = [_broken(part)[0] for part in parts]
        rows.append((world, *rates, _broken(mine)[1], *map(_share, largest)))
    return grid(head, rows)


def _repeats(rows: list[Row]) -> str:
    return str(min(row["repeats"] for row in rows))


def _broken(rows: Iterable[Row]) -> tuple[str, str]:
    """Return how often a promise broke in a thousand repeats: the mean, and the most in a cell."""
    rates = [1000 * row["broken"] / row["repeats"] for row in rows]
    return (f"{sum(rates) / len(rates):.0f}", f"{max(rates):.0f}") if rates else ("", "")


def _share(rows: list[Row]) -> str:
    oracle = sum(row["oracle"] for row in rows)
    return f"{sum(row['coverage'] for row in rows) / oracle:.2f}" if oracle else ""


def _approved(rows: list[Row]) -> str:
    repeats = sum(row["repeats"] for row in rows)
    return f"{sum(row['approved'] for row in rows) / repeats:.2f}" if repeats else ""
