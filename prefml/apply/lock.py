"""One run at a time, without leaving a lock file behind."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from prefml.apply.journal import journal_folder
from prefml.apply.primitives import remove_folder, remove_name
from prefml.exceptions import ApplyError
from prefml.workspace import Workspace

__all__ = ["alone"]


@contextmanager
def alone(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace's files for one run; the system lets go when the process dies.

    Parameters
    ----------
    workspace : Workspace
        Its `sandbox/` is locked.

    Raises
    ------
    ApplyError
        If another run holds it, or there is no `sandbox/`.
    """
    if not workspace.sandbox.is_dir():
        raise ApplyError(f"no folder {workspace.sandbox}", "reviewed decisions", "prefml review")
    descriptor = os.open(workspace.sandbox, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ApplyError("another prefml apply is at work", "one run at a time") from error
        _tidy(workspace)
        yield
    finally:
        os.close(descriptor)


def _tidy(workspace: Workspace) -> None:
    """Remove half a journal that an interruption left: nothing had been done under it."""
    folder = journal_folder(workspace)
    if folder.is_dir():
        for path in folder.glob(".*.tmp"):
            remove_name(path)
        remove_folder(folder)
