"""Write docs/commands.md from the commands themselves: `python docs/commands.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from prefml.cli import app
from prefml.cli._app import COMMANDS

PAGE = Path(__file__).parent / "commands.md"
SHARED = ("workspace", "artifacts", "debug", "as_json", "help")
ROUND = str.maketrans("[]", "()")
START = """# Commands

`prefml [--workspace DIR] COMMAND`. Every command takes `--workspace DIR` (the current folder by
default), `--artifacts DIR` (`WORKSPACE/artifacts`), `--debug` (the traceback of an error), `--json`
(one JSON object on standard output) and `--help`. They end with 0 (done), 1 (failed: one line on
standard error) or 2 (wrong usage). This page is made from the commands by `python
docs/commands.py`."""


def page() -> str:
    """Return the page."""
    return "\n\n".join([START, *(section(name) for name in COMMANDS)]) + "\n"


def section(name: str) -> str:
    """Return what one command says of itself."""
    context = click.Context(app, info_name="prefml")
    command = app.get_command(context, name)
    assert command is not None
    pieces = command.collect_usage_pieces(click.Context(command, info_name=name))
    usage = " ".join(["prefml", name, *pieces])
    words = [" ".join(part.split()) for part in (command.help or "").split("\n\n")]
    parts = [f"## {name}", f"`{usage}`", *words]
    if rows := list(options(command)):
        parts.append("\n".join(["| option | what it does |", "| --- | --- |", *rows]))
    return "\n\n".join(parts)


def options(command: click.Command) -> Iterator[str]:
    """Yield a row for each option that is the command's own."""
    context = click.Context(command)
    for one in command.params:
        if isinstance(one, click.Option) and one.name not in SHARED and not one.hidden:
            record = one.get_help_record(context)
            assert record is not None
            left, right = (" ".join(cell.split()).replace("|", "\\|") for cell in record)
            # Square brackets would be taken for links.
            yield f"| `{left}` | {right.translate(ROUND)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
