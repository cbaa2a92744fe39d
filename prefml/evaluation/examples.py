"""Show what choices go by: for each preference sets that speak for it, and sets against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from prefml._typing import Floats
from prefml.evaluation.choices import ChoiceRuns
from prefml.evaluation.gallery import Mistake, Thumbnail, find_mistakes
from prefml.evaluation.learned import spot_sets
from prefml.evaluation.schema import PreferenceMetrics, WeakSpot
from prefml.evaluation.sets import describe_sets
from prefml.ranking.explain import directions
from prefml.ranking.preferences import measured
from prefml.sets import index_sets

__all__ = ["Example", "PreferenceView", "SpotView", "preference_views", "spot_views"]

# Sets that are tried before one with both pictures is given up.
_TRIED = 12


@dataclass(frozen=True)
class Example:
    """Set in which two pictures differ in what is preferred.

    Attributes
    ----------
    project : str
        Its project.
    chosen, other : str
        Data URIs of the chosen picture and of the one that it is held against.
    chosen_name, other_name : str
        Their file names.
    """

    project: str
    chosen: str
    other: str
    chosen_name: str
    other_name: str


@dataclass(frozen=True)
class PreferenceView:
    """A preference with examples.

    Attributes
    ----------
    words : str
        What is said of it.
    word : str
        How the preferred picture is, such as "sharper".
    is_learned : bool
        Whether the held-out model's first picks go the same way.
    examples, exceptions : list of Example
        Sets that speak for it, and sets against it.
    """

    words: str
    word: str
    is_learned: bool
    examples: list[Example]
    exceptions: list[Example]


@dataclass(frozen=True)
class SpotView:
    """A weak spot with the surest mistakes on it.

    Attributes
    ----------
    words : str
        What is said of it.
    mistakes : list of Mistake
        Sets in which prefml was sure of a wrong picture.
    """

    words: str
    mistakes: list[Mistake]


def preference_views(
    done: ChoiceRuns, found: list[PreferenceMetrics], thumbnail: Thumbnail, most: int = 3
) -> list[PreferenceView]:
    """Return preferences with the sets that show them best; no set is shown twice.

    Parameters
    ----------
    done : ChoiceRuns
        Held-out scores.
    found : list of PreferenceMetrics
        The preferences.
    thumbnail : callable
        Makes the small pictures.
    most : int, default=3
        Examples of each, and half as many exceptions.

    Returns
    -------
    list of PreferenceView
    """
    used: set[int] = set()
    views = []
    for one in found:
        parts = [
            _examples(done, one, thumbnail, used, is_for, number)
            for is_for, number in ((True, most), (False, (most + 1) // 2))
        ]
        share = one["model_share"]
        views.append(PreferenceView(one["words"], one["word"], (share or 0) > 0.5, *parts))
    return views


def _examples(
    done: ChoiceRuns,
    one: PreferenceMetrics,
    thumbnail: Thumbnail,
    used: set[int],
    is_for: bool,
    most: int,
) -> list[Example]:
    examples: list[Example] = []
    for number, chosen, other in _clearest(done, one, is_for, used):
        table = done.table
        names = [str(table.filename[row]) for row in (chosen, other)]
        project = str(table.project[chosen])
        pictures = [thumbnail(project, name) for name in names]
        if pictures[0] and pictures[1]:
            used.add(number)
            examples.append(Example(project, pictures[0], pictures[1], *names))
        if len(examples) == most:
            break
    return examples


def _clearest(
    done: ChoiceRuns, one: PreferenceMetrics, is_for: bool, used: set[int]
) -> Iterator[tuple[int, int, int]]:
    """Yield set, chosen row and other row, where they differ most in what is preferred."""
    table = done.table
    value = _preferred(done, one)
    first = done.runs["prefml"][0].scores
    found: list[tuple[float, int, int, int]] = []
    for number, rows in enumerate(index_sets(table.set_id).members()):
        known = rows[np.isfinite(value[rows])]
        chosen = known[table.y[known] == 1]
        others = known[table.y[known] == 0]
        if number in used or not len(chosen) or not len(others):
            continue
        row = int(chosen[0])
        if is_for and first[row] < first[rows].max():
            # An example of what was learned: the held-out model ranks the choice first, too.
            continue
        other = int(others[(np.argmin if is_for else np.argmax)(value[others])])
        margin = value[row] - value[other] if is_for else value[other] - value[row]
        if margin > 0:
            found.append((float(margin), number, row, other))
    found.sort(key=lambda item: (-item[0], item[1]))
    yield from (item[1:] for item in found[:_TRIED])


def _preferred(done: ChoiceRuns, one: PreferenceMetrics) -> Floats:
    """Return how much of what is preferred each picture has."""
    table = done.table
    direction = next(each for each in directions() if each.column == one["column"])
    value = measured(table.X, direction, table.stage, table.project)
    return value if one["word"] == direction.more else -value


def spot_views(
    done: ChoiceRuns, found: list[WeakSpot], thumbnail: Thumbnail, most: int = 2
) -> list[SpotView]:
    """Return weak spots with the surest mistakes on each.

    Parameters
    ----------
    done : ChoiceRuns
        Held-out scores.
    found : list of WeakSpot
        The weak spots.
    thumbnail : callable
        Makes the small pictures.
    most : int, default=2
        Mistakes of each.

    Returns
    -------
    list of SpotView
    """
    facts = describe_sets(done.table)
    return [
        SpotView(
            one["words"],
            find_mistakes(
                done, thumbnail, most, spot_sets(done.table, facts, one["kind"], one["name"])
            ),
        )
        for one in found
    ]
