"""`prefml sets`: show which sets would be formed of new pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from prefml.cli._shared import emit, json_option, open_workspace
from prefml.exceptions import counted
from prefml.workspace import MOST, RULES

if TYPE_CHECKING:
    from prefml.suggest.grouping import Grouping
    from prefml.suggest.grouping.outcome import Measured

_SHOWN = 8
_SHEET = "sandbox/sets.html"


@click.command("sets")
@click.argument("folders", nargs=-1, metavar="[FOLDER]...")
@click.option(
    "--rule",
    type=click.Choice(RULES),
    help="What makes a set.  [default: rule under [sets] in prefml.toml, else auto]",
)
@click.option(
    "--stage",
    "stages",
    multiple=True,
    metavar="WORD",
    help="A stage word in names, the lowest first; repeat it.",
)
@click.option(
    "--expression",
    metavar="REGEX",
    help="For the rule name: groups set and perhaps stage and time.",
)
@click.option("--preset", metavar="NAME", help="For the rule name: names of one source alone.")
@click.option(
    "--max-gap",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="Time between neighbouring pictures that ends a set.",
)
@click.option(
    "--most",
    type=click.IntRange(2),
    metavar="N",
    help=f"Pictures of a set at most.  [default: {MOST}]",
)
@click.option("--table", metavar="FILE", help="For the rule table: a CSV file with set and image.")
@click.option(
    "--cosine",
    type=click.FloatRange(0, 1, min_open=True),
    help="For the rule similar: least likeness.",
)
@click.option(
    "--window",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="For the rule similar: how near pictures are compared.",
)
@click.option(
    "--html",
    metavar="FILE",
    is_flag=False,
    flag_value=_SHEET,
    help=f"Write a contact sheet inside the workspace; {_SHEET} without FILE.",
)
@json_option
def command(
    folders: tuple[str, ...],
    rule: str | None,
    html: str | None,
    as_json: bool,
    **settings: object,
) -> None:
    """Show which sets would be formed of the pictures in FOLDER (by default new/).

    Every picture is in one set, or alone with a reason. Nothing is suggested or decided, and only
    the rule similar needs prefml embed before.
    """
    from prefml.decisions.set_rule import set_rule
    from prefml.suggest.contact_sheet import contact_sheet
    from prefml.suggest.preview import preview_sets

    workspace = open_workspace()
    made = preview_sets(workspace, folders, set_rule(workspace.config, name=rule, **settings))
    if html:
        workspace.write_page(html, contact_sheet(workspace, made, workspace.inside(html)))
    emit(_payload(made), _text(made, html), as_json)


def _payload(made: Grouping) -> dict[str, object]:
    return {
        "sets": [
            {
                "project": one.project,
                "images": [image.path for image in one.images],
                "rule": one.rule,
                "doubt": one.doubt or None,
            }
            for one in made.sets
        ],
        "alone": [{"image": lone.image.path, "reason": lone.reason} for lone in made.alone],
        "folders": [
            {
                "folder": one.folder,
                "rule": one.rule or None,
                "why": one.why,
                "images": one.images,
                "settings": one.settings or None,
            }
            for one in made.folders
        ],
        "notes": list(made.notes),
        "corrections": None if made.measured is None else _measured_payload(made.measured),
    }


def _measured_payload(measured: Measured) -> dict[str, object]:
    return {
        "sets": measured.sets,
        "pictures": measured.pictures,
        "rules": [
            {
                "rule": one.rule,
                "pairs": one.true,
                "found": one.found,
                "right": one.right,
                "precision": one.precision,
                "recall": one.recall,
                "problem": one.problem or None,
            }
            for one in measured.rules
        ],
    }


def _text(made: Grouping, html: str | None) -> str:
    lines = [*_folder_lines(made), *made.notes]
    rules = Counter(one.rule for one in made.sets)
    for rule, count in rules.most_common():
        sizes = Counter(len(one.images) for one in made.sets if one.rule == rule)
        shown = ", ".join(
            f"{number} of {counted(size, 'picture')}" for size, number in sorted(sizes.items())
        )
        lines.append(f"{counted(count, 'set')} by {rule}: {shown}")
    doubtful = [one for one in made.sets if one.doubt]
    for one in doubtful[:_SHOWN]:
        lines.append(f"doubtful: {one.images[0].path} and {len(one.images) - 1} more, {one.doubt}")
    for reason, count in made.reasons.most_common():
        example = next(lone.image.path for lone in made.alone if lone.reason == reason)
        lines.append(f"{count} alone: {reason}, such as {example}")
    lines += _measured_lines(made.measured) if made.measured else []
    total = sum(len(one.images) for one in made.sets)
    lines.append(
        f"{counted(len(made.sets), 'set')} of {counted(total, 'picture')}, {len(doubtful)} of them "
        f"doubtful, and {counted(len(made.alone), 'picture')} alone."
    )
    if html:
        lines.append(f"Contact sheet: {html}")
    return "\n".join(lines)


def _measured_lines(measured: Measured) -> Iterator[str]:
    yield (
        f"Against the {counted(measured.sets, 'set')} of {counted(measured.pictures, 'picture')} "
        "that you corrected, over pairs of these pictures:"
    )
    for one in measured.rules:
        if one.problem:
            yield f"  {one.rule}: not measured, {one.problem}"
            continue
        shares = zip((one.precision, one.recall), (one.found, one.true), strict=True)
        precision, recall = (
            f"{'none' if share is None else format(share, '.3f')} ({one.right} of {count})"
            for share, count in shares
        )
        yield f"  {one.rule}: precision {precision}, recall {recall}"


def _folder_lines(made: Grouping) -> Iterator[str]:
    for one in made.folders[:_SHOWN]:
        if one.rule:
            yield f"{one.folder} ({one.images}): {one.rule}, for {one.why}"
        else:
            yield f"{one.folder} ({one.images}): not sure. {one.why}"
            yield (
                f"  prefml sets {one.folder} --rule folder, or similar; then rule = under [sets] "
                "in prefml.toml"
            )
    if len(made.folders) > _SHOWN:
        yield f"... and {counted(len(made.folders) - _SHOWN, 'more folder')}; --json names all"
    # Stages are learned from only where the rule that reads them is stated.
    for settings in sorted({one.settings for one in made.folders if "stages" in one.settings}):
        if "\n" in settings:
            yield f"for prefml.toml, once the lowest stage stands first:\n[sets]\n{settings}"
