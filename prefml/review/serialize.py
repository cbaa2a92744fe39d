"""A group as the page gets it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from prefml.review.events import DecisionChange
from prefml.review.groups import CropProposal, Group
from prefml.review.ledger import Entry
from prefml.review.thumbnails import ThumbnailCache

__all__ = ["serialize_group"]


def serialize_group(
    group: Group,
    thumbnails: ThumbnailCache,
    state: str,
    entry: Entry[DecisionChange] | None,
    tags: Mapping[str, list[str]],
) -> dict[str, Any]:
    """Return plain types: the group, what is suggested, and what was decided.

    Parameters
    ----------
    group : Group
        The group.
    thumbnails : ThumbnailCache
        Gives the pictures' ids and sizes.
    state : str
        Its state.
    entry : Entry or None
        The decision in force.
    tags : mapping
        Anomaly tags by image path.

    Returns
    -------
    dict
    """
    return {
        "group_id": group.group_id,
        "project": group.project,
        "state": state,
        "images": [_image(name, n, group, thumbnails, tags) for n, name in enumerate(group.images)],
        "suggested": group.chosen,
        "confidence": group.confidence,
        "none_probability": group.none_probability,
        "reasons": list(group.reasons),
        "flags": list(group.flags),
        "duplicates": list(group.duplicates),
        "within_budget": group.within_budget,
        "crop": _crop(group.crop),
        "decision": _decision(entry),
    }


def _image(
    name: str, index: int, group: Group, thumbnails: ThumbnailCache, tags: Mapping[str, list[str]]
) -> dict[str, Any]:
    info = thumbnails.info(name)
    return {
        "name": PurePath(name).name,
        "picture": f"/picture/{thumbnails.id_of(name)}",
        "version": info.version if info else None,
        "width": info.width if info else None,
        "height": info.height if info else None,
        "probability": group.probabilities[index] if group.probabilities else None,
        "tags": list(tags.get(name, ())),
    }


def _crop(crop: CropProposal) -> dict[str, Any]:
    return {
        "offered": crop.offered,
        "box": crop.box,
        "confidence": crop.confidence,
        "keep_probability": crop.keep_probability,
        "reason": crop.reason,
        "alternatives": [{"box": box, "probability": p} for box, p in crop.alternatives],
    }


def _decision(entry: Entry[DecisionChange] | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    names = ("final_index", "crop_coords", "crop_by_hand", "crop_source")
    return {**{name: getattr(entry.change, name) for name in names}, "timestamp": entry.event.at}
