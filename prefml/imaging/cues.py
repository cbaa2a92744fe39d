"""Measure all cues of a picture: hand-crafted features that a person could check by looking."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import Protocol

from prefml.imaging import detail, layout, naturalness, people_cues, saliency, shape, tone
from prefml.imaging.picture import WORKING_VERSION, Picture

__all__ = [
    "CUE_NAMES",
    "GROUPS",
    "cue_identity",
    "list_names",
    "measure",
    "measure_in_background",
    "measure_lists",
    "prepare",
]


class CueGroup(Protocol):
    """A module that measures some cues.

    Its integer `VERSION`, 1 if absent, is raised when values change and names do not. Where it has
    `LIST_NAMES`, its `measure_lists` returns a list of numbers for each of these, and where it has
    `prepare`, that does what runs without the interpreter's lock.
    """

    @property
    def NAMES(self) -> tuple[str, ...]:  # noqa: N802
        """Names of its cues."""

    def measure(self, picture: Picture) -> dict[str, float]:
        """Return one number for each of `NAMES`; NaN where nothing could be measured.

        Parameters
        ----------
        picture : Picture
            A decoded picture.

        Returns
        -------
        dict of str to float
        """


GROUPS: tuple[CueGroup, ...] = (shape, detail, tone, naturalness, saliency, layout, people_cues)
CUE_NAMES: tuple[str, ...] = tuple(name for group in GROUPS for name in group.NAMES)


def measure(picture: Picture) -> dict[str, float]:
    """Measure every cue of a picture.

    Parameters
    ----------
    picture : Picture
        A decoded picture.

    Returns
    -------
    dict of str to float
        The cues, in the order of `CUE_NAMES`.
    """
    return _merge(group.measure(picture) for group in GROUPS)


def list_names() -> tuple[str, ...]:
    """Return the names of the lists of numbers that are kept beside the cues.

    Returns
    -------
    tuple of str
    """
    return tuple(name for group in GROUPS for name in getattr(group, "LIST_NAMES", ()))


def measure_lists(picture: Picture) -> dict[str, list[float]]:
    """Return the lists of numbers that are kept beside the cues.

    Parameters
    ----------
    picture : Picture
        A decoded picture.

    Returns
    -------
    dict of str to list of float
        In the order of `list_names`.
    """
    values: dict[str, list[float]] = {}
    for group in GROUPS:
        measure_group: Callable[[Picture], dict[str, list[float]]] | None
        measure_group = getattr(group, "measure_lists", None)
        if measure_group is not None:
            values.update(measure_group(picture))
    return values


def prepare(picture: Picture) -> None:
    """Do what takes long and runs without the interpreter's lock, before the cues are measured.

    Parameters
    ----------
    picture : Picture
        A decoded picture, which remembers what was found.
    """
    for group in GROUPS:
        if hasattr(group, "prepare"):
            group.prepare(picture)


def measure_in_background(pool: Executor, picture: Picture) -> Callable[[], dict[str, float]]:
    """Measure every cue of one picture in the threads of a pool, to shorten the wait for it.

    Parameters
    ----------
    pool : Executor
        The threads.
    picture : Picture
        A decoded picture.

    Returns
    -------
    callable
        Waits for the cues and returns what `measure` would.
    """
    parts = [pool.submit(group.measure, picture) for group in GROUPS]
    return lambda: _merge(part.result() for part in parts)


def _merge(parts: Iterable[dict[str, float]]) -> dict[str, float]:
    """Join the cues of all groups, in the order of `CUE_NAMES`."""
    values: dict[str, float] = {}
    for part in parts:
        values.update(part)
    return {name: float(values[name]) for name in CUE_NAMES}


def cue_identity() -> str:
    """Return a hash of the cues' names and versions, which changes whenever the cues do.

    Returns
    -------
    str
        Twelve hexadecimal digits.
    """
    groups = [(group.NAMES, getattr(group, "VERSION", 1)) for group in GROUPS]
    return hashlib.sha256(repr((WORKING_VERSION, groups)).encode()).hexdigest()[:12]
