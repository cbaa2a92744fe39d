"""Tell which picture of a set a person kept, by marks that were made in another program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from prefml.decisions.imports.marked import MarkedPicture
from prefml.decisions.xmp.marks import Marks

__all__ = ["REASONS", "Verdict", "by_label", "verdict_of"]

REASONS: Mapping[str, str] = {
    "alone": "no other picture of its set",
    "unrated": "nothing in the set is picked or rated",
    "tie": "two pictures of the set are marked alike, as the best",
    "none_kept": "every picture of the set is rejected",
    "contradictory": "a picked picture is rejected too, or another is rated higher",
    "unreadable": "marks that cannot be read",
    "mixed_projects": "pictures of two projects in one set",
    "unknown_project": "its project is unknown; name it with --project",
    "turned_crop": "a crop at an angle",
    "other_crop": "another crop of the picture was logged before, and the first one counts",
    "unreadable_crop": "a crop that is no box",
    "no_picture": "a sidecar without its picture",
    "two_sidecars": "two sidecars that contradict one another",
    "virtual_copy": "a virtual copy of a picture",
    "no_name": "an entry without the path of a picture",
    "same_name": "another picture of the project has its name",
    "elsewhere": "in neither of the folders kept and rejected",
    "unreadable_picture": "named like a picture, and none that can be read",
    "unreadable_row": "a row that cannot be read",
}
"""Reason why something is no decision -> what it means."""


@dataclass(frozen=True)
class Verdict:
    """Decision of a set.

    Attributes
    ----------
    winner : int or None
        Position of the picture that was kept.
    reason : str
        Why there is none, of `REASONS`; empty if there is one.
    """

    winner: int | None
    reason: str = ""


def verdict_of(pictures: Sequence[MarkedPicture]) -> Verdict:
    """Tell which picture of a set was kept.

    Parameters
    ----------
    pictures : sequence of MarkedPicture
        The pictures of a set.

    Returns
    -------
    Verdict
        The only picked one, if none is rated higher; else the only one of the highest rating.
        Those that are rejected, or rated -1, are out.
    """
    if len(pictures) < 2:
        return Verdict(None, "alone")
    if any(one.problem for one in pictures):
        return Verdict(None, "unreadable")
    marks = [one.marks for one in pictures]
    if any(one.flag == "picked" and one.rating == -1 for one in marks):
        return Verdict(None, "contradictory")
    left = [at for at, one in enumerate(marks) if one.flag != "rejected" and one.rating != -1]
    if not left:
        return Verdict(None, "none_kept")
    best = max(marks[at].rating for at in left)
    picked = [at for at in left if marks[at].flag == "picked"]
    if picked:
        found = Verdict(picked[0]) if marks[picked[0]].rating == best else None
        return Verdict(None, "tie") if picked[1:] else found or Verdict(None, "contradictory")
    if best < 1:
        return Verdict(None, "unrated")
    rated = [at for at in left if marks[at].rating == best]
    return Verdict(None, "tie") if rated[1:] else Verdict(rated[0])


def by_label(marks: Marks, winner: str, loser: str) -> Marks:
    """Read a colour as a flag, where the configuration says what colours mean.

    Parameters
    ----------
    marks : Marks
        What was marked.
    winner, loser : str
        Labels of pictures that were kept and rejected; empty where a label means nothing.

    Returns
    -------
    Marks
        The same where a flag was set, or the label means nothing.
    """
    if marks.flag or not marks.label or marks.label not in (winner, loser):
        return marks
    return replace(marks, flag="picked" if marks.label == winner else "rejected")
