"""`prefml doctor`: find what is missing, and name the command for it."""

from __future__ import annotations

import click

from prefml.cli._shared import emit, json_option, open_workspace


@click.command("doctor")
@json_option
def command(as_json: bool) -> None:
    """Check versions, device, encoder, logs, sidecars and models."""
    from prefml.doctor import examine

    checks = examine(open_workspace())
    payload = {"ok": all(check.ok for check in checks), "checks": [c.to_dict() for c in checks]}
    emit(payload, "\n".join(check.line() for check in checks), as_json)
