"""Names of files in the forms in which they are compared and stored."""

from __future__ import annotations

import os
import unicodedata
from contextlib import suppress
from pathlib import Path

__all__ = ["canonical_name", "stored_path"]


def canonical_name(name: str) -> str:
    """Return a name in Unicode's composed form, NFC, in which names are compared.

    Composed or decomposed, to a person, and to most file systems, both are one name.

    Parameters
    ----------
    name : str
        A file name, a folder's name, or a path.

    Returns
    -------
    str

    References
    ----------
    Unicode Standard Annex 15, "Unicode normalization forms".
    """
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def stored_path(path: Path) -> Path:
    """Return a path under the names that the disk has, composed or decomposed.

    Parameters
    ----------
    path : Path
        May not exist.

    Returns
    -------
    Path
    """
    if os.path.lexists(path) or str(path).isascii() or path == path.parent:
        return path
    parent, wanted = stored_path(path.parent), canonical_name(path.name)
    with suppress(OSError, ValueError):
        return parent / min(name for name in os.listdir(parent) if canonical_name(name) == wanted)
    return parent / path.name
