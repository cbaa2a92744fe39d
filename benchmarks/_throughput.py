"""Tables of what the pass over the pictures costs."""

from __future__ import annotations

from typing import Any

from _markdown import grid

KINDS = {"png_2048": "PNG, 2048 x 2048", "jpeg_12mp": "JPEG, 12 megapixels"}
STEPS = {
    "seed": "the seed's loop",
    "decode": "decoding alone",
    "encode": "encoding alone",
    "whole": "the whole pass",
    "without cues": "the pass without cues",
}


def passes(embed: dict[str, Any]) -> str:
    """Return speed and cost of the pass and of what it is held against."""
    rows = []
    for kind, title in KINDS.items():
        for name, step in embed[kind]["steps"].items():
            first = title if name == "seed" else ""
            speed, cost = step["images_per_second"], 1000 * step["core_seconds"]
            rows.append((first, STEPS[name], f"{speed:.1f}", f"{cost:.0f}"))
    return grid(("pictures", "", "images/s", "core-ms a picture"), rows)


def shares(embed: dict[str, Any], without_wuffs: dict[str, Any]) -> str:
    """Return the ratios to the seed's loop and to the limit, with and without Wuffs."""
    names = ("ratio_to_seed", "share_of_limit", "share_of_core_seconds", "cores_used",
             "ratio_to_seed_without_cues", "share_of_limit_without_cues")  # fmt: skip
    head = ("pictures", "times the seed's loop", "share of the limit, by the clock",
            "by core-seconds", "cores used", "without cues: times the seed's loop",
            "share of the limit")  # fmt: skip
    png, jpeg = KINDS
    found = {
        KINDS[png]: embed[png],
        f"{KINDS[png]}, without Wuffs": without_wuffs[png],
        KINDS[jpeg]: embed[jpeg],
    }
    rows = [(title, *(f"{one[n]:.2f}" for n in names)) for title, one in found.items()]
    return grid(head, rows)


def stages(embed: dict[str, Any]) -> str:
    """Return what each step of a picture costs."""
    steps = [embed[kind]["ms_of_one_core"] for kind in KINDS]
    rows = [(name, *(f"{one[name]:.1f}" for one in steps)) for name in steps[0]]
    return grid(("step", *KINDS.values()), rows)


def decoders(choices: dict[str, Any], kind: str) -> str:
    """Return the decoders beside each other."""
    names = ("ms", "worst_difference", "mean_difference", "other_thread_works")
    rows = [
        (name, *(form.format(one[n]) for n, form in zip(names, _FORMS, strict=True)))
        for name, one in choices[kind]["decoders"].items()
    ]
    head = ("core-ms", "worst difference", "mean difference", "another thread works")
    return grid((KINDS[kind], *head), rows)


_FORMS = ("{:.0f}", "{:.0f}", "{:.2f}", "{:.1f}")


def reduced(choices: dict[str, Any]) -> str:
    """Return what encoding from a reduced copy saves and changes."""
    head = ("pictures", "core-ms full", "core-ms reduced", "worst difference in levels",
            "mean difference", "worst cosine of the vectors")  # fmt: skip
    rows = [
        (title, f"{one['full_ms']:.0f}", f"{one['reduced_ms']:.0f}", f"{one['worst_levels']:.1f}",
         f"{one['mean_levels']:.2f}", f"{one['worst_cosine']:.5f}")
        for kind, title in KINDS.items() for one in [choices[kind]["reduced"]]
    ]  # fmt: skip
    return grid(head, rows)


def batches(choices: dict[str, Any]) -> str:
    """Return what a picture costs in batches of many sizes."""
    found = {(one["threads"], one["batch"]): one["core_ms"] for one in choices["batches"]}
    threads = sorted({key[0] for key in found})
    sizes = sorted({key[1] for key in found})
    head = ("batch", *(f"{n} thread{'s' * (n > 1)}" for n in threads))
    return grid(head, [(str(s), *(f"{found[n, s]:.1f}" for n in threads)) for s in sizes])


def resumed(resume: dict[str, Any]) -> str:
    """Return what became of a pass that was killed again and again."""
    head = ("pictures", "kills", "batches on disk at the kills", "sidecars", "memory, MB")
    batches = ", ".join(str(one["batches_after"]) for one in resume["kills"])
    equal = "equal" if resume["equal"] else f"differ: {', '.join(resume['differences'])}"
    row = (f"{resume['pictures']:,}", str(len(resume["kills"])), batches, equal,
           f"{resume['peak_memory_mb']:.0f}")  # fmt: skip
    return grid(head, [row])
