"""Baselines of ranking: the highest stage, chance, and simple models on raw embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from prefml._typing import Features, Floats
from prefml.ranking.blocks import column_names, columns_starting_with, to_floats
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

    def fit(self, X: Features, y: ArrayLike | None = None, set_id: ArrayLike | None = None) -> Self:
        """Check that there is a stage; there is nothing to fit.

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

    def predict(self, X: Features) -> Floats:
        """Return the stage of each row, -1 where there is none.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            A table with the column.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        at = column_names(X).index(self.column)
        stage = X.iloc[:, at] if isinstance(X, pd.DataFrame) else np.asarray(X)[:, at]
        return np.asarray(np.nan_to_num(np.asarray(stage, dtype=float), nan=-1.0))


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

    def fit(self, X: Features, y: ArrayLike | None = None, set_id: ArrayLike | None = None) -> Self:
        """Return itself; there is nothing to fit.

        Parameters
        ----------
        X, y, set_id : ignored

        Returns
        -------
        RandomRanker
        """
        self.fitted_ = True
        return self

    def predict(self, X: Features) -> Floats:
        """Return a random number for each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Only its length counts.

        Returns
        -------
        ndarray of shape (n_rows,)
            In [0, 1).
        """
        return np.random.default_rng(self.random_state).random((np.shape(X)[0],))


class _ColumnSubsetRanker(BaseEstimator):
    """Ranker that sees only the columns with certain prefixes."""

    __metadata_request__fit = {"set_id": True}  # noqa: RUF012

    def __init__(
        self, prefixes: Sequence[str] = ("emb__",), random_state: int | None = None
    ) -> None:
        self.prefixes = prefixes
        self.random_state = random_state

    def _fit_on_columns(
        self,
        model: PairwiseLogistic | SetRanker,
        X: Features,
        y: ArrayLike,
        set_id: ArrayLike | None,
    ) -> Self:
        self.chosen_ = columns_starting_with(column_names(X), self.prefixes)
        if not len(self.chosen_):
            self.chosen_ = np.arange(np.shape(X)[1])
        self.model_ = model.fit(to_floats(X)[:, self.chosen_], y, set_id=set_id)
        return self

    def predict(self, X: Features) -> Floats:
        """Return the score of each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features as in `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        return self.model_.predict(to_floats(X)[:, self.chosen_])


class LinearPairwise(_ColumnSubsetRanker):
    """Logistic Bradley-Terry on the raw embedding.

    Parameters
    ----------
    prefixes : sequence of str, default=("emb__",)
        Prefixes of the columns to use.
    random_state : int, optional
        Not used; there for a common signature.
    """

    def fit(self, X: Features, y: ArrayLike, set_id: ArrayLike | None = None) -> Self:
        """Fit on the columns with the prefixes.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features; all columns are used if none has one of the prefixes.
        y, set_id : array-like of shape (n_rows,)
            Labels and sets.

        Returns
        -------
        LinearPairwise
        """
        return self._fit_on_columns(PairwiseLogistic(prior_variance=0.01), X, y, set_id)


class RawLambdaRank(_ColumnSubsetRanker):
    """LightGBM LambdaRank on the raw embedding.

    Parameters
    ----------
    prefixes : sequence of str, default=("emb__",)
        Prefixes of the columns to use.
    random_state : int, optional
        Seed.
    """

    def fit(self, X: Features, y: ArrayLike, set_id: ArrayLike | None = None) -> Self:
        """Fit on the columns with the prefixes.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features; all columns are used if none has one of the prefixes.
        y, set_id : array-like of shape (n_rows,)
            Labels and sets.

        Returns
        -------
        RawLambdaRank
        """
        return self._fit_on_columns(SetRanker(random_state=self.random_state), X, y, set_id)
