"""Tell which evidence a reviewed decision is, such as judged, audited, passed or re-asked.

Everything that learns from decisions, counts them or measures by them asks here, so that no two
readers disagree on what the person has looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias, get_args

from prefml.decisions.exposure import choice_exposed, crop_exposed
from prefml.proposals import as_mapping
from prefml.proposals.audits import read_audit
from prefml.proposals.near_duplicates import is_near_duplicates

__all__ = ["EVIDENCE", "Evidence", "Standing", "read_evidence"]

Evidence: TypeAlias = Literal["judged", "audited", "passed", "carried", "reasked", "duplicates"]
EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)

# Crop sources of boxes that the person has not looked at on this picture.
_CARRIED = ("by_hand", "carried")


class Standing(NamedTuple):
    """Evidence that a decision gives about the choice and about the crop.

    Attributes
    ----------
    choice : {"judged", "audited", "passed", "reasked", "duplicates"}
        `judged`: the person looked at this set and decided. `audited`: drawn at random from a
        bulk approval and decided with the suggestion hidden. `passed`: approved in bulk, unseen;
        it is a label of nothing. `reasked`: an old set asked once more, to see how steady the
        answers are; the first answer is the label. `duplicates`: which of near duplicates to keep,
        pictures of several sets, and as alike as noise; no label.
    crop : {"judged", "audited", "passed", "carried", "reasked", "duplicates"}
        The same for the frame; `carried`: taken over from another picture, left to be cropped by
        hand, or accepted while the crop was not drawn.
    inclusion : float
        Probability with which an audited set was drawn, in (0, 1]; 1 for all others. Weighted by
        its inverse, audited sets stand for those that were approved with them.
    choice_exposed, crop_exposed : bool
        Whether what was suggested was on the screen before the person decided.

    References
    ----------
    D. G. Horvitz, D. J. Thompson, "A generalization of sampling without replacement from a finite
    universe", Journal of the American Statistical Association 47, 1952.
    """

    choice: Evidence
    crop: Evidence
    inclusion: float = 1.0
    choice_exposed: bool = False
    crop_exposed: bool = False

    @property
    def labels(self) -> bool:
        """Tell whether the choice is a label to learn from and to measure by."""
        return self.choice in ("judged", "audited")

    @property
    def labels_crop(self) -> bool:
        """Tell whether the crop is one."""
        return self.crop in ("judged", "audited")


def read_evidence(
    decision: Mapping[str, object], suggestion: Mapping[str, object] | None = None
) -> Standing:
    """Read the evidence of a line of reviewed decisions.

    Parameters
    ----------
    decision : mapping
        A line of `approved_decisions.jsonl`. Fields that are absent, as in older files, or of
        another type say nothing: the set counts as judged.
    suggestion : mapping, optional
        What was shown, as far as the line does not carry it.

    Returns
    -------
    Standing
    """
    shown = as_mapping(decision.get("shown"))
    asked = as_mapping(suggestion)
    if is_near_duplicates(decision) or is_near_duplicates(asked):
        return Standing("duplicates", "duplicates")
    if decision.get("reask_of") or asked.get("reask_of"):
        return Standing("reasked", "reasked")
    if shown.get("bulk") is True:
        return Standing("passed", "passed")
    audit = read_audit(decision)
    choice: Evidence = "audited" if audit else "judged"
    source = decision.get("crop_source")
    unseen = source == "suggested" and shown.get("crop_visible") is False
    is_carried = unseen or source in _CARRIED or decision.get("crop_by_hand") is True
    crop = "carried" if is_carried else choice
    exposed = choice_exposed(decision, asked), crop_exposed(decision, asked)
    return Standing(choice, crop, audit.probability if audit else 1.0, *exposed)
