"""`prefml review`: serve the local page where suggestions are judged."""

from __future__ import annotations

import webbrowser

import click

from prefml.cli._shared import (
    PROGRAM,
    emit,
    json_option,
    open_workspace,
    page_options,
    review_installed,
)


@click.command("review")
@page_options
@click.option(
    "--hide-suggestion", is_flag=True, help="Start with suggestions hidden until you have chosen."
)
@json_option
def command(port: int, no_browser: bool, hide_suggestion: bool, as_json: bool) -> None:
    """Open the page where suggestions are approved, edited or rejected.

    It is served on 127.0.0.1 only, until Ctrl-C. Every decision is on the disk before the page
    moves on. Its desk shows where the work stands, and runs the other commands: suggest, apply,
    train and more; without suggestions the desk is what opens.
    """  # fmt: skip
    with review_installed():
        from prefml.cli._people import SidecarPeople
        from prefml.review import create_app, serve

    workspace = open_workspace()
    people = SidecarPeople(workspace)
    app = create_app(workspace, hide_suggestion, people=people, program=PROGRAM)
    # Without suggestions there is nothing to review yet, and the desk says what there is to do.
    opened = "" if app.extensions["prefml"].batch.groups else "desk"

    def announce(address: str) -> None:
        words = f"Review at {address} (Ctrl-C ends it); where the work stands: {address}desk"
        emit({"url": address, "desk": f"{address}desk"}, words, as_json)
        if not no_browser:
            webbrowser.open(f"{address}{opened}")

    serve(app, port, announce)
