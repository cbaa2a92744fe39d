"""Read audits: sets drawn at random from a bulk approval, and decided with the suggestion hidden.

Their answers tell how often the suggestions that are approved unseen are wrong, model by model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from prefml.boxes import FULL_FRAME, nearly_same, read_box
from prefml.intervals import ShareSequence, share_bounds
from prefml.proposals.fields import as_list, as_mapping, index_of, read_share

__all__ = [
    "Audit",
    "AuditedError",
    "audited_error",
    "budget_of",
    "is_off",
    "is_wrong",
    "ranker_of",
    "read_audit",
]

# Share of wrong suggestions with bounds that hold at every look.
AuditedError: TypeAlias = ShareSequence

# The default of `prefml suggest --budget`.
BUDGET = 0.05


class Audit(NamedTuple):
    """Draw of a set from a bulk approval.

    Attributes
    ----------
    probability : float
        With which each set of the batch was drawn, in (0, 1].
    batch : str
        Names the bulk approval.
    """

    probability: float
    batch: str


def read_audit(decision: Mapping[str, object]) -> Audit | None:
    """Read the audit of a line of reviewed decisions.

    Parameters
    ----------
    decision : mapping
        A line of `approved_decisions.jsonl`.

    Returns
    -------
    Audit or None
        None for a set that was not drawn, and for one that was approved in bulk after all.
    """
    drawn = as_mapping(decision.get("audit"))
    probability = read_share(drawn.get("probability"))
    if not probability or as_mapping(decision.get("shown")).get("bulk") is True:
        return None
    return Audit(probability, str(drawn.get("batch") or ""))


def ranker_of(suggestion: Mapping[str, object]) -> str:
    """Return the hash of the ranker that made a suggestion; empty if it does not tell."""
    stamp = as_mapping(as_mapping(suggestion.get("model")).get("ranker"))
    return str(stamp.get("sha256") or "")


def budget_of(suggestion: Mapping[str, object]) -> float:
    """Return the error budget of a suggestion; 0.05 if it does not tell."""
    return read_share(suggestion.get("budget")) or BUDGET


def is_wrong(decision: Mapping[str, object], suggestion: Mapping[str, object]) -> bool | None:
    """Tell whether a suggestion that would have been approved unseen was wrong.

    It is if the person chose another picture, or rejected the whole set, or set a frame that the
    suggested one does not come close to (`prefml.boxes.nearly_same`).

    Parameters
    ----------
    decision : mapping
        What the person decided without having seen the suggestion.
    suggestion : mapping
        What would have been approved.

    Returns
    -------
    bool or None
        None where the line does not tell.
    """
    if decision.get("action") == "rejected":
        return True
    images = list(map(str, as_list(decision.get("images") or suggestion.get("images"))))
    chosen = as_mapping(suggestion.get("step1_selection")).get("chosen")
    suggested = 0 if len(images) == 1 else index_of(chosen, images)
    kept = index_of(decision.get("final_choice"), images)
    if kept is None or suggested is None:
        return None
    return kept != suggested or _is_crop_wrong(decision, as_mapping(suggestion.get("step2_crop")))


def _is_crop_wrong(decision: Mapping[str, object], crop: Mapping[str, object]) -> bool:
    """Tell whether the suggested frame would not do; a frame that nobody judged is not counted."""
    whole = crop.get("needs_crop") is False
    source = decision.get("crop_source")
    if not whole and crop.get("needs_crop") is not True:
        return False
    if decision.get("crop_by_hand") is True or source == "by_hand":
        return True
    own = decision.get("crop_coords")
    if source == "carried" or (own is None and source != "whole"):
        return False
    try:
        suggested = FULL_FRAME if whole else read_box(crop.get("crop_coords"))
        return not nearly_same([FULL_FRAME if own is None else read_box(own)], [suggested])[0]
    except ValueError:
        return False


def audited_error(
    decisions: Iterable[Mapping[str, object]], ranker: str | None = None
) -> AuditedError:
    """Bound the share of suggestions, among those approved unseen, that are wrong.

    Parameters
    ----------
    decisions : iterable of mapping
        Lines of reviewed decisions that carry their own `suggestion`; those that are no audits
        are passed over.
    ranker : str, optional
        Only suggestions of the ranker of this hash.

    Returns
    -------
    AuditedError
        In the order of their times.
    """
    wrong: list[tuple[str, int, bool]] = []
    for decision in decisions:
        suggestion = as_mapping(decision.get("suggestion"))
        if read_audit(decision) is None or ranker not in (None, ranker_of(suggestion)):
            continue
        found = is_wrong(decision, suggestion)
        if found is not None:
            wrong.append((str(decision.get("timestamp") or ""), len(wrong), found))
    return share_bounds([found for _, _, found in sorted(wrong)])


def is_off(error: AuditedError, budget: float) -> bool:
    """Tell whether batches are off: the error lies above the budget, beyond chance.

    Parameters
    ----------
    error : AuditedError
        Audited error of a ranker.
    budget : float
        Largest tolerated share of wrong suggestions.

    Returns
    -------
    bool
        It stays true: the lower bound never falls back.
    """
    return error.low > 0 and error.low >= budget - 1e-9
