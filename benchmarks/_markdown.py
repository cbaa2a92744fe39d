"""Markdown tables of figures."""

from __future__ import annotations

from typing import Any


def grid(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, ("---",) * len(head)]
    lines += [tuple(one if isinstance(one, str) else cell(one) for one in row) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(value: float | list[float] | None) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return f"{value[0]:.3f} to {value[1]:.3f}" if value[0] is not None else ""
    return f"{value:.3f}"
