"""Cut chains of pictures at their gaps, and at their weakest links down to a size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from prefml._typing import Floats
from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping.outcome import FormedSet, Grouping, Lone

__all__ = ["Placed", "cut_chain", "group_placed"]

BROKEN = "broken out of a chain that was longer than a set may be"


@dataclass(frozen=True)
class Placed:
    """Picture with its place in a chain.

    Attributes
    ----------
    image : ImageFile
        The picture.
    key : tuple of str
        Pictures of different keys are never in one set.
    at : int
        Its place: microseconds, a seed or a number, whole so that gaps are exact; 0 where nothing
        tells.
    max_gap : int or None
        Longest distance of two neighbours; None: no limit.
    lonely : str
        Reason to give if no other picture joins it.
    order : tuple of (float, str)
        Order of pictures that set no chain apart, such as stages.
    """

    image: ImageFile
    key: tuple[str, ...]
    at: int = 0
    max_gap: int | None = None
    lonely: str = ""
    order: tuple[float, str] = (0.0, "")


def cut_chain(at: Sequence[int], max_gap: int | None, most: int) -> Iterator[tuple[int, int, bool]]:
    """Cut a chain where a gap is too long, then at its weakest links until no part is too large.

    The weakest link is the longest gap; of several, the one nearest the middle.

    Parameters
    ----------
    at : sequence of int
        Places, ascending.
    max_gap : int or None
        Longest distance of two neighbours that stay together; None: no limit.
    most : int
        Members of a part at most.

    Yields
    ------
    start, stop : int
        A part: at most `most` members, or more that nothing sets apart, all at one place.
    broken : bool
        Whether it was cut out of a longer chain.
    """
    gaps = [after - before for before, after in pairwise(at)]
    cuts = [i + 1 for i, gap in enumerate(gaps) if max_gap is not None and gap > max_gap]
    lengths = np.array(gaps, float)
    for start, stop in pairwise([0, *cuts, len(at)]):
        yield from _cut_to_size(lengths, start, stop, most)


def _cut_to_size(gaps: Floats, first: int, last: int, most: int) -> Iterator[tuple[int, int, bool]]:
    waiting = [(first, last)]
    while waiting:
        start, stop = waiting.pop()
        if stop - start <= most or not (inside := gaps[start : stop - 1]).any():
            yield start, stop, (start, stop) != (first, last)
            continue
        weakest = np.flatnonzero(inside == inside.max())
        middle = (len(inside) - 1) / 2
        cut = start + 1 + int(weakest[np.argmin(np.abs(weakest - middle))])
        waiting += [(cut, stop), (start, cut)]


def group_placed(placed: Sequence[Placed], rule: str, most: int) -> Grouping:
    """Form sets of pictures by key and place.

    Parameters
    ----------
    placed : sequence of Placed
        In any order.
    rule : str
        Name of the rule.
    most : int
        Pictures of a set at most.

    Returns
    -------
    Grouping
        The same whatever the order of the pictures.
    """
    chains: dict[tuple[str, ...], list[Placed]] = {}
    for one in placed:
        chains.setdefault((one.image.project, *one.key), []).append(one)
    made = Grouping()
    for chain in chains.values():
        chain.sort(key=lambda one: (one.at, one.order, one.image.filename))
        limits = [one.max_gap for one in chain if one.max_gap is not None]
        places = [one.at for one in chain]
        for start, stop, broken in cut_chain(places, min(limits, default=None), most):
            _add_part(made, chain[start:stop], rule, most, broken)
    return made


def _add_part(made: Grouping, part: Sequence[Placed], rule: str, most: int, broken: bool) -> None:
    if len(part) > most:
        reason = f"more than {most} pictures that nothing sets apart; --most allows larger sets"
        made.alone.extend(Lone(one.image, reason) for one in part)
    elif len(part) == 1:
        made.alone.append(Lone(part[0].image, BROKEN if broken else part[0].lonely))
    else:
        ordered = sorted(part, key=lambda one: (one.order, one.at, one.image.filename))
        images = tuple(one.image for one in ordered)
        made.sets.append(FormedSet(images[0].project, images, rule, BROKEN if broken else ""))
