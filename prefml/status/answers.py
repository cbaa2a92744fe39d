"""Read what the person answered to each suggestion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TypeAlias

from prefml.boxes import FULL_FRAME, Box, read_box, same_box
from prefml.decisions.evidence import Evidence, read_evidence
from prefml.proposals import as_mapping, index_of, read_share
from prefml.proposals.near_duplicates import is_near_duplicates

__all__ = ["Answer", "read_answers"]

Line: TypeAlias = Mapping[str, object]
_ACTIONS = ("approved", "overridden", "rejected")


@dataclass(frozen=True)
class Answer:
    """Answer of the person to one suggestion.

    Attributes
    ----------
    when : datetime
        In UTC; the beginning of time if it is not known.
    action : {"approved", "overridden", "rejected"}
        What the person did.
    images : int
        Pictures of the group.
    confidence : float or None
        The stated probability of the suggested picture; None where nothing was ranked.
    agreed : bool or None
        Whether the person's verdict on the set was the suggested one; None where nothing was
        ranked. A rejection agrees if "none is good" was thought likelier than not.
    crop_accepted : bool or None
        Whether the crop, or keeping the picture whole, was taken over unedited; None where it was
        not put to the test.
    cropped : bool
        Whether the kept picture is cropped.
    evidence : {"judged", "audited", "passed", "reasked"}
        Evidence about the choice, see `prefml.decisions.evidence.Standing`.
    reask_of : str
        The old set that was asked again; empty for a new one.
    final : str
        File name of the kept picture; empty if there is none.
    """

    when: datetime
    action: str
    images: int = 1
    confidence: float | None = None
    agreed: bool | None = None
    crop_accepted: bool | None = None
    cropped: bool = False
    evidence: Evidence = "judged"
    reask_of: str = ""
    final: str = ""

    @property
    def judged(self) -> bool:
        """Tell whether it shows how good a suggested choice was."""
        return self.agreed is not None and self.evidence in ("judged", "audited")

    @property
    def bulk(self) -> bool:
        """Tell whether it was approved together with others, which is no judgement of its own."""
        return self.evidence == "passed"


def read_answers(decided: Mapping[str, Line], suggestions: Mapping[str, Line]) -> list[Answer]:
    """Join reviewed decisions with what was suggested.

    Parameters
    ----------
    decided : mapping
        Reviewed decisions by `group_id`. One that carries its own `suggestion` is judged by it:
        that is what the person saw.
    suggestions : mapping
        Suggestions by `group_id`.

    Returns
    -------
    list of Answer
        The oldest first. Lines without a suggestion or without a decision are left out, and near
        duplicates, of which nothing was predicted.
    """
    found = []
    for group, row in decided.items():
        shown = row.get("suggestion") or suggestions.get(group)
        images = row.get("images") or suggestions.get(group, {}).get("images")
        if not isinstance(shown, dict) or is_near_duplicates(shown):
            continue
        if isinstance(images, list) and row.get("action") in _ACTIONS:
            found.append(_answer(row, shown, list(map(str, images))))
    return sorted(found, key=lambda answer: answer.when)


def _answer(row: Line, shown: Line, images: list[str]) -> Answer:
    first = as_mapping(shown.get("step1_selection"))
    suggested = index_of(first.get("chosen"), images)
    kept = _kept(row, suggested, images)
    as_suggested = kept is not None and kept == suggested
    confidence = read_share(first.get("confidence")) if len(images) > 1 else None
    standing = read_evidence(row, shown)
    # Where the crop was hidden, or nobody looked, taking it over was not put to the test.
    tested = standing.crop not in ("audited", "passed")
    agreed = as_suggested
    if row["action"] == "rejected":
        agreed = (read_share(shown.get("none_probability")) or 0.0) > 0.5
    return Answer(
        when=_time(row.get("timestamp")),
        action=str(row["action"]),
        images=len(images),
        confidence=confidence,
        agreed=None if confidence is None else agreed,
        crop_accepted=_crop_accepted(row, shown) if as_suggested and tested else None,
        cropped=_cropped(row.get("crop_coords")),
        evidence=standing.choice,
        reask_of=str(shown.get("reask_of") or row.get("reask_of") or ""),
        final="" if kept is None else PurePosixPath(images[kept]).name,
    )


def _kept(row: Line, suggested: int | None, images: list[str]) -> int | None:
    """Return the position of the kept picture; a silent approval kept the suggested one."""
    if row["action"] == "rejected":
        return None
    if row.get("final_choice") is None and (row["action"] == "approved" or len(images) == 1):
        return suggested if len(images) > 1 else 0
    return index_of(row.get("final_choice"), images)


def _crop_accepted(row: Line, shown: Line) -> bool | None:
    """Tell whether the frame was taken over as suggested; None where nothing was suggested."""
    crop = as_mapping(shown.get("step2_crop"))
    if not isinstance(crop.get("needs_crop"), bool):
        return None
    suggested = crop.get("crop_coords") if crop["needs_crop"] else None
    final = row.get("crop_coords", suggested if row["action"] == "approved" else None)
    if row.get("crop_by_hand"):
        return False
    try:
        return same_box(_frame(suggested), _frame(final))
    except ValueError:
        return None


def _cropped(coordinates: object) -> bool:
    try:
        return _frame(coordinates) != FULL_FRAME
    except ValueError:
        return False


def _frame(coordinates: object) -> Box:
    return FULL_FRAME if coordinates is None else read_box(coordinates)


def _time(value: object) -> datetime:
    try:
        when = datetime.fromisoformat(str(value))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return when if when.tzinfo else when.replace(tzinfo=UTC)
