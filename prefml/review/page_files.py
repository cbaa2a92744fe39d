"""Read and write the small files in which the page keeps what a person set on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from prefml.exceptions import LogError
from prefml.files import write_text

__all__ = ["read_page_file", "write_page_file"]

T = TypeVar("T")


def read_page_file(
    path: Path, read: Callable[[bytes], T], expected: str, consequence: str
) -> T | None:
    """Read a file of the page.

    Parameters
    ----------
    path : Path
        The file.
    read : callable
        Makes something of its bytes.
    expected : str
        What it has to hold, in words.
    consequence : str
        What follows once a damaged file is removed.

    Returns
    -------
    object or None
        What `read` returns; None without a file.

    Raises
    ------
    LogError
        If the file is damaged.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return read(raw)
    except (msgspec.DecodeError, RecursionError, LogError) as error:
        raise LogError(
            f"{path}: {str(error)[:200]}", expected, f"rm '{path}'{consequence}"
        ) from error


def write_page_file(path: Path, document: msgspec.Struct) -> None:
    """Write a file of the page.

    Parameters
    ----------
    path : Path
        The file.
    document : Struct
        What it holds.
    """
    write_text(path, msgspec.json.encode(document).decode() + "\n")
