"""Tables of what very many pictures and sets cost, from `scale.json`."""

from __future__ import annotations

from typing import Any

from _markdown import grid

COSTS = {
    "cpu_seconds_a_picture": (
        "the pass: decode, hash, cues, embedding",
        "{:.2f} CPU seconds a picture",
    ),
    "sidecar_bytes_a_picture": ("the three sidecar files", "{:,.0f} bytes a picture"),
    "part_bytes_a_picture": ("parts, until they are joined", "{:,.0f} bytes a picture"),
    "join_cpu_seconds_a_picture": ("joining parts", "{:.2g} CPU seconds a picture"),
    "read_cpu_seconds_a_picture": ("reading the sidecars", "{:.2g} CPU seconds a picture"),
    "dask_seconds_a_task": ("Dask, a task of 128 pictures", "{:.2g} seconds a task"),
    "table_bytes_a_set": ("the table of choices", "{:,.0f} bytes a set"),
    "train_cpu_seconds_a_set": ("table and ranker", "{:.2g} CPU seconds a set"),
}
AMOUNTS = {
    "terabytes_of_pictures": "the pictures themselves, TB",
    "gigabytes_of_sidecars": "sidecars, GB; as much in memory when they are read",
    "gigabytes_while_joining": "sidecars and parts while joining, GB",
    "parts": "part files",
    "pass_core_hours": "the pass, hours of one core",
    "cores_for_one_day": "cores that do it in a day",
    "cores_for_one_week": "cores that do it in a week",
    "dask_hours": "Dask's scheduler for that, hours",
    "join_hours": "joining parts, hours of one process",
    "sets": "sets, if every picture were in one of three",
    "table_gigabytes": "their table, GB in memory",
    "train_core_hours": "training on all of them, hours of one core",
}


def costs(record: dict[str, Any]) -> str:
    """Return what one more picture or set costs."""
    rows = [(what, form.format(record["costs"][name])) for name, (what, form) in COSTS.items()]
    return grid(("step", "cost"), rows)


def spread(record: dict[str, Any]) -> str:
    """Return the same work here and on two workers."""
    measured = record["measured"]
    rows = []
    for what, here, there in (
        ("the pass, {} pictures", measured["pass"][-1], measured["spread_pass"]),
        ("table and ranker here, ranker there; {} sets", measured["sets"][-1],
         measured["spread_training"]),
    ):  # fmt: skip
        count = here.get("pictures") or here.get("sets")
        apart = f"{there['cpu_seconds']:.1f} + {there['cpu_seconds_here']:.1f}"
        rows.append((what.format(count), f"{here['cpu_seconds']:.1f}", apart))
    return grid(("work", "CPU seconds here", "on two workers + at the command"), rows)


def projected(record: dict[str, Any]) -> str:
    """Return what very many pictures would take."""
    sizes = record["projected"]
    head = ("", *(f"10^{len(str(one['pictures'])) - 1} pictures" for one in sizes))
    return grid(
        head, [(what, *(_short(one[name]) for one in sizes)) for name, what in AMOUNTS.items()]
    )


def _short(value: float) -> str:
    """Return two digits that count."""
    return f"{float(f'{value:.2g}'):,.{0 if value >= 9.5 else 2}f}"
