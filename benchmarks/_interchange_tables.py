"""Tables of decisions that went through other programs, and of damaged files of theirs."""

from __future__ import annotations

from typing import Any

from _markdown import grid


def trips(record: dict[str, Any]) -> str:
    """Return what came back of decisions that went out."""
    found, tool = record["round_trips"], record["darktable"]
    out = found["decisions"]
    rows = [
        ("imported again", str(out), str(found["imported"]["equal decisions"]),
         f"{found['imported']['largest error of an edge in pixels']:.3f}", "-"),
    ]  # fmt: skip
    if found["read"]:
        programs = record["programs"]
        name = f"ExifTool {programs['exiftool']}"
        read, turned, marked = found["read"], found["turned"], found["marked"]
        rows += [
            (f"read by {name} (sidecars)", str(read["sidecars"]), str(read["equal marks"]), "-",
             "-"),
            (f"changed by {name}, imported again", str(out), str(turned["equal decisions"]),
             f"{turned['largest error of an edge in pixels']:.3f}", "-"),
            (f"sidecars that {name} wrote, marked", str(marked["sidecars"]), "-", "-",
             f"{marked['other fields changed']} of {marked['other fields']}"),
        ]  # fmt: skip
    if tool:
        rows.append(
            ("packets that darktable-cli wrote, marked", str(tool["pictures"]),
             str(tool["ratings that darktable read"]), "-",
             f"{tool['other fields changed']} of {tool['other fields']}")
        )  # fmt: skip
    head = (
        "decisions",
        "tried",
        "equal",
        "largest error of a crop's edge, px",
        "other fields changed",
    )
    return grid(head, rows)


def damaged(record: dict[str, Any]) -> str:
    """Return what became of damaged sidecars and catalogues."""
    found = record["damaged"]
    kinds = {"xmp": "sidecars, bombs and external entities among them", "lrcat": "catalogues"}
    rows = []
    for kind, words in kinds.items():
        counts = [found["fates"].get(f"{kind} {fate}", 0) for fate in ("counted", "refused")]
        rows.append((words, str(sum(counts)), *map(str, counts)))
    head = (
        "damaged files",
        "tried",
        "read, and marked again",
        "refused with an error of prefml's own",
    )
    faults = len(found["faults"])
    return f"{grid(head, rows)}\n\nOther errors, and originals that changed: {faults}."


def settings(record: dict[str, Any]) -> str:
    """Return what is reported of planted settings."""
    rows = []
    for effect, found in record["effects"].items():
        count = found["repeats"]
        covered = f"{found['covered']} of {found['found']}" if float(effect) else "-"
        told = f"{found['found']} of {count}" if float(effect) else "-"
        rows.append((f"{float(effect):.2f}", told, covered, f"{found['false']} of {count}"))
    head = ("added to the share that loses", "reported", "interval holds the true share",
            f"one of {record['nothings']} nothings reported")  # fmt: skip
    return grid(head, rows)


def settings_ranked(record: dict[str, Any]) -> str:
    """Return what rankers gain on held-out projects from settings, planted and not."""
    rows = []
    for found in record["found"]:
        spread = 2 * found["gain_error"] if found["gain_error"] is not None else float("nan")
        rows.append(
            (
                _PLANTED.get(found["effect"], f"stage 3 loses {found['effect']} more often"),
                str(found["sets"]),
                f"{found['without']:.3f}",
                f"{found['with']:.3f}",
                f"{found['gain']:+.3f} ± {spread:.3f}",
                f"{found['taken']} of {found['fits']}",
            )
        )
    head = ("planted above a denoise of 0.45", "sets", "top-1 without settings",
            "with them offered", "gain, two standard errors", "taken by")  # fmt: skip
    return grid(head, rows)


_PLANTED = {"nothing": "nothing", "changes": "more often in half of the projects, less in others"}
