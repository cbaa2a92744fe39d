"""Protocols of the estimators that rank, so that any of them can take another's place."""

from __future__ import annotations

from typing import Protocol, Self, runtime_checkable

from numpy.typing import ArrayLike

from prefml._typing import Features, Floats

__all__ = ["CalibratedRanker", "Ranker"]


@runtime_checkable
class Ranker(Protocol):
    """Estimator that scores the rows of sets: all that cross-validation needs of it.

    `SetRanker`, `PerProjectRanker` and the baselines satisfy it.
    """

    def fit(self, X: Features, y: ArrayLike, *, set_id: ArrayLike) -> Self:
        """Fit on choices.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            One row a picture, NaN where something was not measured.
        y : array-like of shape (n_rows,)
            1 for the chosen row of a set and 0 for the others, or grades.
        set_id : array-like of shape (n_rows,)
            The set of each row.

        Returns
        -------
        Ranker
            Itself.
        """

    def predict(self, X: Features) -> Floats:
        """Return a score for each row, by itself.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features as in `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            The higher, the better; only comparable inside a set.
        """


@runtime_checkable
class CalibratedRanker(Ranker, Protocol):
    """Ranker that states probabilities and keeps its out-of-fold scores: a model to be stored.

    `SetRanker` and `PerProjectRanker` satisfy it once they are fitted.
    """

    def fit(
        self,
        X: Features,
        y: ArrayLike,
        *,
        set_id: ArrayLike,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Fit on choices.

        Parameters
        ----------
        X, y, set_id
            As in `Ranker.fit`.
        groups : array-like of shape (n_rows,), optional
            The project of each row, held out as a whole by the inner folds.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row.

        Returns
        -------
        CalibratedRanker
            Itself.
        """

    def win_probability(self, X: Features, set_id: ArrayLike | None = None) -> Floats:
        """Return the probability of each row to be the one chosen from its set.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features as in `fit`.
        set_id : array-like of shape (n_rows,)
            The set of each row; it must be given unless the ranker allows to leave it out.

        Returns
        -------
        ndarray of shape (n_rows,)
            Sums to 1 in each set.
        """

    @property
    def out_of_fold_(self) -> Floats | None:
        """Scores from the inner folds, in the order of the rows given to `fit`."""
