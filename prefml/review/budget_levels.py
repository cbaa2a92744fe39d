"""Count what may be approved together, from the strictest error budget to the most generous."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

from msgspec import Struct

from prefml.proposals import read_share
from prefml.proposals.audits import budget_of
from prefml.review.groups import Group

__all__ = ["Budget", "BudgetLevel", "crops_of", "level_of", "levels_of"]


class BudgetLevel(Struct, frozen=True):
    """An error budget, and the sets that lie within it.

    Attributes
    ----------
    budget : float
        Largest share of wrong suggestions that is promised with 95 % certainty.
    sets : int
        Sets within it.
    about : int
        How many of them are wrong by the probabilities that are stated of them.
    at_most : int
        How many of them are wrong at most by the promise.
    """

    budget: float
    sets: int
    about: int
    at_most: int


class Budget(Struct, frozen=True):
    """Answer of `budget`.

    Attributes
    ----------
    group_ids : list of str
        Groups that may be approved together.
    asked : list of str
        Those of them, drawn at random, that are asked about one by one if all are approved.
    why : str
        Why no group, or none but these, may be approved together, in words; else empty.
    versions : dict of str to str
        Group -> its `version`.
    levels : list of BudgetLevel
        The error budgets that can be chosen from, the strictest first, whichever was asked for.
    crops : dict of str to float
        Group -> probability of the crop that is suggested, where one is suggested and rated.
    """

    group_ids: list[str]
    asked: list[str]
    why: str
    versions: dict[str, str]
    levels: list[BudgetLevel]
    crops: dict[str, float]


def level_of(group: Group) -> float:
    """Return the smallest error budget within which a group lies.

    Parameters
    ----------
    group : Group
        It lies within the budget of its suggestion, which is taken where no smaller one is told.

    Returns
    -------
    float
    """
    return read_share(group.raw.get("least_budget")) or budget_of(group.raw)


def levels_of(groups: Collection[Group]) -> list[BudgetLevel]:
    """Count the groups of each error budget.

    Parameters
    ----------
    groups : collection of Group
        Groups that may be approved together.

    Returns
    -------
    list of BudgetLevel
        Each holds the groups of those before it.
    """
    found = []
    for budget in sorted(set(map(level_of, groups))):
        within = [group for group in groups if level_of(group) <= budget]
        # Of a promise about shares: a whole number of sets that keeps it.
        at_most = math.floor(budget * len(within) + 1e-9)
        found.append(BudgetLevel(budget, len(within), round(sum(map(_doubt, within))), at_most))
    return found


def _doubt(group: Group) -> float:
    """Return the probability that something of a suggestion is wrong."""
    stated = read_share(group.raw.get("joint_confidence"))
    if stated is None:
        stated = (group.confidence or 0.0) * (1 - (group.none_probability or 0.0))
    return 1 - stated


def crops_of(groups: Iterable[Group]) -> dict[str, float]:
    """Return how sure the crops are that would go along with an approval.

    Parameters
    ----------
    groups : iterable of Group
        Groups that may be approved together.

    Returns
    -------
    dict of str to float
        Group -> probability; those that are kept whole, or whose crop is not rated, are left out.
    """
    return {
        group.group_id: group.crop.confidence
        for group in groups
        if group.crop.box is not None and group.crop.confidence is not None
    }
