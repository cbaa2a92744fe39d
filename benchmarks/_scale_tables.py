"""Tables of how costs grow, from `scale.json` and `sidecars.json`."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import linear_regression
from typing import Any

from _markdown import grid

Part = dict[str, Any]
# File, part, cost, title and unit of what has a size that grows.
GROWING = (
    ("sidecars", "nothing_new", "seconds", "`embed` with nothing new", "pictures"),
    ("sidecars", "add", "seconds_beside", "`embed` of new pictures, beyond their own", "pictures"),
    ("sidecars", "verify", "seconds", "`embed --verify`", "pictures"),
    ("sidecars", "store", "seconds", "finished batches become the data sets", "pictures"),
    ("sidecars", "rank", "seconds", "`rank` of four pictures", "pictures"),
    ("sidecars", "libraries", "seconds", "LightGBM, pandas, pyarrow imported", "pictures"),
    ("sidecars", "read", "seconds", "reading all sidecars", "pictures"),
    ("sidecars", "ingest", "seconds", "`ingest`, as many sets as pictures", "pictures"),
    ("sidecars", "suggest", "seconds", "`suggest` for one project", "pictures"),
    ("sidecars", "duplicates", "seconds", "`duplicates` of all projects", "pictures"),
    ("scale", "fit", "seconds", "the ranker, its selection included", "sets"),
    ("scale", "crop", "seconds", "the crop model", "crops"),
    ("scale", "tasks", "seconds", "Dask itself", "tasks"),
)  # fmt: skip
FILES = ("sidecars", "scale")
BEYOND = (10**6, 10**7)
# The widest interval of an exponent from which it is told what lies beyond.
CERTAIN = 0.5
# Sizes at which something was wanted.
PICTURES, SETS, CROPS, SPREAD, LARGE = 100_000, 21_000, 7_000, 384, 200_000


def growth(records: dict[str, Any]) -> str:
    """Return what was measured at each size, and the exponent of its growth."""
    rows = []
    for file, name, cost, title, unit in GROWING:
        if found := _part(records, file, name):
            sizes = _by_size(found, cost)
            rows.append((
                title, " / ".join(f"{size:,}" for size in sizes) + f" {unit}",
                " / ".join(map(_seconds, sizes.values())), _memory(found),
                _exponent(found["growth"][cost]),
            ))  # fmt: skip
    head = ("", "sizes", "seconds, median", "MB at the largest", "exponent, 95 % interval")
    machines = [one["machine"] for file in FILES for one in records[file]["parts"].values()]
    load, cores = max(one["load"] or 0 for one in machines), machines[0]["cores"]
    return f"{grid(head, rows)}\n\nLoad of the machine, of {cores} cores, at most: {load}."


def beyond(records: dict[str, Any]) -> str:
    """Return costs that nobody has measured, where the runs scatter little enough to tell.

    The larger of two: the fitted power of the size, and the straight line through the runs, for
    what every command pays for its start makes the power too small.
    """
    rows = []
    for file, name, cost, title, unit in GROWING:
        if found := _part(records, file, name):
            largest = max(_by_size(found, cost))
            rows.append((title, f"{largest:,} {unit}", *(_guess(found, cost, n) for n in BEYOND)))
    head = ("", "measured up to", *(f"at 10^{len(str(size)) - 1}" for size in BEYOND))
    return grid(head, rows)


def _guess(found: Part, cost: str, size: int) -> str:
    fitted = found["growth"][cost]
    if fitted["low"] is None or fitted["high"] - fitted["low"] > CERTAIN:
        return "not known"
    points = [(point["size"], point[cost]) for point in found["points"]]
    slope, start = linear_regression(*zip(*points, strict=True))
    return _long(max(start + slope * size, fitted["factor"] * size ** fitted["exponent"]))


def goals(records: dict[str, Any]) -> str:
    """Return what was wanted, and what was measured at that size or a larger one."""
    return grid(("", "size", "wanted", "measured"), list(_goals(records)))


def _goals(records: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    new = records["sidecars"]["settings"]["new"]
    points = _at(records, "sidecars", "add", PICTURES)
    title = f"adding {new} pictures, beside their decoding and encoding"
    yield title, f"{PICTURES:,} pictures", "3 s", _told(points, "{seconds_beside:.1f} s")
    points = _at(records, "sidecars", "rank", PICTURES)
    found = _told(points, "{seconds:.2f} s, {memory_mb:.0f} MB")
    yield "`rank` of four stored pictures", f"{PICTURES:,} pictures", "1.2 s, 400 MB", found
    points = _at(records, "scale", "fit", SETS)
    found = _told(points, "{seconds:.0f} s, {memory_mb:,.0f} MB")
    yield "the ranker, its selection included", f"{SETS:,} sets", "60 s, 1,600 MB", found
    wanted = "3 times the table in float32 and 300 MB"
    found = _told(points, "{added_mb:,.0f} MB, the table {table_mb:,.0f} MB")
    yield "what fitting it adds to memory", f"{SETS:,} sets", wanted, found
    points = _at(records, "scale", "crop", CROPS)
    yield "the crop model", f"{CROPS:,} crops", "30 s", _told(points, "{seconds:.0f} s")
    points = _at(records, "scale", "large", LARGE)
    found = _told(points, "{seconds:,.0f} s, {memory_mb:,.0f} MB")
    yield "the ranker of very many sets", f"{LARGE:,} sets", "900 s, 8,000 MB", found
    spread = _part(records, "scale", "workers") if _at(records, "scale", "workers", SPREAD) else {}
    found = f"{spread['ratio']:.2f} times" if spread else "not measured"
    yield "the pass on two workers against one", f"{SPREAD} pictures", "1.7 times", found


def _at(records: dict[str, Any], file: str, name: str, size: int) -> list[dict[str, Any]]:
    """Return the runs at the largest size, unless it is smaller than one wanted."""
    found = _part(records, file, name)
    largest, points = _largest(found) if found else (0, [])
    return points if largest >= size else []


def _told(points: list[dict[str, Any]], form: str) -> str:
    if not points:
        return "not measured"
    names = [name for name, value in points[0].items() if isinstance(value, int | float)]
    return form.format(**{name: _median(points, name) for name in names})


def workers(records: dict[str, Any]) -> str:
    """Return the same pass on one worker, on two, and on two of which one is killed."""
    found = _part(records, "scale", "workers")
    rows = []
    for point in found["points"] if found else ():
        name = f"{point['workers']} of one thread"
        name += ", one of them killed in the middle" if point["killed"] else ""
        here = f"{point['cpu_seconds_here']:.1f}"
        rows.append((name, f"{point['size']:,}", f"{point['seconds']:.1f}", here))
    return grid(("worker processes", "pictures", "seconds", "CPU seconds of the command"), rows)


def _part(records: dict[str, Any], file: str, name: str) -> Part | None:
    found: Part | None = records[file]["parts"].get(name)
    return found


def _by_size(found: Part, cost: str) -> dict[int, float]:
    sizes = sorted({point["size"] for point in found["points"]})
    return {size: _median(_of_size(found, size), cost) for size in sizes}


def _of_size(found: Part, size: int) -> list[dict[str, Any]]:
    return [point for point in found["points"] if point["size"] == size]


def _largest(found: Part) -> tuple[int, list[dict[str, Any]]]:
    size = max(point["size"] for point in found["points"])
    return size, _of_size(found, size)


def _median(points: list[dict[str, Any]], cost: str) -> float:
    values = sorted(point[cost] for point in points)
    return float(values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


def _memory(found: Part) -> str:
    points = _largest(found)[1]
    return f"{_median(points, 'memory_mb'):,.0f}" if "memory_mb" in points[0] else ""


def _exponent(fitted: dict[str, float | None]) -> str:
    if fitted["exponent"] is None:
        return ""
    spread = "" if fitted["low"] is None else f" ({fitted['low']:.2f} to {fitted['high']:.2f})"
    return f"{fitted['exponent']:.2f}{spread}"


def _seconds(value: float) -> str:
    return f"{value:.0f}" if value >= 9.95 else f"{value:.2f}"


def _long(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{_seconds(seconds)} seconds"


TABLES = {"growth": growth, "goals": goals, "beyond": beyond, "workers": workers}
