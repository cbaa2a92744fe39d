"""Build the design matrix that the linear scores and the trees see from the columns of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.utils import gen_batches

from prefml._typing import Floats, Ints
from prefml.ranking.blocks import (
    ROWS_AT_ONCE,
    BlockPCA,
    columns_starting_with,
    take_columns,
)
from prefml.ranking.novelty import NAMES, StepNovelty

__all__ = ["Design"]


class Design:
    """Compressed blocks and outlier scores of each row's step, fitted without any label.

    Parameters
    ----------
    compress : mapping of str to int, optional
        Prefix of a block of columns -> principal components.
    novelty : sequence of str, optional
        Prefixes of the columns that hold the step from a row's source.
    novelty_by : str, optional
        The column that holds the kind of step.
    random_state : int
        Seed.

    Attributes
    ----------
    columns_ : list of str
        Names of the design columns.
    step_columns_ : ndarray of int or None
        Columns that hold the step; None without novelty.
    kind_column_ : int or None
        Column that holds the kind of step.
    """

    def __init__(
        self,
        compress: Mapping[str, int] | None,
        novelty: Sequence[str] | None,
        novelty_by: str | None,
        random_state: int,
    ) -> None:
        self.blocks = BlockPCA(compress, random_state)
        self.novelty = StepNovelty(random_state) if novelty else None
        self.prefixes = tuple(novelty or ())
        self.by = novelty_by

    def fit(self, X: Floats, names: Sequence[str], order: Ints | None = None) -> Design:
        """Fit the components and the novelty of steps.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Columns, NaN where missing.
        names : sequence of str
            Their names.
        order : ndarray of shape (n_rows,), int, optional
            Rows are taken in this order, without a copy of them all.

        Returns
        -------
        Design
        """
        order = np.arange(len(X)) if order is None else order
        self.step_columns_ = columns_starting_with(names, self.prefixes) if self.prefixes else None
        self.kind_column_ = names.index(self.by) if self.by in names else None
        self.blocks.fit_checked(X, names, order)
        self.columns_ = [str(name) for name in self.blocks.get_feature_names_out()]
        if self.novelty is not None and self.step_columns_ is not None:
            steps = take_columns(X, self.step_columns_)[order]
            self.novelty.fit(steps, self._kind(X)[order])
            self.columns_ += NAMES
        return self

    def _kind(self, X: Floats) -> Floats:
        return np.full(len(X), np.nan) if self.kind_column_ is None else X[:, self.kind_column_]

    def transform(self, X: Floats, order: Ints | None = None) -> Floats:
        """Return the columns `columns_`.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Columns as in `fit`.
        order : ndarray of shape (n_rows,), int, optional
            Rows are returned in this order.

        Returns
        -------
        ndarray of shape (n_rows, n_columns_out)
        """
        order = np.arange(len(X)) if order is None else order
        result = np.empty((len(order), len(self.columns_)), dtype=X.dtype)
        novelty = None if self.step_columns_ is None else self.novelty
        width = len(self.columns_) - (0 if novelty is None else len(NAMES))
        for rows in gen_batches(len(order), ROWS_AT_ONCE):
            part = X[order[rows]]
            result[rows, :width] = self.blocks.transform_checked(part)
            if novelty is not None:
                steps = part[:, self.step_columns_]
                result[rows, width:] = novelty.transform(steps, self._kind(part))
        return result
