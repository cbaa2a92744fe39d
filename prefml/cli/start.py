"""`prefml start`: from a folder of pictures to a model, by answers instead of logs."""

from __future__ import annotations

import click

from prefml.cli._shared import emit, json_option, open_workspace, page_options, review_installed
from prefml.exceptions import counted
from prefml.workspace import RULES


@click.command("start")
@click.argument("folder", metavar="[FOLDER]", required=False)
@click.option(
    "--rule",
    type=click.Choice(RULES),
    help="What makes a set, see prefml sets.  [default: auto, which chooses by names and times; "
    "similar where these tell none]",
)
@click.option("--encoder", metavar="NAME", help="As for prefml embed.  [default: builtin]")
@page_options
@click.option(
    "--order", "only_order", is_flag=True, hidden=True, help="Put the questions in order and end."
)
@json_option
def command(
    folder: str | None,
    rule: str | None,
    encoder: str | None,
    port: int,
    no_browser: bool,
    only_order: bool,
    as_json: bool,
) -> None:
    """Begin with a FOLDER of pictures and no logs: answer on a page, and a model learns from it.

    Makes a workspace beside FOLDER (or at --workspace), in which the pictures are linked; FOLDER
    stays as it is. Without FOLDER the pictures of the current workspace are asked about. From ten
    answers on a model is trained in the background, again and again. The same command goes on
    where it was.
    """
    if only_order:
        from prefml.models.kinds import MIN_DECISIONS
        from prefml.suggest.first_day import order_questions

        done = order_questions(open_workspace(), MIN_DECISIONS)
        emit(
            {"waiting": done.waiting, "by": done.by},
            f"{counted(done.waiting, 'set')} in order",
            as_json,
        )
        return
    with review_installed():
        from prefml.cli._first_day import prepare, serve_day

    serve_day(prepare(folder, rule, encoder), port, no_browser, as_json)
