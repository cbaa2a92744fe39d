"""Change files by operations of which each is all or nothing.

An interruption can fall before or after any of them and between none of their parts, so that what
is found on disk always tells how far a run had come.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from prefml.files import sync_folder, write_text

__all__ = [
    "append",
    "append_durably",
    "copy_file",
    "hard_link",
    "make_folder",
    "remove_folder",
    "rename",
    "replace",
    "sync_file",
    "unlink",
    "write_new",
]

# What file systems without hard links, and links across two of them, answer.
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV, errno.EMLINK, errno.ENOSYS}


def make_folder(path: Path) -> None:
    """Create a folder and those above it; one that exists is fine."""
    if not path.parent.exists():
        make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync_folder(path.parent)


def remove_folder(path: Path) -> None:
    """Remove a folder if it is empty."""
    try:
        path.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR):
            raise


def hard_link(old: Path, new: Path) -> bool:
    """Give a file a second name, never one that is taken.

    Parameters
    ----------
    old, new : Path
        The name it has and the name it gets.

    Returns
    -------
    bool
        False if this file system has no hard links between the two folders.

    Raises
    ------
    FileExistsError
        If the name is taken.
    """
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NO_LINKS:
            return False
        raise
    sync_folder(new.parent)
    return True


def rename(old: Path, new: Path) -> None:
    """Rename a file where hard links do not exist, never onto a name that is taken.

    Raises
    ------
    FileExistsError
        If the name is taken.
    """
    if os.path.lexists(new):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(new))
    old.rename(new)
    sync_folder(new.parent)


def replace(old: Path, new: Path) -> None:
    """Give a file a name, in the place of the file that has it."""
    old.replace(new)
    sync_folder(new.parent)


def unlink(path: Path) -> None:
    """Remove one name of a file; a name that is gone already is fine."""
    path.unlink(missing_ok=True)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file with its times and permissions, safely on disk."""
    shutil.copy2(source, target, follow_symlinks=False)
    sync_file(target)


def sync_file(path: Path) -> None:
    """Wait until a file is on disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def write_new(path: Path, text: str) -> None:
    """Write a new text file, whole or not at all, creating its folder."""
    write_text(path, text)


def append_durably(path: Path, line: str) -> None:
    """Append a line to a text file, safely on disk.

    The line break comes first, so that a line torn by an interruption spoils no other.
    """
    _append(path, line, os.fsync)


def append(path: Path, line: str) -> None:
    """Append a line that may be lost in a power cut, because the files tell the same."""
    _append(path, line, lambda descriptor: None)


def _append(path: Path, line: str, settle: Callable[[int], None]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(descriptor, f"\n{line}".encode())
        settle(descriptor)
    finally:
        os.close(descriptor)
