"""Put accepted and rejected sets side by side, scored alike, and tell what was right of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from prefml._typing import Bools, Floats, Ints, Labels
from prefml.ranking.approval import HeldOutSets
from prefml.ranking.metrics import top1_by_set
from prefml.ranking.rejection import (
    CrossFittedRejections,
    RejectionModel,
    cross_fit_rejections,
    set_features,
)
from prefml.sets import Sets, index_sets

__all__ = ["Rows", "ScoredSets"]


class Rows(Protocol):
    """Pictures of sets, such as a `prefml.features.ChoiceTable`."""

    @property
    def X(self) -> pd.DataFrame:  # noqa: N802
        """Features of each picture."""

    @property
    def y(self) -> Labels:
        """1 for the chosen picture of a set, 0 for the others."""

    @property
    def set_id(self) -> Labels:
        """The set of each picture."""

    @property
    def project(self) -> Labels:
        """The project of each picture."""

    @property
    def inclusion(self) -> Floats:
        """Probability with which the picture's set was drawn from a bulk approval, else 1."""

    @property
    def cluster_id(self) -> Ints:
        """Cluster of the picture's set, from 0: sets of one are not independent."""


@dataclass(frozen=True)
class ScoredSets:
    """Accepted sets, then rejected ones, each scored by models that were fitted without them.

    Attributes
    ----------
    accepted, rejected : Rows
        Pictures of sets with a winner, and of sets that were rejected whole.
    accepted_scores, rejected_scores : ndarray of shape (n_rows,)
        Held-out scores of both.
    reviewed_ids : collection of str
        Accepted sets that could have been rejected; the others are in logs.
    """

    accepted: Rows
    rejected: Rows
    accepted_scores: Floats
    rejected_scores: Floats
    reviewed_ids: Collection[str]

    def column(self, name: str) -> Labels:
        """Return a column of both tables, one entry for each picture.

        Parameters
        ----------
        name : str
            An attribute of the tables.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        return np.concatenate([getattr(self.accepted, name), getattr(self.rejected, name)])

    def of_sets(self, name: str) -> Labels:
        """Return the first entry of a column in each set.

        Parameters
        ----------
        name : str
            An attribute of the tables.

        Returns
        -------
        ndarray of shape (n_sets,)
        """
        return self.column(name)[self.sets.order[self.sets.starts]]

    def best_rows(self, values: ArrayLike) -> Ints:
        """Return the picture of each set that has the highest value.

        Parameters
        ----------
        values : array-like of shape (n_rows,)
            A number for each picture.

        Returns
        -------
        ndarray of shape (n_sets,)
            Row numbers; the first of equals.
        """
        return self.sets.top_rows(np.asarray(values, float))

    @cached_property
    def sets(self) -> Sets:
        """Grouping of the pictures of both tables."""
        return index_sets(self.column("set_id"))

    @cached_property
    def inclusion(self) -> Floats:
        """Probability with which each set was drawn from a bulk approval, else 1."""
        return np.asarray(self.of_sets("inclusion"), np.float64)

    @cached_property
    def cluster_id(self) -> Ints:
        """Cluster of each accepted picture's set; -1 for rejected ones, which calibrate nothing."""
        others = np.full(len(self.rejected_scores), -1)
        return np.concatenate([self.accepted.cluster_id, others])

    @cached_property
    def scores(self) -> Floats:
        """Held-out score of each picture."""
        return np.concatenate([self.accepted_scores, self.rejected_scores])

    @cached_property
    def is_rejected(self) -> Bools:
        """Tell which sets were rejected, shape (n_sets,)."""
        count = len(index_sets(self.accepted.set_id))
        return np.arange(len(self.sets)) >= count

    @cached_property
    def is_reviewed(self) -> Bools:
        """Tell which sets were or could have been rejected, shape (n_sets,)."""
        names = self.of_sets("set_id").tolist()
        reviewed = [name in self.reviewed_ids for name in names]
        return np.asarray(self.is_rejected | np.array(reviewed, bool))

    @cached_property
    def features(self) -> Floats:
        """Description of each set, see `set_features`."""
        both = (
            (self.accepted, self.accepted_scores),
            (self.rejected, self.rejected_scores),
        )
        return np.vstack(
            [set_features(rows.X, scores, rows.set_id) for rows, scores in both if len(scores)]
        )

    @cached_property
    def cross_fitted(self) -> CrossFittedRejections:
        """Probabilities of rejection by models of reviewed sets of other projects.

        Sets of logs, which could not be rejected, are stated by the same models as reviewed ones:
        otherwise they would be told from them, and seem to be safe.
        """
        return cross_fit_rejections(
            self.features,
            self.is_rejected,
            self.of_sets("project"),
            1 / self.inclusion,
            self.is_reviewed,
        )

    def none_probability(self) -> Floats:
        """Return the probability that each set is rejected, as promises are made on it.

        Returns
        -------
        ndarray of shape (n_sets,)
            By models that have not seen the set. Where only the base rate is known it is that of
            all sets: it tells nothing of any of them, and the rates of single folds would seem to.
        """
        part = self.is_reviewed
        if not part.any():
            return self.cross_fitted.probability
        weight = 1 / self.inclusion[part]
        model = RejectionModel().fit_sets(self.features[part], self.is_rejected[part], weight)
        if not len(model.weights_):
            return model.predict_sets(self.features)
        return self.cross_fitted.probability

    def held_out(self, win_probability: Floats, scores: Floats | None = None) -> HeldOutSets:
        """Gather what was stated of each set, and what was right; crops are left aside.

        Parameters
        ----------
        win_probability : ndarray of shape (n_rows,)
            Probability of each picture, by calibrators that have not seen its set.
        scores : ndarray of shape (n_rows,), optional
            By which pictures are suggested; `scores` of this object by default.

        Returns
        -------
        HeldOutSets
        """
        order = self.scores if scores is None else scores
        hits = top1_by_set(self.column("y"), order, self.column("set_id"))
        rejected, nothing = self.is_rejected, np.ones(len(self.sets))
        return HeldOutSets(
            win=self.sets.reduce(np.maximum, win_probability),
            none=self.none_probability(),
            crop=nothing,
            chosen=np.where(rejected, 0.0, hits),
            rejected=rejected,
            cropped=nothing,
            project=self.of_sets("project"),
            reviewed=self.is_reviewed,
            inclusion=self.inclusion,
        )
