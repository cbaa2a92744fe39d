"""Find the pictures that A1111's Extras tab was given, where their metadata was not kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from prefml._typing import Floats
from prefml.exceptions import ImageError
from prefml.sidecars.find import ImageFile
from prefml.sidecars.metadata import read_gray_copy
from prefml.suggest.grouping.facts import PictureFacts

__all__ = ["Looks", "read_looks", "with_sources"]

# Pictures -> a small copy of each as a vector of length 1, by path.
Looks: TypeAlias = Callable[[Sequence[ImageFile]], Mapping[str, Floats]]

_SIDE = 8
# An upscaled picture differs from its source in what so small a copy does not show.
_LEAST = 0.97


def read_looks(root: Path, images: Sequence[ImageFile]) -> dict[str, Floats]:
    """Decode pictures into small gray copies.

    Parameters
    ----------
    root : Path
        The workspace folder.
    images : sequence of ImageFile
        The pictures.

    Returns
    -------
    dict of str to ndarray of shape (64,)
        Without its mean, of length 1; pictures of one shade, and damaged ones, are left out.
    """
    found = {}
    for one in images:
        # A damaged file looks like nothing, and decoding names the fault.
        with suppress(ImageError):
            values = read_gray_copy(root / one.path, _SIDE).ravel()
            values -= values.mean()
            if values.any():
                found[one.path] = values / np.linalg.norm(values)
    return found


def with_sources(
    images: Sequence[ImageFile], facts: Mapping[str, PictureFacts], looks: Looks
) -> dict[str, PictureFacts]:
    """Give pictures of the Extras tab the facts of the picture of their project they look like.

    Parameters
    ----------
    images : sequence of ImageFile
        Pictures of any projects.
    facts : mapping of str to PictureFacts
        By path.
    looks : callable
        Called only where there are such pictures without facts of their own.

    Returns
    -------
    dict of str to PictureFacts
        The facts, by path. Several of one source that is not there share a made-up prompt.
    """
    told = dict(facts)
    orphans = [one for one in images if told[one.path].is_extra and not told[one.path].tool]
    for project in {one.project for one in orphans}:
        mine = [one for one in orphans if one.project == project]
        known = [one for one in images if one.project == project and told[one.path].tool == "a1111"]
        found = looks([*known, *mine])
        leaders = [one for one in known if one.path in found]
        for one in mine:
            if one.path not in found:
                continue
            alike = [float(found[one.path] @ found[other.path]) for other in leaders]
            if alike and max(alike) >= _LEAST:
                told[one.path] = told[leaders[int(np.argmax(alike))].path]
            else:
                told[one.path] = replace(told[one.path], tool="a1111", prompt=f"like {one.path}")
                leaders.append(one)
    return told
