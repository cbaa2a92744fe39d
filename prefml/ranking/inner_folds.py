"""Keep the models of the inner folds, to score further sets as held-out ones were scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Floats, Ints, Labels
from prefml.ranking.boosted import BoostedScore
from prefml.ranking.nested_cv import ModelSelection
from prefml.sets import index_sets

__all__ = ["InnerFolds"]


@dataclass(frozen=True)
class InnerFolds:
    """Models of the inner folds, and which of them was fitted without which group.

    Attributes
    ----------
    models : sequence of BoostedScore
        One for each fold.
    scales : sequence of float
        Factor for the scores of each.
    fold_of : mapping
        Group -> the fold that held it out; empty where sets were held out and not groups.
    """

    models: Sequence[BoostedScore]
    scales: Sequence[float]
    fold_of: Mapping[object, int]

    @classmethod
    def of(cls, selection: ModelSelection, groups: Labels | None) -> InnerFolds:
        """Keep the models of a selection.

        Parameters
        ----------
        selection : ModelSelection
            After `select` and `fit`.
        groups : ndarray of shape (n_rows,) or None
            The group of each row of its table; None if each set was one by itself.

        Returns
        -------
        InnerFolds
        """
        fold_of: dict[object, int] = {}
        if groups is not None and len(np.unique(groups)) > 1:
            for fold, (_, test) in enumerate(selection.folds):
                fold_of |= dict.fromkeys(groups[test].tolist(), fold)
        return cls(selection.fold_models_, selection.fold_scales_, fold_of)

    def predict(self, X: Floats, set_id: Labels, groups: ArrayLike | None = None) -> Floats:
        """Score rows, each by a model that was fitted without its group.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Columns of the design.
        set_id : ndarray of shape (n_rows,)
            The set of each row: a set that belongs to no held-out group may be scored by any
            model, but by one only.
        groups : array-like of shape (n_rows,), optional
            The group of each row.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        folds = self._folds(set_id, groups)
        scores = np.zeros(len(X))
        for fold in np.unique(folds):
            rows = np.flatnonzero(folds == fold)
            scores[rows] = self.models[fold].predict(X[rows]) * self.scales[fold]
        return scores

    def _folds(self, set_id: Labels, groups: ArrayLike | None) -> Ints:
        dealt = index_sets(set_id).codes % len(self.models)
        if groups is None:
            return np.asarray(dealt)
        names = np.asarray(groups).tolist()
        pairs = zip(names, dealt.tolist(), strict=True)
        return np.array([self.fold_of.get(name, fold) for name, fold in pairs], np.intp)
