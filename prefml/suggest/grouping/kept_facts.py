"""Keep the facts of pictures in `sandbox/`, so that each file is opened once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefml.sidecars.kept import KeptReadings, Reader, kept_readings
from prefml.suggest.grouping.facts import PictureFacts, read_facts
from prefml.workspace import Workspace

__all__ = ["facts_path", "kept_facts"]


@contextmanager
def kept_facts(workspace: Workspace) -> Iterator[KeptReadings[PictureFacts]]:
    """Open the facts of a workspace's pictures, and keep what was read when done.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Yields
    ------
    KeptReadings
    """
    reader = Reader(PictureFacts, read_facts)
    with kept_readings(workspace.root, facts_path(workspace), reader) as facts:
        yield facts


def facts_path(workspace: Workspace) -> Path:
    """Return the file of kept facts.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Returns
    -------
    Path
    """
    return workspace.sandbox / "picture_facts.jsonl"
