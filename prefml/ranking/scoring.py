"""Score rankers by top-1, as scikit-learn's searches and pipelines ask for it."""

from __future__ import annotations

from abc import abstractmethod

from numpy.typing import ArrayLike

from prefml._typing import Features, Floats
from prefml.ranking.metrics import top1
from prefml.ranking.validation import check_sample_weight, check_set_id

__all__ = ["RankerMixin"]


class RankerMixin:
    """Give a ranker the method `score`, as `RegressorMixin` does for regressors.

    Attributes
    ----------
    allow_missing_set_id : bool
        Treat all rows as one set when `set_id` is not given, instead of raising.
    """

    __metadata_request__score = {"set_id": True}  # noqa: RUF012

    allow_missing_set_id: bool

    @abstractmethod
    def predict(self, X: Features) -> Floats:
        """Return a score for each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features.

        Returns
        -------
        ndarray of shape (n_rows,)
        """

    def score(
        self,
        X: Features,
        y: ArrayLike,
        set_id: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Return top-1: the share of sets in which the highest score is the winner's.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features.
        y : array-like of shape (n_rows,)
            Labels.
        set_id : array-like of shape (n_rows,)
            The set of each row.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row; a set counts by the mean of its rows'.

        Returns
        -------
        float
            NaN if no set has a choice.

        Raises
        ------
        ValueError
            If `set_id` is missing (unless that was allowed), or a length is wrong.
        """
        scores = self.predict(X)
        keys = check_set_id(set_id, len(scores), self.allow_missing_set_id)
        return top1(y, scores, keys, check_sample_weight(sample_weight, scores))
