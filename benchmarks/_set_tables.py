"""Tables of `benchmarks/sets.py`."""

from __future__ import annotations

from typing import Any

from _markdown import grid


def by_source(found: dict[str, Any]) -> str:
    """Return pair F1 of the named rule and of `auto` for each source."""
    rows = [
        (
            row["source"],
            f"`{row['rule']}`",
            row["named"]["f1"],
            row["auto"]["f1"],
            row["metadata"],
        )
        for row in found["sources"]
    ]
    return grid(("pictures of", "rule", "F1", "F1 of `auto`", "metadata"), rows)


def likeness(found: dict[str, Any]) -> str:
    """Return pair F1 over the least cosine, for each encoder."""
    if not found["likeness"]:
        return "No real pictures were there."
    kinds = ("burst", "bracket", "mef", "all")
    head = [f"{kind}, {one['encoder']}" for one in found["likeness"] for kind in kinds]
    rows = []
    for place, row in enumerate(found["likeness"][0]["curve"]):
        default = " (default)" if row["cosine"] == found["likeness"][0]["default"] else ""
        values = [one["curve"][place][kind] for one in found["likeness"] for kind in kinds]
        rows.append((f"{row['cosine']:.2f}{default}", *values))
    return grid(("cosine", *head), rows)


def many(found: dict[str, Any]) -> str:
    """Return what grouping many pictures takes."""
    rows = [
        (
            _in_code(name),
            f"{row['seconds']:.2f}",
            str(row["sets"]),
            str(row["largest"]),
            "yes" if row["same_when_shuffled"] else "no",
        )
        for name, row in found["many"].items()
        if name != "pictures"
    ]
    head = ("rule", "seconds", "sets", "largest set", "the same when shuffled")
    return grid(head, rows)


def _in_code(name: str) -> str:
    """Write the rule in a name as code: "burst, one chain"."""
    rule, comma, rest = name.partition(",")
    return f"`{rule}`{comma}{rest}"


def workspace(found: dict[str, Any]) -> str:
    """Return what `prefml sets` takes in a workspace of many pictures."""
    rows = [
        (f"`{name}`", f"{row['first']:.2f}", f"{row['seconds']:.2f}", str(row["sets"]))
        for name, row in found.get("workspace", {}).items()
        if name != "pictures"
    ]
    if not rows:
        return "Not measured yet."
    return grid(("rule", "seconds, first run", "seconds, facts kept", "sets"), rows)
