"""Tables of `gate_loop.json`: what the gate let in, and what the loop learned."""

from __future__ import annotations

from typing import Any

from _markdown import grid

Record = dict[str, Any]


def crops(record: Record) -> str:
    """Return how often a crop model was let in, by the decisions that judge."""
    head = ("new crops of other pictures", "true IoU, in use", "true IoU, new",
            "let in by all", "by those drawn", "by those made unseen")  # fmt: skip
    rows = [
        (f"{row['spoilt']:.0%}", row["current"], row["candidate"],
         *(f"{row[rule]:.2f}" for rule in ("all", "drawn", "unseen")))
        for row in record["crops"]
    ]  # fmt: skip
    return grid(head, rows)


def choices(record: Record) -> str:
    """Return how often a ranker was let in, by the decisions that judge."""
    head = ("choices that just follow", "true top-1, in use", "true top-1, new", "let in by all",
            "by those made unseen")  # fmt: skip
    rows = [
        (f"{row['follow']:.0%}", row["current"], row["candidate"],
         *(f"{row[rule]:.2f}" for rule in ("all", "unseen")))
        for row in record["choices"]
    ]  # fmt: skip
    return grid(head, rows)


def loop(record: Record) -> str:
    """Return what came of learning from crops that were taken over."""
    head = ("model", "taken over from IoU", "crops taken over", "true IoU, before and after rounds",
            "last, beside the first row", "largest fall")  # fmt: skip
    rows = []
    for name, part in (("forest", "loop"), ("crop model", "loop_crop_model")):
        for row in record[part]:
            path = ", ".join(f"{one:.3f}" for one in row["overlap"])
            error = "" if row["gain_se"] is None else f" ± {row['gain_se']:.3f}"
            gain = f"{row['gain']:+.3f}{error}"
            rows.append((name, f"{row['tolerance']:.2f}", row["accepted_crops"], path, gain,
                         row["largest_fall"]))  # fmt: skip
    return grid(head, rows)


def exposure(record: Record) -> str:
    """Return what weights against exposure gained in true top-1."""
    head = ("choices that just follow", "weights", "true top-1", "gain")
    rows = [
        (f"{row['follow']:.0%}", row["weights"], row["top1"],
         "" if row["gain_se"] is None else f"{row['gain']:+.4f} ± {row['gain_se']:.4f}")
        for row in record["exposure"]
    ]  # fmt: skip
    return grid(head, rows)
