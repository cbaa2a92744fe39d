"""Write files atomically, and lock folders between processes.

After a crash a file is the old one or the new one, never half of it. A path may also be a URL of a
file system that fsspec knows, such as an object store: there a file is uploaded when it is
complete, and moving is copying and deleting.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, TypeVar, cast
from urllib.parse import unquote, urlsplit

from prefml.exceptions import ConfigError, PrefmlError

if TYPE_CHECKING:
    from upath import UPath

__all__ = [
    "DISK_ERRORS",
    "AnyPath",
    "file_sha256",
    "folder_lock",
    "is_locked",
    "is_storable",
    "make_folder",
    "move",
    "open_synced",
    "path_from_url",
    "read_consistently",
    "remove_leftovers",
    "replacing",
    "sync_folder",
    "write_text",
]

AnyPath: TypeAlias = "Path | UPath"
T = TypeVar("T")

# What file systems without locks on folders answer, NFS among them: nothing is held there.
_NO_LOCKS = (errno.EBADF, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
# Errors of a disk as a whole, full or broken: no other file would fare better.
DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS}
# Schemes of URLs that are no place for files -> why.
_NO_PLACE = {
    "file": "another machine",
    "ftp": "files there cannot be replaced in one step",
    "http": "read only",
    "https": "read only",
}
# Between two looks at what others are changing.
_POLL_SECONDS = 0.02


def path_from_url(url: str) -> AnyPath:
    """Return the path that a URL names.

    Parameters
    ----------
    url : str
        `file:///...` for a folder of this machine, or any URL of fsspec.

    Returns
    -------
    Path or UPath

    Raises
    ------
    ConfigError
        If the package for such URLs is not installed, or nothing can be written there.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(unquote(parts.path))
    if parts.scheme in _NO_PLACE:
        found = f"{url}: {_NO_PLACE[parts.scheme]}"
        raise ConfigError(found, "a folder, file:///FOLDER, or an object store such as s3://BUCKET")
    try:
        from upath import UPath

        # What other machines write must be seen, so listings are never remembered.
        path = UPath(url, use_listings_cache=False)
        _ = path.fs
    except (ImportError, ValueError, OSError) as error:
        raise ConfigError(
            f"{url}: {error}",
            "file:///FOLDER, or a URL whose file system is installed",
            "pip install 'prefml[scale]' and what the message names",
        ) from error
    return path


@contextmanager
def replacing(path: AnyPath) -> Iterator[Path]:
    """Write a file atomically: yield a temporary path, and move it to `path` once synced.

    Parameters
    ----------
    path : Path
        The file to write or replace; its folder is created.

    Yields
    ------
    Path
        The file to write. When the block raises, it is removed and `path` is as it was.
    """
    here = _replacing_local(path) if isinstance(path, Path) else _upload_on_exit(path)
    with here as temporary:
        yield temporary


@contextmanager
def _upload_on_exit(path: UPath) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder) / path.name
        yield temporary
        make_folder(path.parent)
        path.fs.put_file(str(temporary), path.path)


def make_folder(folder: AnyPath) -> None:
    """Create a folder, except in an object store, which has none and might create a bucket.

    Parameters
    ----------
    folder : Path or UPath
        The folder; those above it are created, too.
    """
    if not isinstance(folder, Path):
        from upath.implementations.cloud import CloudPath

        if isinstance(folder, CloudPath):
            return
    folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def _replacing_local(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _sync(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path, names: str) -> None:
    """Remove what `replacing` could not, because the process was killed.

    Parameters
    ----------
    folder : Path
        Folder of the files; no other process may be writing those of these names.
    names : str
        The files' names, as a pattern.
    """
    for path in folder.glob(f".{names}.*.tmp"):
        path.unlink(missing_ok=True)


@contextmanager
def open_synced(path: AnyPath) -> Iterator[BinaryIO]:
    """Open a binary file for writing, and sync it to disk on exit.

    Parameters
    ----------
    path : Path or UPath
        The file; after a crash there may be half of it.

    Yields
    ------
    binary file
    """
    if isinstance(path, Path):
        with path.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
    else:
        make_folder(path.parent)
        with path.open("wb") as sent:
            yield sent


def move(path: AnyPath, target: AnyPath) -> None:
    """Move a file to another name in the same file system, replacing what is there.

    Parameters
    ----------
    path, target : Path or UPath
        From where, and to where.
    """
    if isinstance(path, Path):
        path.replace(cast(Path, target))
    else:
        path.fs.mv(path.path, cast("UPath", target).path)


def write_text(path: AnyPath, text: str) -> None:
    """Write a text file as UTF-8, whole or not at all.

    Parameters
    ----------
    path : Path
        The file to write or replace.
    text : str
        Its new content.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def is_storable(text: str) -> bool:
    """Tell whether every file can hold a text: it has no half of a surrogate pair and no NUL.

    Parameters
    ----------
    text : str
        A text.

    Returns
    -------
    bool
    """
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content as 64 hexadecimal digits.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_folder(folder: AnyPath) -> None:
    """Sync a folder, so that renames inside it survive a power cut.

    Parameters
    ----------
    folder : Path or UPath
        The folder; elsewhere than here the file system sees to that.
    """
    if isinstance(folder, Path):
        _sync(folder)


@contextmanager
def folder_lock(folder: Path, busy: PrefmlError) -> Iterator[int]:
    """Lock a folder for this process; the system frees it when the process ends.

    The lock is on the folder itself, so that no file is left in it.

    Parameters
    ----------
    folder : Path
        The folder, which exists.
    busy : PrefmlError
        The error to raise if another process has locked it.

    Yields
    ------
    int
        The file descriptor: a process that inherits it holds the lock on.

    Raises
    ------
    PrefmlError
        `busy`.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if not _lock_with_retries(descriptor):
            raise busy
        yield descriptor
    finally:
        os.close(descriptor)


def is_locked(folder: Path) -> bool:
    """Tell whether a process, this one or another, has locked a folder.

    Parameters
    ----------
    folder : Path
        The folder, which exists.

    Returns
    -------
    bool
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        return not _try_lock(descriptor)
    finally:
        os.close(descriptor)


def read_consistently(
    read: Callable[[], T],
    is_changing: Callable[[], bool],
    error: type[PrefmlError],
    timeout: float,
) -> T:
    """Read files that belong together, and retry while they are replaced one by one.

    Parameters
    ----------
    read : callable
        Reads them.
    is_changing : callable
        Tells whether another process is replacing them.
    error : type of PrefmlError
        The error of `read` where they do not belong together.
    timeout : float
        Seconds after which it is not tried again.

    Returns
    -------
    object
        The result of `read`.
    """
    deadline, again = time.monotonic() + timeout, True
    while again:
        try:
            return read()
        except error:
            if time.monotonic() > deadline:
                raise
        # Once nothing is at work any more, what was being replaced is seen as it came out.
        again = is_changing()
        time.sleep(_POLL_SECONDS * again)
    return read()


def _lock_with_retries(descriptor: int) -> bool:
    # `is_locked` of another process takes the lock for a moment.
    for _ in range(3):
        if _try_lock(descriptor):
            return True
        time.sleep(_POLL_SECONDS)
    return False


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
