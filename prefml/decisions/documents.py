"""Narrow foreign JSON: each function returns the type asked for or refuses the row."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from prefml.decisions.quarantine import RowRefusedError
from prefml.decisions.stages import split_path
from prefml.files import is_storable
from prefml.proposals import index_of

__all__ = ["as_mapping", "as_paths", "as_text", "is_path", "parse_json", "resolve_choice"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def parse_json(raw: bytes) -> object:
    """Parse JSON in UTF-8.

    Parameters
    ----------
    raw : bytes
        A single document.

    Returns
    -------
    object

    Raises
    ------
    RowRefusedError
        `unreadable_row` if it is not JSON, nested beyond reason, or holds text that no file can
        name.
    """
    try:
        text = raw.decode("utf-8-sig")
        document: object = json.loads(text)
        # Only an escape can smuggle in what no file can name.
        written = json.dumps(document, ensure_ascii=False) if "\\u" in text else ""
    except (ValueError, RecursionError) as error:
        raise RowRefusedError("unreadable_row", f"not JSON: {error}") from error
    if not is_storable(written) or "\\u0000" in written:
        raise RowRefusedError("unreadable_row", "text with half a character or a NUL")
    return document


def as_mapping(value: object) -> Mapping[str, object]:
    """Return a JSON object as it is, and anything else as an empty one.

    Parameters
    ----------
    value : object
        A parsed JSON value.

    Returns
    -------
    mapping
    """
    return value if isinstance(value, Mapping) else {}


def as_text(value: object, name: str) -> str:
    """Return a key that is text or a whole number as text, or refuse the row.

    Parameters
    ----------
    value : object
        A parsed JSON value.
    name : str
        Of its field, for the message.

    Returns
    -------
    str

    Raises
    ------
    RowRefusedError
        `wrong_fields` if it is neither, or empty.
    """
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise RowRefusedError("wrong_fields", f"{name} is {value!r}"[:200])
    return str(value)


def as_paths(value: object) -> list[str]:
    """Return a list of image paths, or refuse the row.

    Parameters
    ----------
    value : object
        A parsed JSON value.

    Returns
    -------
    list of str

    Raises
    ------
    RowRefusedError
        `unreadable_list` unless it is a list of paths, see `is_path`.
    """
    if not isinstance(value, list) or not all(map(is_path, value)):
        raise RowRefusedError("unreadable_list", f"images are {value!r}"[:200])
    return value


def is_path(value: object) -> bool:
    r"""Tell whether a value is text that names a file, in characters that every file can hold.

    Control characters are none: in a list they come from a Windows path whose backslashes were
    not doubled, so that `\t` of `C:\training` became a tab.

    Parameters
    ----------
    value : object
        A parsed JSON value.

    Returns
    -------
    bool
    """
    if not isinstance(value, str) or not split_path(value)[1].strip():
        return False
    return is_storable(value) and not _CONTROL.search(value)


def resolve_choice(named: object, index: object, paths: Sequence[str]) -> str:
    """Return the path that a decision names, by path, file name or position.

    Parameters
    ----------
    named : object
        A path, a file name or a position, if the decision gives one.
    index : object
        A position in `paths`, used when nothing is named.
    paths : sequence of str
        The images of the set.

    Returns
    -------
    str

    Raises
    ------
    RowRefusedError
        `no_image` if nothing is chosen, `winner_not_in_set` if it is not one of the set.
    """
    if named is None and index is None:
        raise RowRefusedError("no_image", "no image is chosen")
    wanted = index if named is None else named
    place = index_of(wanted, list(paths))
    if place is None:
        raise RowRefusedError("winner_not_in_set", f"chosen {wanted!r}"[:200])
    return paths[place]
