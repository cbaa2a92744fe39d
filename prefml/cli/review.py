"""`prefml review`: serve the local page where suggestions are judged."""

from __future__ import annotations

import webbrowser

import click

from prefml.cli._shared import emit, json_option, open_workspace, page_options, review_installed


@click.command("review")
@page_options
@click.option(
    "--hide-suggestion", is_flag=True, help="Start with suggestions hidden until you have chosen."
)
@json_option
def command(port: int, no_browser: bool, hide_suggestion: bool, as_json: bool) -> None:
    """Open the page where suggestions are approved, edited or rejected.

    It is served on 127.0.0.1 only, until Ctrl-C. Every decision is on the disk before the page
    moves on.
    """  # fmt: skip
    with review_installed():
        from prefml.cli._people import SidecarPeople
        from prefml.review import create_app, serve

    def announce(address: str) -> None:
        emit({"url": address}, f"Review at {address} (Ctrl-C ends it)", as_json)
        if not no_browser:
            webbrowser.open(address)

    workspace = open_workspace()
    app = create_app(workspace, hide_suggestion, people=SidecarPeople(workspace))
    serve(app, port, announce)
