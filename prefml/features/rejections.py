"""Find the sets that a person reviewed, and could have rejected, among the decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from prefml._typing import Bools, Floats, Texts, Times
from prefml.decisions import Decisions
from prefml.features.tables import ChoiceTable, choice_table
from prefml.sidecars.store import Sidecars

__all__ = ["RejectionTable", "rejected_sets", "reviewed_sets"]

# Logs of selections hold no rejections.
_LOG = ".csv"


@dataclass(frozen=True)
class RejectionTable:
    """Reviewed sets; entry i of every attribute is the same set.

    Attributes
    ----------
    features : ndarray of shape (n_sets, n_features)
        Description of each set, see `prefml.ranking.rejection.set_features`.
    rejected : ndarray of bool, of shape (n_sets,)
        Whether it was rejected whole.
    set_id, project : ndarray of shape (n_sets,)
        The set and its project.
    timestamp : ndarray of shape (n_sets,), datetime64
        When it was decided, UTC; NaT where unknown.
    weight : ndarray of shape (n_sets,)
        Inverse of the probability with which an audited set was drawn; 1 for all others.
    exposure : None
        No suggestion says that a set is to be rejected, so that none is followed.
    left_out : mapping of str to int
        Reason -> rejected sets that are not in the table.
    names : sequence of str
        Names of the features.
    """

    features: Floats
    rejected: Bools
    set_id: Texts
    project: Texts
    timestamp: Times
    weight: Floats
    exposure: Texts | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    names: Sequence[str] = ()

    def __len__(self) -> int:
        """Return the number of sets."""
        return len(self.rejected)


def reviewed_sets(decisions: Decisions) -> frozenset[str]:
    """Return the accepted sets that could have been rejected: those that are in no log.

    Parameters
    ----------
    decisions : Decisions
        All decisions.

    Returns
    -------
    frozenset of str
        Their `set_id`.
    """
    items = decisions.items
    logged = items["source"].str.lower().str.endswith(_LOG)
    return frozenset(items.loc[~logged.astype(bool), "set_id"])


def rejected_sets(decisions: Decisions, sidecars: Sidecars) -> ChoiceTable:
    """Join the rejected sets with the sidecar rows of their pictures.

    Parameters
    ----------
    decisions : Decisions
        All decisions.
    sidecars : Sidecars
        Embeddings, hashes and cues.

    Returns
    -------
    ChoiceTable
        Whole sets of two pictures or more, in which nothing was chosen.
    """
    rows = decisions.rejections
    size = rows.groupby("set_id")["filename"].transform("size").astype(int)
    several = rows[(size > 1).to_numpy(bool)].reset_index(drop=True)
    return choice_table(several.assign(chosen=False, corrected=False), sidecars)
