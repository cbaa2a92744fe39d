"""Parse stage and time from file names, and group new pictures into sets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from prefml.decisions.times import parse_timestamp
from prefml.workspace import canonical_name

__all__ = ["STAGES", "FormedSets", "form_sets", "split_path", "stage_of", "timestamp_of"]

STAGES = {
    "stage1_generated": 1.0,
    "stage1.5_face_swapped": 1.5,
    "stage2_upscaled": 2.0,
    "stage3_enhanced": 3.0,
}


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    stages = "|".join(map(re.escape, words))
    return re.compile(rf"(?P<time>\d{{8}}_\d{{6}})(?:_(?P<stage>{stages}))?(?:\.\w+)?")


# A row is asked for its paths many times over.
@lru_cache(maxsize=4096)
def split_path(path: str) -> tuple[str, str]:
    r"""Split a path as logged into its folder and its file name.

    Parameters
    ----------
    path : str
        With `/` or `\` between its parts.

    Returns
    -------
    folder, name : str
        The folder has `/` between its parts and none at its end. Both are canonical, see
        `prefml.workspace.canonical_name`.
    """
    if "\\" in path:
        path = path.replace("\\", "/")
    folder, _, name = canonical_name(path).rpartition("/")
    return folder, name


def stage_of(name: str, stages: Mapping[str, float] = STAGES) -> float | None:
    """Return the stage in a file name.

    Parameters
    ----------
    name : str
        A file name or a path.
    stages : mapping of str to float, optional
        Stage words and the number of each.

    Returns
    -------
    float or None
        1.0, 1.5, 2.0 or 3.0 for `YYYYMMDD_HHMMSS_<stage>.png`; None for every other name.

    Examples
    --------
    >>> stage_of("crop/20250708_060530_stage1.5_face_swapped.png")
    1.5
    """
    found = _pattern(tuple(stages)).fullmatch(split_path(name)[1])
    return stages.get(found["stage"]) if found else None


def timestamp_of(name: str, stages: Mapping[str, float] = STAGES) -> datetime | None:
    """Return the time in a file name that begins with `YYYYMMDD_HHMMSS`.

    Parameters
    ----------
    name : str
        A file name or a path.
    stages : mapping of str to float, optional
        Stage words that may follow the time.

    Returns
    -------
    datetime or None
        In UTC; None if the name carries no time or one that no clock shows.
    """
    found = _pattern(tuple(stages)).fullmatch(split_path(name)[1])
    return parse_timestamp(found["time"]) if found else None


class FormedSets(NamedTuple):
    """Partition of new pictures of a project into sets.

    Attributes
    ----------
    sets : list of tuple of str
        Two or more pictures each, lowest stage first.
    lone : list of str
        Pictures that belong to no set.
    """

    sets: list[tuple[str, ...]]
    lone: list[str]


class _Staged(NamedTuple):
    when: datetime
    stage: float
    name: str


def form_sets(
    names: Iterable[str],
    max_gap: float | None = None,
    stages: Mapping[str, float] = STAGES,
) -> FormedSets:
    """Group new pictures of one project into sets.

    Pictures are sorted by (timestamp, stage, name). A set begins at any picture and is extended
    greedily by the nearest higher stage before the next stage as low as its last one: 1, 3, 2, 3
    is {1, 2, 3}. Equal stages never join. A higher stage that was passed over on the way stays
    alone, and so does a picture whose name has no time or no stage.

    Parameters
    ----------
    names : iterable of str
        File names or paths, all of one project.
    max_gap : float, optional
        Seconds between neighbours of a set; a longer gap ends it. None: no limit.
    stages : mapping of str to float, optional
        Stage words and the number of each.

    Returns
    -------
    FormedSets
        Every name given stands in exactly one set or is alone.

    Examples
    --------
    >>> form_sets(["20250101_000000_stage1_generated.png", "20250101_000100_stage2_upscaled.png"])
    ... # doctest: +NORMALIZE_WHITESPACE
    FormedSets(sets=[('20250101_000000_stage1_generated.png',
                      '20250101_000100_stage2_upscaled.png')], lone=[])
    """
    staged, lone = _sorted_by_time(names, stages)
    sets, start = [], 0
    while start < len(staged):
        picked = _run_from(staged, start, max_gap)
        members = tuple(staged[index].name for index in picked)
        if len(members) > 1:
            sets.append(members)
        else:
            lone.extend(members)
        taken = set(picked)
        lone.extend(staged[index].name for index in range(start, picked[-1]) if index not in taken)
        start = picked[-1] + 1
    return FormedSets(sets, sorted(lone))


def _sorted_by_time(
    names: Iterable[str], stages: Mapping[str, float]
) -> tuple[list[_Staged], list[str]]:
    staged, lone = [], []
    for name in names:
        when, stage = timestamp_of(name, stages), stage_of(name, stages)
        if when is None or stage is None:
            lone.append(name)
        else:
            staged.append(_Staged(when, stage, name))
    return sorted(staged), lone


def _run_from(staged: list[_Staged], start: int, max_gap: float | None) -> list[int]:
    picked = [start]
    while (following := _nearest_higher(staged, picked[-1], max_gap)) is not None:
        picked.append(following)
    return picked


def _nearest_higher(staged: list[_Staged], last: int, max_gap: float | None) -> int | None:
    best: int | None = None
    for index in range(last + 1, len(staged)):
        gap = (staged[index].when - staged[last].when).total_seconds()
        if staged[index].stage <= staged[last].stage or (max_gap is not None and gap > max_gap):
            break
        if best is None or staged[index].stage < staged[best].stage:
            best = index
    return best
