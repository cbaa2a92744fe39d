"""Tables of what the pass over the pictures costs."""

from __future__ import annotations

from typing import Any

from _markdown import grid

KINDS = {"png_2048": "PNG, 2048 x 2048", "jpeg_12mp": "JPEG, 12 megapixels"}
SMALL = "png_256"
STEPS = {
    "whole": "prefml, float32",
    "whole int8": "prefml, int8",
    "onnx": "ONNX Runtime, Pillow in threads",
    "onnx int8": "ONNX Runtime, Pillow in threads, int8",
    "loader": "torch in batches, DataLoader",
    "loader and imagehash": "torch in batches, DataLoader, imagehash",
    "seed": "the seed's loop",
    "without cues": "prefml, float32, without cues",
    "decode": "decoding alone",
    "encode": "encoding alone, float32",
    "encode int8": "encoding alone, int8",
    "people": "people's networks alone",
    "hash": "the hash alone",
}
RIVALS = {
    name: STEPS[name] for name in ("onnx", "onnx int8", "loader", "loader and imagehash", "seed")
}
LIMIT = {"share of the limit, by the clock": "by the clock",
         "share of the limit, by core-seconds": "by core-seconds",
         "cores used": "cores used"}  # fmt: skip


def passes(embed: dict[str, Any]) -> str:
    """Return speed, its spread and the cost of the pass, of its rivals, and of parts run bare."""
    rows = []
    for kind, title in _measured(embed).items():
        steps = embed[kind]["steps"]
        for at, name in enumerate(name for name in STEPS if name in steps):
            step = steps[name]
            speed = f"{step['images_per_second']:.1f}"
            least, most = step["slowest_images_per_second"], step["fastest_images_per_second"]
            rows.append((title if at == 0 else "", STEPS[name], speed, f"{least:.1f} to {most:.1f}",
                         f"{1000 * step['core_seconds']:.0f}"))  # fmt: skip
    head = ("pictures", "", "images/s, median", "least to most", "core-ms a picture")
    return grid(head, rows)


def rivals(embed: dict[str, Any]) -> str:
    """Return how many times faster than its rivals the pass is, round by round."""
    rows = []
    for kind, title in _measured(embed).items():
        for name in RIVALS:
            found = [
                embed[kind]["ratios"].get(f"{own} / {name}") for own in ("whole", "whole int8")
            ]
            if any(found):
                rows.append((title, RIVALS[name], *map(_spread, found)))
    return grid(("pictures", "rival", "prefml float32", "prefml int8"), rows)


def shares(embed: dict[str, Any]) -> str:
    """Return the share of the limit that the pass reaches, and what small pictures take."""
    rows = []
    for kind, title in _measured(embed).items():
        for own in ("whole", "whole int8"):
            found = [embed[kind]["ratios"].get(f"{own}: {name}") for name in LIMIT]
            if any(found):
                rows.append((title, STEPS[own], *map(_spread, found)))
    small = embed[SMALL]
    return (
        grid(("pictures", "", *LIMIT.values()), rows)
        + "\n\nPNGs of 256 x 256 pixels with the built-in encoder: "
        + f"{_spread(small['core_ms'], 1)} core-ms a picture, "
        + f"{_spread(small['core_ms_without_people'], 1)} without people's networks."
    )


def _measured(embed: dict[str, Any]) -> dict[str, str]:
    return {kind: title for kind, title in KINDS.items() if kind in embed}


def _spread(found: dict[str, float] | None, digits: int = 2) -> str:
    if found is None:
        return ""
    median, least, most = (f"{found[key]:.{digits}f}" for key in ("median", "least", "most"))
    return f"{median} ({least} to {most})"


def stages(embed: dict[str, Any]) -> str:
    """Return what each step of a picture costs."""
    kinds = _measured(embed)
    steps = [embed[kind]["ms_of_one_core"] for kind in kinds]
    rows = [(name, *(f"{one[name]:.1f}" for one in steps)) for name in steps[0]]
    return grid(("step", *kinds.values()), rows)


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
