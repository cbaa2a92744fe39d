"""Locate suggestions and decisions, read them by group, and let one process write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefml.exceptions import PrefmlError
from prefml.files import folder_lock, remove_leftovers
from prefml.proposals.lines import Row, read_lines
from prefml.workspace import Workspace

__all__ = [
    "decisions_path",
    "read_decided",
    "read_suggestions",
    "single_writer",
    "suggestions_path",
]


def suggestions_path(workspace: Workspace) -> Path:
    """Return where suggestions lie: `sandbox/automation_decisions.jsonl`."""
    return workspace.sandbox / "automation_decisions.jsonl"


def decisions_path(workspace: Workspace) -> Path:
    """Return where reviewed decisions lie: `sandbox/approved_decisions.jsonl`."""
    return workspace.sandbox / "approved_decisions.jsonl"


def read_suggestions(workspace: Workspace) -> dict[str, Row]:
    """Return the last suggestion for every group, by its `group_id`."""
    return read_lines(suggestions_path(workspace)).by_group()


def read_decided(workspace: Workspace) -> dict[str, Row]:
    """Return the last decision on every group, by its `group_id`."""
    return read_lines(decisions_path(workspace)).by_group()


@contextmanager
def single_writer(workspace: Workspace, error: type[PrefmlError]) -> Iterator[None]:
    """Let one process at a time suggest for pictures, or move them.

    A second `suggest` would write its lines over those of the first, and `apply` would move the
    pictures that `suggest` is looking at. The review adds decisions all the while.

    Parameters
    ----------
    workspace : Workspace
        Its `sandbox/`, which exists, is locked.
    error : type of PrefmlError
        What to raise if another process holds the lock.

    Raises
    ------
    PrefmlError
        Of the type given.
    """
    busy = error(
        f"another prefml apply or suggest is at work in {workspace.root}",
        "one run at a time",
        "the same command when it has finished",
    )
    with folder_lock(workspace.sandbox, busy):
        remove_leftovers(workspace.sandbox, suggestions_path(workspace).name)
        yield
