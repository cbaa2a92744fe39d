"""Complete or discard what a run that was stopped has left in the sidecar folder."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from prefml.files import AnyPath, make_folder, move, sync_folder
from prefml.sidecars.layout import (
    COMMIT,
    Commit,
    copy_folder,
    data_set,
    list_parts,
    next_file,
    parts_folder,
)
from prefml.sidecars.places import exists, is_file, list_files
from prefml.sidecars.schema import KINDS

__all__ = ["is_replacing", "recover", "remove_copy"]


def recover(folder: AnyPath) -> None:
    """Complete a replacement that was committed, or discard one that was not.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.
    """
    commit = Commit.read(folder)
    if commit is not None:
        _carry_out(folder, commit)
    else:
        _complete_single_files(folder)
    if exists(folder / COMMIT):
        (folder / COMMIT).unlink()
        sync_folder(folder)
    for place in (folder, parts_folder(folder)):
        for path in list_files(place):
            if path.suffix == ".next" or (path.name.startswith(".") and path.suffix == ".tmp"):
                path.unlink()


def is_replacing(folder: AnyPath) -> bool:
    """Tell whether fragments are being replaced, or were when a run was stopped.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Returns
    -------
    bool
    """
    return exists(folder / COMMIT)


def remove_copy(folder: AnyPath) -> None:
    """Remove the copy that a take-over has left.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.
    """
    for path in list_files(copy_folder(folder)):
        if path.suffix == ".parquet":
            path.unlink()
    _remove_if_empty(copy_folder(folder))


def _carry_out(folder: AnyPath, commit: Commit) -> None:
    if commit.takes_over:
        _put_aside(folder)
    for name in commit.added:
        for kind in KINDS:
            _place(next_file(folder, name, kind), data_set(folder, kind) / f"{name}.parquet")
    for kind in KINDS:
        for place in {name.rpartition("/")[0] for name in commit.added}:
            sync_folder(data_set(folder, kind) / place)
    for kind in KINDS:
        for name in commit.dropped:
            path = data_set(folder, kind) / f"{name}.parquet"
            path.unlink(missing_ok=True)
            _remove_if_empty(path.parent)
    for path in list_parts(folder):
        if path.name in commit.parts:
            path.unlink(missing_ok=True)


def _put_aside(folder: AnyPath) -> None:
    """Move the single files of an earlier version to where they are kept until the next run."""
    make_folder(copy_folder(folder))
    for kind in KINDS:
        if is_file(data_set(folder, kind)):
            move(data_set(folder, kind), data_set(copy_folder(folder), kind))
    sync_folder(copy_folder(folder))
    sync_folder(folder)


def _place(path: AnyPath, target: AnyPath) -> None:
    """Move a new file to its place, unless a run that was stopped has done so."""
    if not exists(path):
        return
    if isinstance(target, Path):
        # New folders are synced into those above them.
        for above in (target.parent.parent, target.parent):
            if not above.is_dir():
                make_folder(above)
                sync_folder(above.parent)
    move(path, target)


def _remove_if_empty(folder: AnyPath) -> None:
    if isinstance(folder, Path):
        with suppress(OSError):
            folder.rmdir()


def _complete_single_files(folder: AnyPath) -> None:
    """Complete what an earlier version has committed of its single files."""
    try:
        content = json.loads((folder / COMMIT).read_text(encoding="utf-8"))
        committed = "parts" in content and "sha256" not in content
    except (FileNotFoundError, ValueError, TypeError, RecursionError):
        return
    for kind in KINDS:
        path = folder / f"{kind}.parquet.next"
        place = data_set(folder, kind)
        if committed and exists(path) and (is_file(place) or not exists(place)):
            move(path, place)
