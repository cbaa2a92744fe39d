"""Tables of the code itself: mutants, style, and speed beside an earlier commit."""

from __future__ import annotations

from collections import Counter
from typing import Any

from _markdown import grid


def mutants(record: dict[str, Any]) -> str:
    """Return what became of the changed copies of each module, and of all of decisions."""
    modules: dict[str, dict[str, int]] = record["modules"]
    # The folder that is changed as a whole.
    together: Counter[str] = Counter()
    for path, fates in modules.items():
        together.update(fates if path.startswith("prefml/decisions/") else {})
    counted = {**modules, "prefml/decisions/": dict(together)}
    fates = tuple(next(iter(modules.values())))
    rows = []
    for name, row in sorted(counted.items()):
        total = sum(row.values())
        shown = f"{row['killed'] / total:.1%}"
        rows.append((f"`{name}`", str(total), *(str(row[fate]) for fate in fates), shown))
    ending = " or ".join(record["ending"])
    tried = f"The mutants whose number ends in {ending}" if ending else "All mutants"
    table = grid(("code", "mutants", *fates, "share killed"), rows)
    return f"{tried}, at commit {record['machine']['commit']}:\n\n{table}"


def style(record: dict[str, Any]) -> str:
    """Return how the package is written."""
    spread = [f"{record[f'function_{name}']:g}" for name in ("median", "p90", "max")]
    rows = [
        ("modules", str(record["modules"])),
        ("lines of the largest module", str(record["largest_module"])),
        ("lines of a function body: median, nine in ten, longest", " / ".join(spread)),
        ("public names with a docstring", f"{record['public_docstrings']:.0%}"),
        ("docstrings that open with a question", f"{record['question_docstrings']:.1%}"),
        ("modules without a test file of their name", str(record["modules_without_test"])),
        ("modules in an import circle", str(record["import_circles"])),
        ("the word `Any`, import lines left out", str(record["any"])),
        ("pairs of rooms of which one imports the other", str(record["arrows"])),
        ("private helpers; called once; of these at most three lines",
         f"{record['private_helpers']}; {record['called_once']}; {record['crumbs']}"),
    ]  # fmt: skip
    if record["commits_with_body"] is not None:
        rows.append(("commits with a body", f"{record['commits_with_body']:.0%}"))
    return grid(("measure", "value"), rows)


def regress(record: dict[str, Any]) -> str:
    """Return the speed beside that of an earlier commit."""
    names = {
        "help": "`prefml --help`",
        "rank": "`rank` of four pictures from stored vectors",
        "pass": f"the pass over {record['pictures']} pictures",
    }
    rows = []
    for key, row in record["measures"].items():
        by = [
            f"{row[clock]['ratio']:.3f} ({row[clock]['ci'][0]:.3f} to {row[clock]['ci'][1]:.3f})"
            for clock in ("clock", "processor")
        ]
        rows.append((names[key], f"{row['seconds']:.2f}", f"{row['other_seconds']:.2f}", *by))
    head = ("what", "seconds", f"seconds at {record['other_commit']}", "ratio", "ratio, processor")
    return grid(head, rows)
