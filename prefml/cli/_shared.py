"""Provide what all commands share: workspace options, `--json`, progress and error lines."""

from __future__ import annotations

import errno
import io
import json
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import click

from prefml.exceptions import PrefmlError
from prefml.workspace import Workspace, visible

__all__ = [
    "emit",
    "json_option",
    "open_workspace",
    "progress",
    "report_error",
    "tolerate_encoding",
    "workspace_options",
]

F = TypeVar("F", bound=Callable[..., object])
T = TypeVar("T")
_OPTIONS = "prefml.options"
# Errors of the disk or its permissions; none of them is a mistake of prefml.
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


def _remember(ctx: click.Context, param: click.Parameter, value: object) -> None:
    if value is not None and value is not False:
        ctx.find_root().meta.setdefault(_OPTIONS, {})[param.name] = value


def workspace_options(function: F) -> F:
    """Add `--workspace`, `--artifacts` and `--debug`, before or after the command's name."""
    for option in (
        click.option("--debug", is_flag=True, expose_value=False, callback=_remember,
                     help="Print the traceback of an error."),
        click.option("--artifacts", metavar="DIR", expose_value=False, callback=_remember,
                     help="Folder of models and reports.  [default: WORKSPACE/artifacts]"),
        click.option("--workspace", metavar="DIR", expose_value=False, callback=_remember,
                     help="The workspace folder.  [default: the current folder]"),
    ):  # fmt: skip
        function = option(function)
    return function


def json_option(function: F) -> F:
    """Add the shared options and `--json`, passed to the function as `as_json`."""
    flag = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    return workspace_options(flag(function))


def open_workspace() -> Workspace:
    """Open the workspace that the options of the running command name.

    Returns
    -------
    Workspace

    Raises
    ------
    WorkspaceError
        If there is no such folder.
    ConfigError
        If its `prefml.toml` cannot be used.
    """
    kept = click.get_current_context().find_root().meta.get(_OPTIONS, {})
    return Workspace.open(kept.get("workspace", "."), kept.get("artifacts"))


def emit(payload: Mapping[str, object], text: str, as_json: bool) -> None:
    """Print the result: one JSON object for machines, or text for people.

    Parameters
    ----------
    payload : mapping
        The object that `--json` prints; plain types only, no NaN.
    text : str
        The text that a person reads; names in it cannot deceive, see `prefml.workspace.visible`.
    as_json : bool
        Whether to print the object instead of the text.
    """
    click.echo(json.dumps(payload, allow_nan=False) if as_json else visible(text))


def tolerate_encoding() -> None:
    """Let standard output show what its encoding lacks as codes, in place of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def progress(items: Iterable[T], total: int | None, label: str, unit: str = "it") -> Iterable[T]:
    """Wrap an iterable in a progress bar on standard error, with rate and time left.

    Parameters
    ----------
    items : iterable
        The items.
    total : int or None
        Their number, if it is known.
    label : str
        Name of the work, before the bar.
    unit : str, default="it"
        Name of an item.

    Returns
    -------
    iterable
        The same items. No bar is drawn when standard error is not a terminal.
    """
    from tqdm import tqdm

    return tqdm(items, total=total, desc=label, unit=unit, file=sys.stderr, disable=None)


def report_error(error: BaseException, debug: bool) -> int:
    """Print one line about an error on standard error and return the exit status.

    Parameters
    ----------
    error : BaseException
        The error that stopped the command.
    debug : bool
        Whether to print the traceback too.

    Returns
    -------
    int
        1 for a failure, 2 for wrong usage.
    """
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    if debug:
        traceback.print_exception(error)
    if isinstance(error, click.UsageError):
        error.show()
        return 2
    click.echo(f"Error: {visible(_one_line(error))}", err=True)
    return 1


def _one_line(error: BaseException) -> str:
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return "interrupted; the same command resumes"
    if isinstance(error, PrefmlError):
        return " ".join(str(error).split())
    if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
        place = f"{error.filename}: " if error.filename else ""
        return (
            f"{place}{error.strerror}; expected a place that can be written, with room; "
            "run: the same command again"
        )
    name = type(error).__name__
    return " ".join(f"unexpected {name}: {error}; run the same command with --debug".split())
