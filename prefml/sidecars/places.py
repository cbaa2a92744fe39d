"""Look at a place of sidecars: what a store refuses to say is never taken for absent.

What fsspec offers for this (`exists`, `isfile`, `glob`) answers "no" where a store does not
answer at all; an embedding that took hours would be made again, or what is finished be deleted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prefml.exceptions import PrefmlError, SidecarError
from prefml.files import AnyPath

__all__ = ["exists", "is_file", "is_refusal", "list_files", "naming_refusals"]

# Packages of file systems, some of whose errors are no OSError.
_PACKAGES = {"adlfs", "aiobotocore", "aiohttp", "azure", "botocore", "fsspec", "gcsfs", "google"}


def exists(path: AnyPath) -> bool:
    """Tell whether there is a file or a folder.

    Parameters
    ----------
    path : Path or UPath
        The place.

    Returns
    -------
    bool

    Raises
    ------
    Exception
        Of the file system, where it does not say.
    """
    return path.exists() if isinstance(path, Path) else _kind(path) is not None


def is_file(path: AnyPath) -> bool:
    """Tell whether there is a file, and no folder.

    Parameters
    ----------
    path : Path or UPath
        The place.

    Returns
    -------
    bool

    Raises
    ------
    Exception
        Of the file system, where it does not say.
    """
    return path.is_file() if isinstance(path, Path) else _kind(path) == "file"


def _kind(path: Any) -> str | None:
    try:
        return str(path.fs.info(path.path)["type"])
    except FileNotFoundError:
        return None


def list_files(folder: AnyPath, deep: bool = False) -> list[AnyPath]:
    """List the files in a folder.

    Parameters
    ----------
    folder : Path or UPath
        The folder; where there is none, or a file, there are none in it.
    deep : bool, default=False
        Those in its folders, too, and in none below these.

    Returns
    -------
    list of Path or UPath

    Raises
    ------
    Exception
        Of the file system, where it does not say.
    """
    entries = _entries(folder)
    files = [path for path, is_folder in entries if not is_folder]
    if deep:
        for path, is_folder in entries:
            files += list_files(path) if is_folder else []
    return files


def _entries(folder: Any) -> list[tuple[AnyPath, bool]]:
    try:
        if isinstance(folder, Path):
            with os.scandir(folder) as found:
                return [(folder / one.name, one.is_dir()) for one in found]
        listed = folder.fs.ls(folder.path, detail=True)
    except (FileNotFoundError, NotADirectoryError):
        return []
    # Some list the folder itself, or the file, among what is in it.
    own = folder.path.strip("/")
    return [
        (folder / one["name"].strip("/").rpartition("/")[2], one["type"] == "directory")
        for one in listed
        if one["name"].strip("/") != own
    ]


def is_refusal(path: AnyPath, error: Exception) -> bool:
    """Tell whether an error says that a store did not answer, or refused, and not what it holds.

    Parameters
    ----------
    path : Path or UPath
        Where it was raised; a folder of this machine is no store.
    error : Exception
        The error.

    Returns
    -------
    bool
    """
    if isinstance(path, Path) or isinstance(error, PrefmlError | FileNotFoundError):
        return False
    if isinstance(error, OSError):
        # Of damaged parquet pyarrow says so by a bare OSError without a number.
        return type(error) is not OSError or error.errno is not None
    return type(error).__module__.partition(".")[0] in _PACKAGES


@contextmanager
def naming_refusals(folder: AnyPath) -> Iterator[None]:
    """Turn the errors of a store that refuses, or does not answer, into one that says so.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Raises
    ------
    SidecarError
        In their place; also where the store itself, such as a bucket, is not there.
    """
    try:
        yield
    except Exception as error:
        absent = isinstance(error, FileNotFoundError) and not isinstance(folder, Path)
        if not absent and not is_refusal(folder, error):
            raise
        raise SidecarError(
            f"{folder}: {type(error).__name__}: {error}",
            "a store that answers and takes files",
            "the same command when it does; what was finished is kept",
        ) from error
