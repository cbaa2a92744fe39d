"""Tables of what became of pictures: damaged ones in apply, and other projects' test pictures."""

from __future__ import annotations

from typing import Any

from _markdown import grid


def damaged_pictures(record: dict[str, Any]) -> str:
    """Return what `apply` did with damaged pictures, by their damage."""
    rows = []
    for name, fates in record["damages"].items():
        counts = [fates.get(fate, 0) for fate in ("cropped", "left out by name")]
        rows.append((name, str(sum(counts)), *map(str, counts)))
    wrong = ", ".join(f"{len(record[name])} {name}" for name in ("stops", "wrong counts", "lost"))
    head = ("what was done to a sound picture", "tried", "cropped", "left out by name")
    return f"{record['pictures']} pictures: {wrong}.\n\n{grid(head, rows)}"


def pillow_pictures(record: dict[str, Any]) -> str:
    """Return what became of other projects' test pictures, by the decoder that is tried first."""
    kinds = ("damaged", "too large", "of a format outside the list")
    faults = ("wrong pixels", "wrong sizes", "untrue refusals", "other errors")
    rows = []
    for decoder, sources in record["decoders"].items():
        for source, found in sources.items():
            fates = dict(found["fates"])
            fates[kinds[2]] = fates.get(kinds[2], 0) + fates.pop(f"{kinds[2]}, by name", 0)
            rows.append((
                source, decoder, str(record["sources"][source]), str(fates.get("read", 0)),
                *(str(fates.get(kind, 0)) for kind in kinds),
                str(sum(len(found[fault]) for fault in faults)),
            ))  # fmt: skip
    head = ("pictures", "tried first", "files", "read", *kinds, "wrong")
    embed = ", ".join(f"{count} {name}" for name, count in record["embed"].items())
    return f"{grid(head, rows)}\n\nThe same files under their own names, through `embed`: {embed}."


def colour(record: dict[str, Any]) -> str:
    """Return what converting colours costs, in processor time a picture."""
    rows = [
        (name, *(f"{row[key]:.1f}" for key in ("plain", "wide gamut")), f"{row['look']:.2f}")
        for name, row in record["milliseconds"].items()
    ]
    head = ("picture", "decoded, ms", "with a foreign profile, ms", "a look at its header, ms")
    return grid(head, rows)
