"""Make the table of joint errors from its results."""

from __future__ import annotations

from typing import Any

from _markdown import grid

RULES = ("jointly", "unweighted", "apart")


def table(found: dict[str, Any]) -> str:
    """Return how often each rule broke the budget, and what it approved beside the oracle."""
    head = ("rejected", "told", "reviewed", *(f"{rule}: broken" for rule in RULES))
    more = (*(f"{rule}: approved" for rule in RULES), "oracle")
    rows = [
        (
            f"{cell['rejections']:.0%}",
            "yes" if cell["told"] else "no",
            str(cell["reviewed"]),
            *(f"{cell['broken'][rule]} of {cell['repeats']}" for rule in RULES),
            *(f"{cell['approved'][rule]:.2f}" for rule in RULES),
            f"{cell['oracle']:.2f}",
        )
        for cell in found["cells"]
    ]
    return grid((*head, *more), rows)
