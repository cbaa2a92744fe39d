"""Narrow the fields of a line that anything may have written: the asked-for type, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from prefml.workspace import canonical_name

__all__ = ["as_list", "as_mapping", "index_of", "read_share"]


def as_mapping(value: object) -> Mapping[str, object]:
    """Return an object as it is, and anything else as an empty one."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: object) -> list[object]:
    """Return an array as it is, and anything else as an empty one."""
    return value if isinstance(value, list) else []


def read_share(value: object) -> float | None:
    """Return a probability, None if the field holds no number in [0, 1].

    Parameters
    ----------
    value : object
        A value of a JSON document; neither text nor a truth value is a number.

    Returns
    -------
    float or None
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def index_of(choice: object, images: Sequence[str]) -> int | None:
    """Find the image that a `chosen` or `final_choice` entry names.

    Parameters
    ----------
    choice : object
        A path as it stands in `images`, a file name, or a position from 0.
    images : sequence of str
        The images of the set.

    Returns
    -------
    int or None
        The position, or None if the entry names none of them, or more than one.
    """
    if isinstance(choice, bool) or choice is None:
        return None
    if isinstance(choice, int):
        return choice if 0 <= choice < len(images) else None
    if isinstance(choice, str) and choice in images:
        return images.index(choice)
    name = canonical_name(Path(str(choice)).name)
    found = [i for i, image in enumerate(images) if canonical_name(Path(image).name) == name]
    return found[0] if len(found) == 1 else None
