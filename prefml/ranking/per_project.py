"""Fit a ranker for each project with choices enough, beside the one for all projects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone

from prefml._estimators import as_frame
from prefml._typing import Features, Floats, Labels
from prefml.ranking.per_project_inference import PerProjectInference, take_rows
from prefml.ranking.protocols import Ranker
from prefml.ranking.ranker import SetRanker
from prefml.ranking.validation import check_set_id
from prefml.sets import index_sets

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["PerProjectRanker", "ranker_of", "scores_by_project"]


class PerProjectRanker(PerProjectInference, BaseEstimator):
    """Ranker over all projects, and a further one for each project with choices enough.

    Its methods are those of `SetRanker`, with the further argument `groups`.

    Parameters
    ----------
    ranker : SetRanker, optional
        Cloned and fitted; `SetRanker()` by default.
    min_sets : int, default=100
        Sets a project needs for a ranker of its own.
    allow_missing_set_id : bool, default=False
        Treat all rows as one set when `set_id` is not given, instead of raising.

    Attributes
    ----------
    common_ : SetRanker
        The ranker over all projects, used for projects it has not seen.
    own_ : dict of str to SetRanker
        The rankers of single projects.
    """

    __metadata_request__fit = {  # noqa: RUF012
        "set_id": True, "groups": True, "calibration_weight": True, "cluster_id": True,
        "hashes": True,
    }  # fmt: skip

    def __init__(
        self,
        ranker: SetRanker | None = None,
        min_sets: int = 100,
        allow_missing_set_id: bool = False,
    ) -> None:
        self.ranker = ranker
        self.min_sets = min_sets
        self.allow_missing_set_id = allow_missing_set_id

    def __sklearn_tags__(self) -> Tags:
        """Declare that labels are needed and that NaN is allowed."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = True
        return tags

    def fit(
        self,
        X: Features,
        y: ArrayLike,
        set_id: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        calibration_weight: ArrayLike | None = None,
        cluster_id: ArrayLike | None = None,
        hashes: ArrayLike | None = None,
    ) -> PerProjectRanker:
        """Fit the common ranker and those of single projects.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features, NaN where missing.
        y : array-like of shape (n_rows,)
            Labels: 1 for the chosen row of a set and 0 for the others, or grades.
        set_id : array-like of shape (n_rows,)
            The set of each row.
        groups : array-like of shape (n_rows,), optional
            The project of each row; only the common ranker is fitted if not given.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row.
        calibration_weight, cluster_id, hashes : array-like of shape (n_rows,), optional
            As in `SetRanker.fit`.

        Returns
        -------
        PerProjectRanker

        Raises
        ------
        ValueError
            If `set_id` is missing (unless that was allowed), or a length is wrong.

        Warns
        -----
        UserWarning
            If fewer than three sets have labels that differ: scores then mean nothing for others.
        """
        X = as_frame(X)
        extras = (sample_weight, calibration_weight, cluster_id, hashes)
        columns = [None if one is None else np.asarray(one) for one in extras]
        self.common_ = _fit_with(self._unfitted(), X, y, set_id, groups, columns)
        self.own_ = {}
        if groups is None:
            return self
        labels, names = np.asarray(y), np.asarray(groups)
        keys = check_set_id(set_id, len(names), self.allow_missing_set_id)
        for name in dict.fromkeys(names.tolist()):
            rows = np.flatnonzero(names == name)
            if len(index_sets(keys[rows])) >= self.min_sets:
                own = [None if one is None else one[rows] for one in columns]
                self.own_[name] = _fit_with(
                    self._unfitted(), take_rows(X, rows), labels[rows], keys[rows], None, own
                )
        return self

    def _unfitted(self) -> SetRanker:
        ranker: SetRanker = SetRanker() if self.ranker is None else clone(self.ranker)
        if self.allow_missing_set_id:
            ranker.set_params(allow_missing_set_id=True)
        return ranker


def _fit_with(
    ranker: SetRanker,
    X: Features,
    y: ArrayLike,
    set_id: ArrayLike | None,
    groups: ArrayLike | None,
    columns: Sequence[Labels | None],
) -> SetRanker:
    """Fit with sample weights, calibration weights, clusters and hashes, each if not None."""
    sample_weight, calibration_weight, cluster_id, hashes = columns
    return ranker.fit(
        X,
        y,
        set_id,
        groups,
        sample_weight,
        calibration_weight=calibration_weight,
        cluster_id=cluster_id,
        hashes=hashes,
    )


def ranker_of(model: SetRanker | PerProjectRanker, project: str | None) -> SetRanker:
    """Return the ranker that predicts for pictures of one project.

    Parameters
    ----------
    model : SetRanker or PerProjectRanker
        A fitted model.
    project : str or None
        Its name; None where it is not known.

    Returns
    -------
    SetRanker
    """
    if not isinstance(model, PerProjectRanker):
        return model
    return model.common_ if project is None else model.own_.get(project, model.common_)


def scores_by_project(model: Ranker, X: Features, groups: ArrayLike) -> Floats:
    """Return the score of each row, by its project's own ranker if the model has one.

    Parameters
    ----------
    model : Ranker
        A fitted model.
    X : array-like of shape (n_rows, n_columns)
        Features.
    groups : array-like of shape (n_rows,)
        The project of each row.

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    if isinstance(model, PerProjectRanker):
        return model.predict(X, groups)
    return np.asarray(model.predict(X))
