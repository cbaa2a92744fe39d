"""Provide what all commands share: workspace options, `--json`, progress and error lines."""

from __future__ import annotations

import errno
import io
import json
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import click

from prefml.cli._hints import first_step, with_options
from prefml.exceptions import PrefmlError, visible
from prefml.workspace import Workspace
from prefml.workspace.progress import report_part, reported

__all__ = [
    "PROGRAM",
    "announce_take_over",
    "busy",
    "emit",
    "json_option",
    "next_step",
    "open_workspace",
    "page_options",
    "progress",
    "remember_workspace",
    "report_error",
    "review_installed",
    "stated_workspace",
    "tolerate_encoding",
    "workspace_options",
]

F = TypeVar("F", bound=Callable[..., object])
T = TypeVar("T")
_OPTIONS = "prefml.options"
# Runs a command in a process of its own, wherever the script `prefml` lies.
PROGRAM = (sys.executable, "-c", "from prefml.cli import run; run()")
# Seconds between two looks at the clock while a command is at work.
_TICK = 1.0
# Errors of the disk or its permissions; none of them is a mistake of prefml.
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


def _options(ctx: click.Context | None) -> dict[str, object]:
    """Return the shared options of the running command, as they were given."""
    if ctx is None:
        return {}
    root = ctx.find_root()
    # `prefml.cli.main` hands its own table in, to have it still when the command has failed.
    found: dict[str, object] = (
        root.obj if isinstance(root.obj, dict) else root.meta.setdefault(_OPTIONS, {})
    )
    return found


def _remember(ctx: click.Context, param: click.Parameter, value: object) -> None:
    if value is not None and value is not False:
        _options(ctx)[str(param.name)] = value


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


def page_options(function: F) -> F:
    """Add `--port` and `--no-browser`, the options of commands that serve a page."""
    port = click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=8765,
        show_default=True,
        help="Port on 127.0.0.1; 0 takes any free one.",
    )
    no_browser = click.option("--no-browser", is_flag=True, help="Print the address only.")
    return port(no_browser(function))


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
    return _open(_options(click.get_current_context()))


def stated_workspace() -> str | None:
    """Return the folder that `--workspace` of the running command names; None without one."""
    stated = _options(click.get_current_context()).get("workspace")
    return None if stated is None else str(stated)


def remember_workspace(root: str) -> None:
    """Let what is printed from here on lead to a workspace that the command has made.

    Parameters
    ----------
    root : str
        Its folder.
    """
    _options(click.get_current_context()).setdefault("workspace", root)


def _open(options: Mapping[str, object]) -> Workspace:
    artifacts = options.get("artifacts")
    return Workspace.open(
        str(options.get("workspace", ".")), None if artifacts is None else str(artifacts)
    )


def next_step(hint: str) -> str:
    """Return the first step towards a hint that can be taken in the workspace of this command.

    Parameters
    ----------
    hint : str
        A command, such as `prefml train`, or a sentence.

    Returns
    -------
    str
    """
    return first_step(open_workspace(), hint)


def announce_take_over(workspace: Workspace) -> None:
    """Say, before a pass does so, that it takes over sidecars of an earlier version for good.

    Parameters
    ----------
    workspace : Workspace
        Its sidecars are looked at.
    """
    from prefml.sidecars.layout import copy_folder, has_single_files

    if has_single_files(workspace.sidecars):
        click.echo(
            visible(
                f"The sidecars in {workspace.sidecars} are files of an earlier version; now they "
                "become folders by project. That version cannot read those: there is no going "
                f"back to it, except by the copy in {copy_folder(workspace.sidecars)}, which is "
                "kept until the next prefml embed."
            ),
            err=True,
        )


def emit(payload: Mapping[str, object], text: str, as_json: bool) -> None:
    """Print the result: one JSON object for machines, or text for people.

    Parameters
    ----------
    payload : mapping
        The object that `--json` prints; plain types only, no NaN.
    text : str
        The text that a person reads; names in it cannot deceive, see `prefml.exceptions.visible`.
    as_json : bool
        Whether to print the object instead of the text.
    """
    options = _options(click.get_current_context(silent=True))
    shown = visible(with_options(text, options))
    click.echo(json.dumps(payload, allow_nan=False) if as_json else shown)


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

    told = reported(items, total, label)
    return tqdm(told, total=total, desc=label, unit=unit, file=sys.stderr, disable=None)


@contextmanager
def busy(label: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal that a wait of more than two seconds goes on, and for how long.

    Parameters
    ----------
    label : str
        Name of the work.

    Yields
    ------
    callable
        Takes the name of the part that is at work.
    """
    report_part(label)
    if not sys.stderr.isatty():
        yield lambda part: report_part(f"{label}: {part}")
        return
    parts, done, start = [label], threading.Event(), time.monotonic()

    def draw() -> None:
        while not done.wait(_TICK):
            seconds = time.monotonic() - start
            if seconds >= 2:
                shown = visible(": ".join(parts))
                click.echo(f"\r\x1b[K{shown}, {seconds:.0f} s", err=True, nl=False)

    drawer = threading.Thread(target=draw, daemon=True)
    drawer.start()
    try:
        yield lambda part: parts.__setitem__(slice(1, None), [part])
    finally:
        done.set()
        drawer.join()
        click.echo("\r\x1b[K", err=True, nl=False)


@contextmanager
def review_installed() -> Iterator[None]:
    """Turn a missing package of the page into an error that says how to install it.

    Raises
    ------
    PrefmlError
        If one is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise PrefmlError(
            f"the package {error.name} is not installed",
            "the extra `review`",
            "pip install 'prefml[review]'",
        ) from error


def report_error(
    error: BaseException, debug: bool, options: Mapping[str, object] | None = None
) -> int:
    """Print one line about an error on standard error and return the exit status.

    Parameters
    ----------
    error : BaseException
        The error that stopped the command.
    debug : bool
        Whether to print the traceback too.
    options : mapping, optional
        The shared options of the command: hints repeat them, and name the first step that can be
        taken in its workspace. None: hints stay as they are.

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
        # It may quote the name of a file that the shell has filled in.
        usage = click.UsageError(visible(error.format_message()), error.ctx)
        usage.show()
        return 2
    reached = error if options is None else _reachable(error, options)
    line = with_options(_one_line(reached), options or {})
    click.echo(f"Error: {visible(line)}", err=True)
    return 1


def _reachable(error: BaseException, options: Mapping[str, object]) -> BaseException:
    """Return an error whose hint is the first step that can be taken."""
    if not isinstance(error, PrefmlError) or not error.run:
        return error
    try:
        run = first_step(_open(options), error.run, error.found)
    except PrefmlError:
        return error
    return PrefmlError(error.found, error.expected, run)


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
