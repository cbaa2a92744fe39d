"""Tables of `benchmarks/results/loop.json`."""

from __future__ import annotations

from typing import Any

from _markdown import grid


def rounds(found: dict[str, Any]) -> str:
    """Return what is covered, true and reported in each round, by what is learned from."""
    head = (
        "learned from", "round", "covered", "true error within", "reported within",
        "budget exceeded", "true error", "reported", "interval right",
    )  # fmt: skip
    rows = [
        (
            kind, str(number), _percent(one["covered"]), _percent(one["true_within"]),
            _percent(one["told_within"]), f"{one['exceeded']} of {one['repeats']}",
            _percent(one["true"]), _percent(one["told"]), _percent(one["interval_right"]),
        )
        for kind, each in found["rounds"].items()
        for number, one in enumerate(each, start=1)
    ]  # fmt: skip
    return grid(head, rows)


def first_rounds(found: dict[str, Any]) -> str:
    """Return how often the first round exceeds the budget, by the number of judged sets."""
    rows = [
        (
            n_sets, _percent(one["covered"]), _percent(one["true_within"]),
            f"{one['exceeded']} of {one['repeats']}",
        )
        for n_sets, one in found["first"].items()
    ]  # fmt: skip
    return grid(("judged sets", "covered", "true error within", "budget exceeded"), rows)


def switches(found: dict[str, Any]) -> str:
    """Return how often batches are off after so many rounds of 20 audits."""
    rows = [
        (name, ", ".join(f"{_percent(share)} after {n}" for n, share in each.items()))
        for name, each in found["switches"].items()
    ]
    return grid(("error of what is approved", "batches off, by rounds of 20 audits"), rows)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
