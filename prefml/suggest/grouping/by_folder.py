"""Form a set of each folder, the rule `folder`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from prefml.decisions.set_rule import SetRule
from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping.chains import Placed, group_placed
from prefml.suggest.grouping.clock import SECOND, last_number, time_in
from prefml.suggest.grouping.outcome import Grouping, Lone
from prefml.suggest.grouping.paths import folder_of, stem_of

__all__ = ["group_by_folder", "places_in_names"]


def group_by_folder(images: Sequence[ImageFile], rule: SetRule) -> Grouping:
    """Form a set of the pictures of each folder.

    Parameters
    ----------
    images : sequence of ImageFile
        Pictures of any projects, without by-products.
    rule : SetRule
        The most, and the longest gap where every name of a folder has a time.

    Returns
    -------
    Grouping
    """
    folders: dict[str, list[ImageFile]] = {}
    for image in images:
        folders.setdefault(folder_of(image.path), []).append(image)
    placed, alone = [], []
    holders = _holders(folders)
    for folder, members in folders.items():
        if folder in holders:
            alone += [Lone(image, "its folder holds the folders of sets") for image in members]
            continue
        places, are_times = places_in_names(members)
        limit = round(rule.max_gap * SECOND) if rule.max_gap and are_times else None
        placed += [
            Placed(image, (folder,), at, limit, "the only picture in its folder")
            for image, at in zip(members, places, strict=True)
        ]
    made = group_placed(placed, "folder", rule.most)
    made.alone.extend(alone)
    return made


def _holders(folders: Iterable[str]) -> set[str]:
    """Return the folders right above two or more others: those of a project, not of a set."""
    above = Counter(folder_of(folder) for folder in folders)
    return {folder for folder in folders if above[folder] > 1}


def places_in_names(images: Sequence[ImageFile]) -> tuple[list[int], bool]:
    """Return where each picture stands among others: by the times in all names, else by numbers.

    Parameters
    ----------
    images : sequence of ImageFile
        Pictures that belong together.

    Returns
    -------
    places : list of int
        Microseconds or numbers; zeros where a name has neither.
    are_times : bool
        Whether they are microseconds.
    """
    stems = [stem_of(image.path) for image in images]
    for read in (time_in, last_number):
        places = [at for stem in stems if (at := read(stem)) is not None]
        if len(places) == len(stems):
            return places, read is time_in
    return [0] * len(stems), False
