"""Serialize a group for the page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from prefml.proposals.decisions import State
from prefml.proposals.near_duplicates import is_near_duplicates
from prefml.review import answers
from prefml.review.audits import blank
from prefml.review.events import DecisionChange
from prefml.review.groups import Group
from prefml.review.ledger import Entry
from prefml.review.people import NOBODY, FoundPeople, People
from prefml.review.thumbnails import ThumbnailCache

__all__ = ["serialize_group"]


def serialize_group(
    group: Group,
    thumbnails: ThumbnailCache,
    state: State,
    entry: Entry[DecisionChange] | None,
    tags: Mapping[str, list[str]],
    audited: bool = False,
    people: People | None = None,
) -> answers.Group:
    """Return the group, what is suggested, and what was decided.

    Parameters
    ----------
    group : Group
        The group.
    thumbnails : ThumbnailCache
        Gives the pictures' ids and sizes.
    state : {"pending", "approved", "overridden", "rejected", "skipped"}
        Its state.
    entry : Entry or None
        The decision in force.
    tags : mapping
        Anomaly tags by image path.
    audited : bool, default=False
        Whether it was drawn from a bulk approval: nothing is told of the suggestion.
    people : People, optional
        Knows the faces and hands of the pictures.

    Returns
    -------
    answers.Group
    """
    judges_crop = audited and group.crop.offered
    group = blank(group) if audited else group
    crop = group.crop
    return answers.Group(
        group_id=group.group_id,
        version=group.version,
        project=group.project,
        state=state,
        images=[
            _image(
                i,
                group,
                thumbnails,
                tags,
                NOBODY if people is None else people(group.project, name),
            )
            for i, name in enumerate(group.images)
        ],
        suggested=group.chosen,
        confidence=group.confidence,
        none_probability=group.none_probability,
        reasons=list(group.reasons),
        flags=list(group.flags),
        duplicates=list(group.duplicates),
        within_budget=group.within_budget,
        crop=answers.Crop(
            offered=crop.offered,
            box=crop.box,
            confidence=crop.confidence,
            keep_probability=crop.keep_probability,
            reason=crop.reason,
            alternatives=[answers.CropAlternative(box, p) for box, p in crop.alternatives],
        ),
        decision=None if entry is None else _decision(entry),
        audited=audited,
        judges_crop=judges_crop,
        awaiting=group.awaiting,
        near_duplicates=is_near_duplicates(group.raw),
        flag_places=[answers.FlagPlace(*place) for place in group.flag_places],
    )


def _image(
    index: int,
    group: Group,
    thumbnails: ThumbnailCache,
    tags: Mapping[str, list[str]],
    found: FoundPeople,
) -> answers.Image:
    name = group.images[index]
    info = thumbnails.info(name)
    return answers.Image(
        name=PurePath(name).name,
        picture=f"/picture/{thumbnails.id_of(name)}",
        version=info.version if info else None,
        width=info.width if info else None,
        height=info.height if info else None,
        probability=group.probabilities[index] if group.probabilities else None,
        tags=list(tags.get(name, ())),
        faces=list(found.faces),
        hands=list(found.hands),
    )


def _decision(entry: Entry[DecisionChange]) -> answers.Decision:
    return answers.Decision(
        final_index=entry.change.final_index,
        crop_coords=entry.change.crop_coords,
        crop_by_hand=entry.change.crop_by_hand,
        crop_source=entry.change.crop_source,
        timestamp=entry.event.at,
    )
