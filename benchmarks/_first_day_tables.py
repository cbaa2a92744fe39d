"""Tables of `benchmarks/results/first_day_*.json` and `first_minute.json`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from _markdown import grid

DATA = {
    "first_day_live_challenge_mobilenet": "LIVE",
    "first_day_mef_mobilenet": "MEF",
}
RANKERS = {
    "prefml": "prefml",
    "ridge_cues": "ridge Bradley-Terry on cues",
    "linear": "Bradley-Terry on the embedding",
    "neural": "neural net on the embedding",
}


def orders(found: dict[str, dict[str, Any]]) -> str:
    """Return the agreement by the order of the questions, and what the order is worth."""
    rows = [
        (DATA[name], f"**{order}**" if order == "prefml start" else order.replace("_", " "),
         *(_span(curve[n], worth.get(order, {}).get(n)) for n in _answers(record)))
        for name, record in found.items()
        for worth in [record["summary"]["orders_less_random"]]
        for order, curve in record["summary"]["orders"].items()
    ]  # fmt: skip
    return _with_starts(found, ("data", "order"), rows)


def rankers(found: dict[str, dict[str, Any]]) -> str:
    """Return the agreement of each ranker on the same random questions, with its interval."""
    rows = [
        (DATA[name], RANKERS[ranker], *(_interval(curve[n]) for n in _answers(record)))
        for name, record in found.items()
        for ranker, curve in record["summary"]["rankers"].items()
    ]
    return _with_starts(found, ("data", "ranker"), rows)


def minute(found: dict[str, Any]) -> str:
    """Return how long the first steps of a new user take, of several runs."""
    said = {
        "first_set_s": "until the first set can be answered",
        "first_answer_s": "until its answer is saved and the next set is there",
        "embedded_s": "until all pictures are embedded",
        "model_s": "from the tenth answer until there is a model",
    }
    rows = [
        (words, f"{found['median'][key]:.1f}", f"{found['worst'][key]:.1f}")
        for key, words in said.items()
    ]
    head = (f"{found['pictures']} pictures of {found['side']} x {found['side']}", "s", "worst, s")
    return grid(head, rows)


def _answers(record: dict[str, Any]) -> list[str]:
    return list(record["summary"]["orders"]["random"])


def _with_starts(
    found: dict[str, dict[str, Any]], head: tuple[str, ...], rows: list[tuple[Any, ...]]
) -> str:
    record = next(iter(found.values()))
    table = grid((*head, *(f"after {n}" for n in _answers(record))), rows)
    said = [
        f"{DATA[name]}: {len(one['starts'])} starts, chance {one['summary']['chance']['mean']:.3f}"
        f", better than chance with 95 % certainty after 25 answers in "
        f"{one['summary']['better_than_chance']['25']:.0%} of them"
        for name, one in found.items()
    ]
    return f"{table}\n\n{'. '.join(said)}."


def _span(one: dict[str, Any], worth: dict[str, Any] | None) -> str:
    if worth is None:
        return f"{one['mean']:.3f}"
    low, high = worth["ci"]
    return f"{one['mean']:.3f} ({low:+.3f} to {high:+.3f})"


def _interval(one: dict[str, Any]) -> str:
    low, high = one["ci"]
    return f"{one['mean']:.3f} ({low:.3f} to {high:.3f})"


def tables(required: Callable[[str], dict[str, Any]]) -> dict[str, Callable[[], str]]:
    """Return what makes each table, by its name; `required` reads the file of a benchmark."""

    def curves() -> dict[str, dict[str, Any]]:
        return {name: required(name) for name in DATA}

    return {
        "first-day-orders": lambda: orders(curves()),
        "first-day-rankers": lambda: rankers(curves()),
        "first-minute": lambda: minute(required("first_minute")),
    }
