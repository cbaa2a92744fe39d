"""Hold formed sets to those that a person corrected, and measure rules against them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TypeAlias

from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping.outcome import FormedSet, Grouping, Lone, RuleScore

__all__ = ["CORRECTED", "Members", "hold_to_corrections", "score_rule"]

# Project and file name of each picture of a corrected set.
Members: TypeAlias = Sequence[tuple[str, str]]
Pairs: TypeAlias = set[frozenset[tuple[str, str]]]

# Stands for the name of a rule where a person formed the set.
CORRECTED = "corrected"
APART = "set apart in the review"
_REST = "the rest of its set was put into others in the review"
_LEFT = "no other picture of its corrected set is there"


def hold_to_corrections(grouping: Grouping, corrected: Sequence[Members]) -> Grouping:
    """Put the pictures of corrected sets into these, and leave what remains of a set together.

    Parameters
    ----------
    grouping : Grouping
        Sets as a rule forms them.
    corrected : sequence of sequence of (project, file name)
        Corrected sets of one project each, no picture in two of them. They may be larger than the
        rule's most, for a person formed them.

    Returns
    -------
    Grouping
        A partition of the same pictures.
    """
    owner = {key: at for at, keys in enumerate(corrected) for key in keys}
    if not owner:
        return grouping
    taken: dict[int, dict[tuple[str, str], ImageFile]] = defaultdict(dict)
    made = Grouping(folders=grouping.folders, notes=grouping.notes)
    for lone in grouping.alone:
        if lone.image.key in owner:
            taken[owner[lone.image.key]][lone.image.key] = lone.image
        else:
            made.alone.append(lone)
    for one in grouping.sets:
        rest = tuple(image for image in one.images if image.key not in owner)
        for image in one.images:
            if image.key in owner:
                taken[owner[image.key]][image.key] = image
        _add(made, FormedSet(one.project, rest, one.rule, one.doubt), _REST)
    for at, images in taken.items():
        members = tuple(images[key] for key in corrected[at] if key in images)
        lonely = APART if len(corrected[at]) == 1 else _LEFT
        _add(made, FormedSet(members[0].project, members, CORRECTED), lonely)
    return made.sorted()


def _add(made: Grouping, one: FormedSet, lonely: str) -> None:
    if len(one.images) > 1:
        made.sets.append(one)
    else:
        made.alone.extend(Lone(image, lonely) for image in one.images)


def score_rule(
    rule: str, grouping: Grouping, corrected: Sequence[Members], problem: str = ""
) -> RuleScore:
    """Count the pairs of pictures that a rule and corrected sets have together.

    Parameters
    ----------
    rule : str
        Its name.
    grouping : Grouping
        Sets as the rule forms them of all pictures.
    corrected : sequence of sequence of (project, file name)
        Corrected sets of pictures that are there.
    problem : str, optional
        Why the rule cannot be measured.

    Returns
    -------
    RuleScore
    """
    known = {key for keys in corrected for key in keys}
    true = _pairs(corrected)
    if problem:
        return RuleScore(rule, true=len(true), problem=problem)
    keys = ([image.key for image in one.images] for one in grouping.sets)
    found = _pairs([key for key in members if key in known] for members in keys)
    return RuleScore(rule, len(found), len(found & true), len(true))


def _pairs(sets: Iterable[Members]) -> Pairs:
    return {frozenset(pair) for members in sets for pair in combinations(members, 2)}
