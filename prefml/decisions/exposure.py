"""Tell of which reviewed decisions the person saw the suggestion before they decided.

What follows a suggestion that was on the screen is partly the model's own output (exposure bias).
Decisions made unseen are the ones that can judge between two models; so are those of earlier
programs' files, whose suggestions were not prefml's.
"""

from __future__ import annotations

from collections.abc import Mapping

from prefml.proposals import as_mapping
from prefml.proposals.audits import read_audit

__all__ = ["choice_exposed", "crop_exposed"]


def choice_exposed(decision: Mapping[str, object], suggestion: Mapping[str, object]) -> bool:
    """Tell whether the person saw which picture was suggested, and then chose.

    Parameters
    ----------
    decision : mapping
        A line of reviewed decisions. One that does not say what was shown counts as exposed.
    suggestion : mapping
        What was suggested.

    Returns
    -------
    bool
        False where nothing was suggested, or the suggestion was hidden, as in an audit, and not
        revealed before the decision.
    """
    if as_mapping(suggestion.get("step1_selection")).get("chosen") is None:
        return False
    shown = as_mapping(decision.get("shown"))
    hidden = shown.get("hidden") is True or _audited(decision)
    return not hidden or shown.get("revealed") is True


def crop_exposed(decision: Mapping[str, object], suggestion: Mapping[str, object]) -> bool:
    """Tell whether the person saw the suggested frame, and then decided on it.

    Parameters
    ----------
    decision : mapping
        A line of reviewed decisions. One that does not say what was shown counts as exposed.
    suggestion : mapping
        What was suggested.

    Returns
    -------
    bool
        False where nothing was said about the frame, or it was not drawn, as in an audit.
    """
    offered = as_mapping(suggestion.get("step2_crop")).get("needs_crop")
    visible = as_mapping(decision.get("shown")).get("crop_visible")
    return isinstance(offered, bool) and visible is not False and not _audited(decision)


def _audited(decision: Mapping[str, object]) -> bool:
    """Tell whether a set of an audit was asked about, whose page shows no suggestion."""
    return read_audit(decision) is not None
