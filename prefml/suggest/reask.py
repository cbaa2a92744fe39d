"""Test-retest reliability: ask about a few decided sets once more, without saying so."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from prefml.proposals import Row, as_list, as_mapping
from prefml.proposals.near_duplicates import is_near_duplicates
from prefml.sidecars.find import UNKNOWN
from prefml.suggest.candidates import Candidate, images_on_disk
from prefml.suggest.handled import is_decided
from prefml.workspace import Workspace

__all__ = [
    "AGE",
    "SHARE",
    "OldSet",
    "asked_again",
    "find_old_sets",
    "keep_one_in_ten",
    "pick_again",
]

SHARE = 0.02
AGE = timedelta(days=7)
# Of the sets of a run, begun tens counted whole, and of all sets that were ever suggested, whole
# tens only, one in so many may be an old one.
_DILUTION = 10


@dataclass(frozen=True)
class OldSet(Candidate):
    """A set that was decided long ago.

    Attributes
    ----------
    set_id : str
        Its key in the decisions.
    """

    set_id: str = ""

    @property
    def group_id(self) -> str:
        """Name of the repetition: formed like that of a new set, and another than the set had."""
        digest = hashlib.sha256(f"again\0{self.set_id}".encode()).hexdigest()[:10]
        return f"{super().group_id.rpartition('_')[0]}_{digest}"


def asked_again(rows: Iterable[Mapping[str, object]]) -> set[str]:
    """Return the sets that suggestions or decisions ask about a second time.

    Parameters
    ----------
    rows : iterable of mapping
        Lines of suggestions and of decisions.

    Returns
    -------
    set of str
    """
    found = set()
    for row in rows:
        for holder in (row, row.get("suggestion")):
            asked = as_mapping(holder).get("reask_of")
            if asked:
                found.add(str(asked))
    return found


def pick_again(
    set_ids: Iterable[str], n_new: int, already: Collection[str], share: float = SHARE
) -> list[str]:
    """Pick old sets to ask again: each has the same chance, once, whatever else is asked.

    Parameters
    ----------
    set_ids : iterable of str
        Old sets.
    n_new : int
        New sets of this run; the old ones are to be lost among them.
    already : collection of str
        Sets that were asked again before.
    share : float, default=0.02
        Chance of each set ever to be asked again; 0 switches it off.

    Returns
    -------
    list of str
    """
    drawn = sorted(
        (draw, name)
        for name in set(set_ids)
        if (draw := _uniform(name)) < share and name not in already
    )
    return [name for _, name in drawn[: n_new // _DILUTION + bool(n_new % _DILUTION)]]


def keep_one_in_ten(
    lines: Sequence[Row], decided: Mapping[str, Row], fresh: Collection[str]
) -> list[Row]:
    """Leave out old sets beyond one to ten new ones, over all runs so far.

    Counted is what was ever suggested and is still on file, waiting or decided. What waits since an
    earlier run stays before what this run adds; within each, the sets that were drawn first stay,
    so that none is preferred for what it shows.

    Parameters
    ----------
    lines : sequence of dict
        All suggestions that are to be written.
    decided : mapping of str to dict
        Reviewed decisions by `group_id`.
    fresh : collection of str
        `group_id` of this run's suggestions.

    Returns
    -------
    list of dict
        The lines that stay, in their order. Decided ones always do.
    """
    reviewed = [row for row in decided.values() if as_mapping(row.get("suggestion"))]
    new = {str(row["group_id"]) for row in (*lines, *reviewed) if _is_new_set(row)}
    again = [row for row in lines if row.get("reask_of")]
    waiting = [row for row in again if not is_decided(row["group_id"], decided)]
    answered = asked_again(decided.values()) | asked_again(again) - asked_again(waiting)
    waiting.sort(key=lambda row: (row["group_id"] in fresh, _uniform(str(row["reask_of"]))))
    room = max(0, len(new) // _DILUTION - len(answered))
    surplus = {row["group_id"] for row in waiting[room:]}
    return [row for row in lines if row["group_id"] not in surplus]


def _is_new_set(row: Mapping[str, object]) -> bool:
    several = len(as_list(row.get("images"))) > 1
    return several and not is_near_duplicates(row) and not asked_again([row])


def _uniform(name: str) -> float:
    """Return a number in [0, 1) that depends on the name alone: the same draw in every run."""
    digest = hashlib.sha256(f"reask\0{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def find_old_sets(
    workspace: Workspace,
    items: pd.DataFrame,
    index: pd.DataFrame,
    now: datetime,
) -> dict[str, OldSet]:
    """Find decided sets that are old enough and whose pictures are all still there.

    Parameters
    ----------
    workspace : Workspace
        Where the pictures lie.
    items : DataFrame
        The decided sets, as in `prefml.decisions.Decisions.items`.
    index : DataFrame
        The sidecars' index: where each picture lies.
    now : datetime
        In UTC.

    Returns
    -------
    dict of str to OldSet
    """
    kept = items[(items["project"] != UNKNOWN) & (items["timestamp"] <= now - AGE)]
    places = index[["project", "filename", "path"]]
    joined = kept.drop(columns="path").merge(places, on=["project", "filename"], how="left")
    found = {}
    for set_id, rows in joined.groupby("set_id", sort=True):
        images = tuple(images_on_disk(workspace, rows.sort_values("filename")))
        if len(images) == len(rows) > 1:
            found[str(set_id)] = OldSet(str(rows["project"].iloc[0]), images, str(set_id))
    return found
