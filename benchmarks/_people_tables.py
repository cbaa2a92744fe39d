"""Tables of what is measured on people: found, chosen, cropped and flagged."""

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


def drawn(found: dict[str, Any]) -> str:
    """Return how often a face and a body are found in drawings."""
    rows = [
        (name, *(f"{row[f'{part} found']} of {row[f'with a {part}']}" for part in ("face", "body")))
        for name, row in found["styles"].items()
    ]
    whole = {"figures": "figures of plain shapes", "nobody, stylised": "nobody in it, stylised"}
    rows += [
        (words, *(f"{found[name][f'{part} found']} of {found[name]['pictures']}"
                  for part in ("face", "body")))
        for name, words in whole.items()
    ]  # fmt: skip
    return grid(("pictures", "a face is found", "a body is found"), rows)


def choices(found: dict[str, Any]) -> str:
    """Return agreement and gain on held-out projects, with columns of people and without."""
    parts = [part for part in ("photographs of many people", "faces spoilt alone") if part in found]
    head, rows = ["columns"], {}
    for part in parts:
        own = found[part]
        shown = [("all", own["sets"])]
        if own["sets with people"] < own["sets"]:
            shown.append(("people", own["sets with people"]))
        for mask, sets in shown:
            head.append(f"{part}, {sets} sets" + (" with people" if mask == "people" else ""))
            for name, row in own.items():
                if isinstance(row, dict):
                    rows.setdefault(name, {})[head[-1]] = _gain(name, row[mask])
    return grid(head, [(name, *(row.get(column, "") for column in head[1:]))
                       for name, row in rows.items()])  # fmt: skip


def _gain(name: str, row: dict[str, Any]) -> str:
    if name == "without people":
        return f"top-1 {row['top1']:.3f}"
    mean, low, high = row["gain"]
    return f"{mean:+.3f} ({low:+.3f} to {high:+.3f})"


def anomalies(found: dict[str, Any]) -> str:
    """Return false alarms, recall and precision of each anomaly score."""
    rows = []
    for name, row in found.items():
        if not isinstance(row, dict) or "recall" not in row:
            continue
        low, high = row["false_alarm_ci"]
        least, most = row["recall_ci"]
        precision = (row[f"precision_at_{rate}"] for rate in (0.5, 0.1))
        rows.append((
            name.replace("_", " "), f"{row['false_alarms']} of {row['sound']}",
            f"{low:.1%} to {high:.1%}", f"{row['recall']:.2f} of {row['planted']}",
            f"{least:.2f} to {most:.2f}", f"{row['auc']:.2f}",
            *("" if one is None else f"{one:.2f}" for one in precision),
        ))  # fmt: skip
    head = (
        "score above 1", "false alarms", "95 % interval", "recall", "95 % interval", "AUC",
        "precision if one in two is planted", "if one in ten is",
    )  # fmt: skip
    return grid(head, rows)


def kinds(found: dict[str, Any]) -> str:
    """Return the recall of each kind of warp."""
    rows = [
        (flag.replace("_", " "), kind, f"{recall:.2f}")
        for flag in ("hand_length", "wrist", "limb") if flag in found
        for kind, recall in found[flag]["recall_by_kind"].items()
    ]  # fmt: skip
    return grid(("score", "warp", "recall"), rows)


_DRIFT = ("hand_length", "wrist", "limb")


def drift(found: dict[str, Any]) -> str:
    """Return false alarms, recall and precision against another variant of the picture."""
    rows = []
    for name in _DRIFT:
        row = found[name]
        alarms, recall = row["false_alarms"], row["recall"]
        precision = (row[f"precision_at_{rate}"] for rate in (0.5, 0.1))
        rows.append((
            name.replace("_", " "), f"{alarms['hits']} of {alarms['n']}", _span(alarms, ".1%"),
            f"{recall['share']:.2f} of {recall['n']}", _span(recall, ".2f"),
            *("" if one is None else f"{one:.2f}" for one in precision),
        ))  # fmt: skip
    head = (
        "flag", "false alarms", "95 % interval", "recall", "95 % interval",
        "precision if one in two is planted", "if one in ten is",
    )  # fmt: skip
    return grid(head, rows)


def _span(row: dict[str, Any], form: str) -> str:
    low, high = row["ci"]
    return f"{low:{form}} to {high:{form}}"


def drift_kinds(found: dict[str, Any]) -> str:
    """Return the recall of each kind of warp against another variant of the picture."""
    rows = [
        (name.replace("_", " "), kind, f"{recall:.2f}")
        for name in _DRIFT for kind, recall in found[name]["recall_by_kind"].items()
    ]  # fmt: skip
    return grid(("flag", "warp", "recall"), rows)


def anomaly_families(found: dict[str, Any]) -> str:
    """Return what is found with each score, and each of its measures, left out."""
    rows = [
        (f"against the set, {name}", *_worth(row), _gain("", {"gain": row["lost"]}))
        for name, row in found["families"].items()
    ]
    words = {"all": "by itself, face and body"}
    rows += [
        (words.get(name, f"by itself, {name}"), *_worth(row), "")
        for name, row in found["single"].items()
    ]
    head = ("flags", "recall", "95 % interval", "false alarms", "95 % interval", "gain")
    return grid(head, rows)


def _worth(row: dict[str, Any]) -> tuple[str, ...]:
    recall, alarms = row["recall"], row["false_alarms"]
    return (
        f"{recall['share']:.2f} of {recall['n']}", _span(recall, ".2f"),
        f"{alarms['share']:.1%} of {alarms['n']}", _span(alarms, ".1%"),
    )  # fmt: skip
