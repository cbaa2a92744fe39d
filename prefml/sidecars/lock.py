"""Lock a sidecar folder for a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefml.exceptions import SidecarError
from prefml.files import AnyPath, folder_lock

__all__ = ["run_lock"]


@contextmanager
def run_lock(folder: AnyPath) -> Iterator[None]:
    """Lock the sidecar folder for this process; the system frees it when the process ends.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder; it is created. Elsewhere than on this machine nothing is locked:
        object stores have no locks that end with their owner.

    Raises
    ------
    SidecarError
        If another process has locked it.
    """
    if not isinstance(folder, Path):
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    busy = SidecarError(
        f"another prefml embed is at work in {folder}",
        "one run at a time",
        "the same command when it has finished",
    )
    with folder_lock(folder, busy):
        yield
