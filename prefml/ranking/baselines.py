"""Baselines of ranking: the highest stage, chance, and simple models on raw embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from prefml._estimators import Seed, as_frame, check_features, draw_seed
from prefml._typing import Features, Floats
from prefml.ranking.blocks import column_names, columns_starting_with
from prefml.ranking.pairwise import PairwiseLogistic
from prefml.ranking.ranker import SetRanker
from prefml.ranking.scoring import RankerMixin

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["HighestStage", "LinearPairwise", "RandomRanker", "RawLambdaRank"]


class _Baseline(RankerMixin, BaseEstimator):
    """Ranker that allows NaN."""

    __metadata_request__fit = {"set_id": True}  # noqa: RUF012

    def __sklearn_tags__(self) -> Tags:
        """Declare that NaN is allowed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class HighestStage(_Baseline):
    """Choose the highest stage; pictures without a stage tie at the bottom.

    Parameters
    ----------
    column : str, default="stage"
        The column that holds the stage.
    allow_missing_set_id : bool, default=False
        Let `score` treat all rows as one set when `set_id` is not given, instead of raising.
    """

    def __init__(self, column: str = "stage", allow_missing_set_id: bool = False) -> None:
        self.column = column
        self.allow_missing_set_id = allow_missing_set_id

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
        X = as_frame(X)
        rows = validate_data(self, X, ensure_all_finite="allow-nan", dtype="numeric")
        names = list(getattr(self, "feature_names_in_", column_names(rows)))
        if self.column not in names:
            raise ValueError(f"no column {self.column!r}; expected a table with the stage")
        self.position_ = names.index(self.column)
        return self

    def predict(self, X: Features) -> Floats:
        """Return the stage of each row, -1 where there is none.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            A table as in `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        check_is_fitted(self)
        # A wide table of short floats is not copied for one of its columns.
        rows = validate_data(
            self, as_frame(X), reset=False, ensure_all_finite="allow-nan", dtype="numeric"
        )
        return np.asarray(np.nan_to_num(rows[:, self.position_].astype(float), nan=-1.0))


class RandomRanker(_Baseline):
    """Score rows at random, equal rows alike.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=0
        Seed.
    allow_missing_set_id : bool, default=False
        Let `score` treat all rows as one set when `set_id` is not given, instead of raising.

    Attributes
    ----------
    seed_ : int
        What the scores depend on, besides the rows.
    """

    def __init__(self, random_state: Seed = 0, allow_missing_set_id: bool = False) -> None:
        self.random_state = random_state
        self.allow_missing_set_id = allow_missing_set_id

    def fit(self, X: Features, y: ArrayLike | None = None, set_id: ArrayLike | None = None) -> Self:
        """Draw a seed.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Only its columns count.
        y, set_id : ignored

        Returns
        -------
        RandomRanker
        """
        validate_data(self, as_frame(X), ensure_all_finite="allow-nan", dtype="numeric")
        self.seed_ = draw_seed(self.random_state)
        return self

    def predict(self, X: Features) -> Floats:
        """Return a random number for each row: a hash of the seed and of what the row holds.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features as in `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            In [0, 1).
        """
        check_is_fitted(self)
        # Adding 0 turns -0, whose bits are others, into 0.
        rows = pd.DataFrame(check_features(self, X, None) + 0.0)
        rows.insert(0, "seed", self.seed_)
        hashed = pd.util.hash_pandas_object(rows, index=False).to_numpy(np.uint64)
        # The leading 53 bits, as many as a number in [0, 1) has.
        return np.asarray((hashed >> np.uint64(11)) / 2.0**53)


class _ColumnSubsetRanker(_Baseline):
    """Ranker that sees only the columns with certain prefixes."""

    def __init__(
        self,
        prefixes: Sequence[str] = ("emb__",),
        random_state: Seed = None,
        allow_missing_set_id: bool = False,
    ) -> None:
        self.prefixes = prefixes
        self.random_state = random_state
        self.allow_missing_set_id = allow_missing_set_id

    def __sklearn_tags__(self) -> Tags:
        """Declare that labels are needed."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def _fit_on_columns(
        self,
        model: PairwiseLogistic | SetRanker,
        X: Features,
        y: ArrayLike,
        set_id: ArrayLike | None,
    ) -> Self:
        rows, labels = validate_data(
            self, as_frame(X), y, ensure_all_finite="allow-nan", dtype=np.float64,
            ensure_min_samples=2,
        )  # fmt: skip
        names = list(getattr(self, "feature_names_in_", column_names(rows)))
        self.chosen_ = columns_starting_with(names, self.prefixes)
        if not len(self.chosen_):
            self.chosen_ = np.arange(len(names))
        self.model_ = model.fit(rows[:, self.chosen_], labels, set_id=set_id)
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
        check_is_fitted(self)
        return self.model_.predict(check_features(self, X, None)[:, self.chosen_])


class LinearPairwise(_ColumnSubsetRanker):
    """Logistic Bradley-Terry on the raw embedding.

    Parameters
    ----------
    prefixes : sequence of str, default=("emb__",)
        Prefixes of the columns to use.
    random_state : int, RandomState instance or None, default=None
        Not used; there for a common signature.
    allow_missing_set_id : bool, default=False
        Treat all rows as one set when `set_id` is not given, instead of raising.
    """

    def fit(self, X: Features, y: ArrayLike, set_id: ArrayLike | None = None) -> Self:
        """Fit on the columns with the prefixes.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features; all columns are used if none has one of the prefixes.
        y : array-like of shape (n_rows,)
            Labels.
        set_id : array-like of shape (n_rows,)
            The set of each row.

        Returns
        -------
        LinearPairwise

        Raises
        ------
        ValueError
            If `set_id` is missing (unless that was allowed), or its length is wrong.
        """
        model = PairwiseLogistic(
            prior_variance=0.01, allow_missing_set_id=self.allow_missing_set_id
        )
        return self._fit_on_columns(model, X, y, set_id)


class RawLambdaRank(_ColumnSubsetRanker):
    """LightGBM LambdaRank on the raw embedding.

    Parameters
    ----------
    prefixes : sequence of str, default=("emb__",)
        Prefixes of the columns to use.
    random_state : int, RandomState instance or None, default=None
        Seed.
    allow_missing_set_id : bool, default=False
        Treat all rows as one set when `set_id` is not given, instead of raising.
    """

    def fit(self, X: Features, y: ArrayLike, set_id: ArrayLike | None = None) -> Self:
        """Fit on the columns with the prefixes.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Features; all columns are used if none has one of the prefixes.
        y : array-like of shape (n_rows,)
            Labels.
        set_id : array-like of shape (n_rows,)
            The set of each row.

        Returns
        -------
        RawLambdaRank

        Raises
        ------
        ValueError
            If `set_id` is missing (unless that was allowed), or its length is wrong.
        """
        model = SetRanker(
            random_state=self.random_state, allow_missing_set_id=self.allow_missing_set_id
        )
        return self._fit_on_columns(model, X, y, set_id)
