"""Keep other runs away while files are moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prefml.apply.journal import journal_folder
from prefml.apply.primitives import remove_folder, unlink
from prefml.exceptions import ApplyError
from prefml.proposals import single_writer
from prefml.workspace import Workspace

__all__ = ["exclusive_run"]


@contextmanager
def exclusive_run(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace's files for one run; the system lets go when the process dies.

    Parameters
    ----------
    workspace : Workspace
        Its `sandbox/` is held.

    Raises
    ------
    ApplyError
        If another run holds it, or there is no `sandbox/`.
    """
    if not workspace.sandbox.is_dir():
        raise ApplyError(f"no folder {workspace.sandbox}", "reviewed decisions", "prefml review")
    with single_writer(workspace, ApplyError):
        _tidy(workspace)
        yield


def _tidy(workspace: Workspace) -> None:
    """Remove half a journal that an interruption left: nothing had been done under it."""
    folder = journal_folder(workspace)
    if folder.is_dir():
        for path in folder.glob(".*.tmp"):
            unlink(path)
        remove_folder(folder)
