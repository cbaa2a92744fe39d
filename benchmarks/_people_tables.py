"""Tables of `benchmarks/people.py` and `benchmarks/people_crops.py`."""

from __future__ import annotations

from typing import Any

from _markdown import grid

RULES = {
    "thighs_eyes_hands": "at the thighs, eyes on the upper third, hands kept",
    "room_around_body": "a head's room around the body, free sides",
}
STEPS = (
    "faces", "body", "palms", "mask", "landmarks of a face", "landmarks of a body",
    "landmarks of a hand", "all cues of people",
)  # fmt: skip


def crops(found: dict[str, Any]) -> str:
    """Return the gain over the constant box, with everything and without a family of cues."""
    rules = [rule for rule in RULES if rule in found]
    kinds = [kind for kind in found[rules[0]] if "gain" not in kind and kind != "constant"]
    rows = [("constant box", *(f"IoU {found[rule]['constant']['iou']:.3f}" for rule in rules))]
    for kind in kinds:
        values = (found[rule][f"{kind}: gain over the constant box"] for rule in rules)
        name = "everything" if kind == "all" else kind
        rows.append((name, *(f"{m:+.3f} ({low:+.3f} to {high:+.3f})" for m, low, high in values)))
    return grid(("columns", *(RULES[rule] for rule in rules)), rows)


def times(found: dict[str, Any]) -> str:
    """Return processor milliseconds of each step, for pictures of nobody and of somebody."""
    groups = ("nobody", "somebody")
    rows = [
        (step, *(f"{found[group][step]:.1f}" if step in found[group] else "" for group in groups))
        for step in STEPS
    ]
    head = (f"{found[group]['photographs']} photographs of {group}" for group in groups)
    return grid(("step", *head), rows)
