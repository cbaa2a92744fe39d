"""Describe the outcome of a pass."""

from __future__ import annotations

from dataclasses import dataclass

from prefml.sidecars.find import Failure, PassedOver

__all__ = ["BuildReport"]


@dataclass(frozen=True)
class BuildReport:
    """Outcome of a pass; `images` is the sum of `computed`, `reused` and `failed`.

    Attributes
    ----------
    images : int
        Pictures found, with those that failed.
    computed : int
        Decoded in this run.
    reused : int
        Taken from earlier runs.
    failed : int
        Could not be used.
    seconds : float
        Duration.
    failures : tuple of Failure
        The pictures that failed, with reasons.
    shadowed : tuple of str
        Paths left out because project and name occur twice.
    unknown : tuple of str
        Paths without a project; they are embedded, but nothing is learned from them.
    repaired : tuple of str
        Damaged sidecar files whose rows were computed again.
    taken_over : bool
        Whether single files of an earlier version became folders by project.
    passed_over : tuple of PassedOver
        Pictures that are not read here.
    first_frames : tuple of str
        Animations and files of several pages, decoded in this run, of which the first was taken.
    """

    images: int
    computed: int
    reused: int
    failed: int
    seconds: float
    failures: tuple[Failure, ...] = ()
    shadowed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    taken_over: bool = False
    passed_over: tuple[PassedOver, ...] = ()
    first_frames: tuple[str, ...] = ()
