"""What a ranker has to beat: the highest stage, chance, and plain models on raw embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from prefml._typing import Floats
from prefml.ranking.blocks import column_names, columns_starting_with
from prefml.ranking.pairwise import PairwiseLogistic
from prefml.ranking.ranker import SetRanker

__all__ = ["HighestStage", "LinearPairwise", "RandomRanker", "RawLambdaRank"]


class HighestStage(BaseEstimator):
    """Choose the highest stage; pictures without a stage tie at the bottom.

    Parameters
    ----------
    column : str, default="stage"
        The column that holds the stage.
    """

    __metadata_request__fit = {"set_id": True}  # noqa: RUF012

    def __init__(self, column: str = "stage") -> None:
        self.column = column

    def fit(self, X: Any, y: Any = None, set_id: Any = None) -> HighestStage:
        """Learn nothing.

        Parameters
        ----------
        X : DataFrame
            A table with the column.
        y, set_id : ignored

        Returns
        -------
        HighestStage

        Raises
        ------
        ValueError
            If the table has no such column.
        """
        if self.column not in column_names(X):
            raise ValueError(f"no column {self.column!r}; expected a table with the stage")
        self.fitted_ = True
        return self

    def predict(self, X: Any) -> Floats:
        """Return the stage of each row, -1 where there is none."""
        return np.asarray(np.nan_to_num(np.asarray(X[self.column], dtype=float), nan=-1.0))


class RandomRanker(BaseEstimator):
    """Score rows at random, the same row always the same.

    Parameters
    ----------
    random_state : int, default=0
        Seed.
    """

    __metadata_request__fit = {"set_id": True}  # noqa: RUF012

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, set_id: Any = None) -> RandomRanker:
        """Learn nothing."""
        self.fitted_ = True
        return self

    def predict(self, X: Any) -> Floats:
        """Return a random number for each row."""
        return np.random.default_rng(self.random_state).random(len(X))


class _ColumnSubsetRanker(BaseEstimator):
    """A model that sees only the columns with certain prefixes; think twice before adding here."""

    __metadata_request__fit = {"set_id": True}  # noqa: RUF012

    def __init__(
        self, prefixes: Sequence[str] = ("emb__",), random_state: int | None = None
    ) -> None:
        self.prefixes = prefixes
        self.random_state = random_state

    def _model(self) -> Any:
        raise NotImplementedError

    def fit(
        self, X: ArrayLike, y: ArrayLike, set_id: ArrayLike | None = None
    ) -> _ColumnSubsetRanker:
        """Fit on the chosen columns.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features; all columns are used if none has one of the prefixes.
        y, set_id : array-like of shape (n_rows,)
            Labels and sets.

        Returns
        -------
        object
            Itself.
        """
        self.chosen_ = columns_starting_with(column_names(X), self.prefixes)
        if not len(self.chosen_):
            self.chosen_ = np.arange(np.shape(X)[1])
        self.model_ = self._model().fit(self._part(X), y, set_id=set_id)
        return self

    def _part(self, X: Any) -> Floats:
        whole = X.to_numpy(dtype=float) if hasattr(X, "to_numpy") else np.asarray(X, float)
        return np.asarray(whole[:, self.chosen_])

    def predict(self, X: ArrayLike) -> Floats:
        """Return the score of each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        return np.asarray(self.model_.predict(self._part(X)))


class LinearPairwise(_ColumnSubsetRanker):
    """Logistic Bradley-Terry on the raw embedding.

    Parameters
    ----------
    prefixes : sequence of str, default=("emb__",)
        Prefixes of the columns to use.
    random_state : int, optional
        Not used; there for a common signature.
    """

    def _model(self) -> PairwiseLogistic:
        return PairwiseLogistic(prior_variance=0.01)


class RawLambdaRank(_ColumnSubsetRanker):
    """LightGBM LambdaRank on the raw embedding.

    Parameters
    ----------
    prefixes : sequence of str, default=("emb__",)
        Prefixes of the columns to use.
    random_state : int, optional
        Seed.
    """

    def _model(self) -> SetRanker:
        return SetRanker(random_state=self.random_state)
