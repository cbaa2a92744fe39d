"""Change sets by hand: split one, join two, move pictures between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath

import msgspec

from prefml.exceptions import LogError
from prefml.proposals import index_of
from prefml.proposals.corrections import (
    CorrectedSet,
    name_of_set,
    read_corrections,
    write_corrections,
)
from prefml.proposals.near_duplicates import is_near_duplicates
from prefml.review.events import DecisionChange, RegroupBody, SetMembers, TagChange
from prefml.review.groups import Group
from prefml.review.ledger import Ledger
from prefml.review.requests import Regroup
from prefml.workspace import Workspace, canonical_name, stored_path

__all__ = ["LARGEST", "Regrouping"]

# A person may join sets beyond the most of the rule, up to what the page can show of one.
LARGEST = 99


class Regrouping:
    """Sets of one workspace that were formed by hand.

    Parameters
    ----------
    workspace : Workspace
        Its file of corrections holds those that the event table does not know, too.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._kept = self._sets = read_corrections(workspace).sets
        self._seq = 0

    def sets(self, ledger: Ledger) -> tuple[CorrectedSet, ...]:
        """Return the sets in force.

        Parameters
        ----------
        ledger : Ledger
            The events.

        Returns
        -------
        tuple of CorrectedSet
            No picture in two of them. Sets of the file stay that the event table does not know,
            unless one of their pictures was moved since.
        """
        if self._seq != ledger.regrouped_seq:
            own = ledger.sets
            moved = {image for one in own for image in one.images}
            foreign = (one for one in self._kept if not ledger.was_regrouped(one.group_id))
            self._sets = (*(one for one in foreign if moved.isdisjoint(one.images)), *own)
            self._seq = ledger.regrouped_seq
        return self._sets

    def keep(self, ledger: Ledger) -> None:
        """Write the sets in force, for `prefml sets` and `prefml suggest`.

        Parameters
        ----------
        ledger : Ledger
            The events.
        """
        pinned = tuple(one for one in self.sets(ledger) if one.is_pinned)
        if read_corrections(self._workspace).sets != pinned:
            write_corrections(self._workspace, pinned)

    def body(self, groups: Mapping[str, Group], request: Regroup, ledger: Ledger) -> RegroupBody:
        """Return the event of a change.

        Parameters
        ----------
        groups : mapping of str to Group
            All that are under review.
        request : Regroup
            What the person asked for.
        ledger : Ledger
            The events so far.

        Returns
        -------
        RegroupBody

        Raises
        ------
        KeyError
            If there is no such set.
        LogError
            If the sets cannot be changed so.
        """
        group = groups[request.group_id]
        others = [] if request.to is None else [groups[request.to]]
        taken = _taken(group, request)
        rest = [image for image in group.images if image not in taken]
        self._check(group, others, rest, ledger)
        moved = [*taken, *(image for other in others for image in other.images)]
        if len(moved) > LARGEST:
            raise LogError(f"a set of {len(moved)} pictures", f"at most {LARGEST} in one set")
        if others:
            moved.sort(key=lambda image: (canonical_name(PurePath(image).name), image))
        made = [rest, moved]
        pinned = {one.group_id for one in self.sets(ledger) if one.is_pinned}
        before = [
            SetMembers(one.group_id, one.project, list(one.images), one.group_id in pinned)
            for one in (group, *others)
        ]
        after = [
            SetMembers(name_of_set(group.project, images), group.project, images)
            for images in made
            if images
        ]
        return RegroupBody(before, after, _withdrawn(before, ledger), _tags(before, after, ledger))

    def _check(self, group: Group, others: list[Group], rest: list[str], ledger: Ledger) -> None:
        """Refuse what would mix projects, change nothing, or change what is settled."""
        if not others and not rest:
            raise LogError(
                f"all pictures of group {group.group_id}",
                "some of them for a set of their own, or another set that they join",
            )
        for other in others:
            if other.group_id == group.group_id:
                raise LogError(f"group {group.group_id} twice", "another set")
            if other.project != group.project:
                raise LogError(
                    f"groups {group.group_id} and {other.group_id} of two projects",
                    "two sets of one project",
                )
        for one in (group, *others):
            self._check_settled(one, ledger)

    def _check_settled(self, group: Group, ledger: Ledger) -> None:
        if is_near_duplicates(group.raw):
            raise LogError(
                f"group {group.group_id} holds near duplicates, which are no set",
                "one of them to keep, or a skip (S), which leaves all of them",
            )
        if group.group_id in ledger.audits or group.raw.get("reask_of"):
            raise LogError(
                f"group {group.group_id} was settled before, and is asked about as it was",
                "a set that is asked about for the first time",
            )
        decided = ledger.decision(group.group_id) is not None
        paths = (stored_path(self._workspace.root / image) for image in group.images)
        if decided and not all(path.is_file() for path in paths):
            raise LogError(
                f"group {group.group_id} is decided, and its pictures are elsewhere by now",
                "pictures that are where they were suggested",
                "prefml apply --undo",
            )


def _taken(group: Group, request: Regroup) -> list[str]:
    found = {index_of(choice, group.images) for choice in request.images}
    positions = sorted(index for index in found if index is not None)
    if None in found:
        raise LogError(f"group {group.group_id}: no such image", "images of the group")
    return [group.images[index] for index in positions]


def _withdrawn(before: Iterable[SetMembers], ledger: Ledger) -> list[DecisionChange]:
    """Return what takes back the decisions on sets: none of them is about other pictures."""
    decisions = (ledger.decision(one.group_id) for one in before)
    return [
        msgspec.structs.replace(
            entry.change, state="pending", final_choice=None, final_index=None, crop_coords=None,
            crop_by_hand=False, crop_source=None,
        )
        for entry in decisions
        if entry is not None
    ]  # fmt: skip


def _tags(
    before: Iterable[SetMembers], after: Iterable[SetMembers], ledger: Ledger
) -> list[TagChange]:
    """Return the tags of pictures, by the sets that they are in afterwards."""
    tagged: dict[str, list[str]] = {}
    for one in before:
        tagged |= ledger.tags(one.group_id)
    found = (
        TagChange(one.group_id, {image: tagged[image] for image in one.images if image in tagged})
        for one in after
    )
    # Tags of an earlier set of the same pictures must not come back either.
    return [one for one in found if one.image_tags or ledger.tags(one.group_id)]
