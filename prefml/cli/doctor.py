"""`prefml doctor`: find what is missing, and name the command for it."""

from __future__ import annotations

from dataclasses import replace

import click

from prefml.cli._hints import first_step
from prefml.cli._shared import busy, emit, json_option, open_workspace


@click.command("doctor")
@json_option
def command(as_json: bool) -> None:
    """Check versions, device, encoder, logs, sidecars and models."""
    from prefml.doctor import examine

    workspace = open_workspace()
    with busy("doctor"):
        checks = examine(workspace)
    # Scripts get the command alone; they know the workspace.
    told = [replace(check, fix=first_step(workspace, check.fix, check.detail)) for check in checks]
    payload = {"ok": all(check.ok for check in checks), "checks": [c.to_dict() for c in checks]}
    emit(payload, "\n".join(check.line() for check in told), as_json)
