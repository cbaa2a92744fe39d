"""`prefml import`: bring decisions in from other programs, dry-run first."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prefml.cli._shared import busy, emit, json_option, open_workspace
from prefml.exceptions import counted
from prefml.workspace import RULES

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence

    from prefml.suggest.imports import ImportPlan

_KINDS = ("xmp", "lightroom", "folders", "csv")
_SHOWN = 20


@click.command("import")
@click.argument("source", metavar="SOURCE")
@click.option("--execute", "do_it", is_flag=True, help="Do it; without it the plan is printed.")
@click.option(
    "--kind",
    type=click.Choice(_KINDS),
    help="What SOURCE is.  [default: what it looks like]",
)
@click.option("--project", metavar="NAME", help="Project of pictures whose folders name none.")
@click.option(
    "--rule",
    type=click.Choice(RULES),
    help="What makes a set, see prefml sets.  [default: as prefml.toml says, else auto]",
)
@json_option
def command(
    source: str, do_it: bool, kind: str | None, project: str | None, rule: str | None, as_json: bool
) -> None:
    """Make logs of what was picked, rated and cropped elsewhere.

    SOURCE is a folder of pictures with XMP in or beside them, a catalogue of Lightroom (.lrcat), a
    folder with kept/ and rejected/, or a table (.csv). It is only read. Without --execute nothing
    is written; what was imported before is not logged twice.
    """
    from prefml.decisions.set_rule import set_rule
    from prefml.suggest.imports import plan_import

    workspace = open_workspace()
    place = workspace.root / Path(source).expanduser()
    with busy("import"):
        plan = plan_import(workspace, place, set_rule(workspace.config, name=rule), kind, project)
        written = plan.write() if do_it else []
    files = [path.relative_to(workspace.root).as_posix() for path in written]
    emit(_payload(plan, do_it, files), _text(plan, source, do_it, files), as_json)


def _payload(plan: ImportPlan, executed: bool, files: Sequence[str]) -> dict[str, object]:
    return {
        "kind": plan.kind,
        "executed": executed,
        "pictures": plan.pictures,
        "sets": plan.sets,
        "decisions": {"new": len(plan.new), "changed": len(plan.changed), "known": plan.known},
        "no_decision": dict(plan.no_decision),
        "alone": dict(plan.alone),
        "crops": {
            "new": len(plan.crops),
            "changed": len(plan.changed_crops),
            "known": plan.known_crops,
        },
        "no_crop": dict(plan.no_crop),
        "passed_over": dict(plan.passed_over),
        "files": list(files),
        "rows": [
            {"project": one.project, "chosen": one.winner, "rejected": list(one.losers)}
            for one in (*plan.new, *plan.changed)
        ],
    }


def _text(plan: ImportPlan, source: str, executed: bool, files: Sequence[str]) -> str:
    lines = [
        f"{one.project}: {one.winner} of {len(one.losers) + 1}"
        for one in (*plan.new, *plan.changed)[:_SHOWN]
    ]
    if len(plan.new) + len(plan.changed) > _SHOWN:
        lines.append(f"... and {len(plan.new) + len(plan.changed) - _SHOWN} more; --json: all")
    lines += _reasons(plan, "sets are no decisions", plan.no_decision)
    lines += _reasons(plan, "pictures form no set", plan.alone)
    lines += _reasons(plan, "crops are no labels", plan.no_crop)
    lines += _reasons(plan, "passed over", plan.passed_over)
    lines.append(
        f"{counted(plan.pictures, 'picture')}, {counted(plan.sets, 'set')}. "
        f"Of the decisions {len(plan.new)} are new, "
        f"{len(plan.changed)} changed, {plan.known} known. Of the crops {len(plan.crops)} are new, "
        f"{len(plan.changed_crops)} changed, {plan.known_crops} known."
    )
    lines.append(_ending(plan, source, executed, files))
    return "\n".join(lines)


def _ending(plan: ImportPlan, source: str, executed: bool, files: Sequence[str]) -> str:
    if files:
        return f"Logged in {' and '.join(files)}; see them counted: prefml ingest"
    if executed or not (plan.new or plan.changed or plan.crops or plan.changed_crops):
        return "Nothing new to log."
    return f"Nothing was written; do it: prefml import {shlex.quote(source)} --execute"


def _reasons(plan: ImportPlan, words: str, counts: Counter[str]) -> Iterator[str]:
    from prefml.decisions.imports import REASONS

    for reason, count in counts.most_common():
        example = plan.examples.get(reason)
        such = f", such as {example}" if example else ""
        yield f"{count} {words}: {REASONS.get(reason, reason)}{such}"
