"""Define the command group, which imports a command's file only when that command is called."""

from __future__ import annotations

from importlib import import_module

import click

from prefml._version import __version__
from prefml.cli._shared import workspace_options

# Command -> module of this package that holds it under the name `command`.
COMMANDS = {
    "sample": "sample",
    "start": "start",
    "doctor": "doctor",
    "ingest": "ingest",
    "import": "import_picks",
    "embed": "embed",
    "export-encoder": "export_encoder",
    "export-model": "export_model",
    "duplicates": "duplicates",
    "train": "train",
    "evaluate": "evaluate",
    "sets": "sets",
    "rank": "rank",
    "crop": "crop",
    "settings": "settings",
    "suggest": "suggest",
    "review": "review",
    "apply": "apply",
    "export-picks": "export_picks",
    "status": "status",
    "models": "models",
}


class LazyGroup(click.Group):
    """Group whose commands are imported on demand, so that `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a person meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"prefml.cli.{COMMANDS[cmd_name]}").command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="prefml")
@workspace_options
def app() -> None:
    """Learn one person's taste in pictures from the choices they already logged."""
