"""Compress blocks of like columns, such as an embedding, and leave the others as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.linalg import eigh
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted, validate_data

from prefml._estimators import Seed, as_frame, check_features
from prefml._typing import Features, Floats, Ints, Texts

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = [
    "FLOATS",
    "ROWS_AT_ONCE",
    "Block",
    "BlockPCA",
    "column_names",
    "columns_starting_with",
    "take_columns",
    "to_floats",
]

# Up to so many columns, the eigenvectors of their covariance are exact and found faster.
_MAX_COVARIANCE_COLUMNS = 1024
# Rows that are brought to double precision at a time.
ROWS_AT_ONCE = 4096
# What tables are read as; single precision, in which features are stored, is kept.
FLOATS = (np.float64, np.float32)


def column_names(X: Features) -> list[str]:
    """Return the names of a table's columns.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_columns)
        A frame, or an array without names.

    Returns
    -------
    list of str
        `x0`, `x1`, ... if it has none, or some are no text.
    """
    columns = getattr(X, "columns", None)
    if columns is not None and all(isinstance(name, str) for name in columns):
        return list(columns)
    shape = np.shape(X)
    return [f"x{i}" for i in range(shape[1] if len(shape) > 1 else 0)]


def to_floats(X: Features) -> Floats:
    """Return a table's numbers.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_columns)
        A frame or an array of numbers.

    Returns
    -------
    ndarray of shape (n_rows, n_columns)
    """
    return X.to_numpy(dtype=float) if isinstance(X, pd.DataFrame) else np.asarray(X, float)


def columns_starting_with(names: Sequence[str], prefixes: Sequence[str]) -> Ints:
    """Return the positions of the names that begin with one of the prefixes.

    Parameters
    ----------
    names : sequence of str
        Names of columns.
    prefixes : sequence of str
        "" begins every name.

    Returns
    -------
    ndarray of int
        In rising order.
    """
    found = [i for i, name in enumerate(names) if name.startswith(tuple(prefixes))]
    return np.asarray(found, dtype=np.intp)


def take_columns(X: Floats, columns: Ints) -> Floats:
    """Return some columns, without copying them where they lie side by side.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        A table.
    columns : ndarray of shape (n_taken,), int
        Positions in rising order.

    Returns
    -------
    ndarray of shape (n_rows, n_taken)
        A view of `X` where the columns lie side by side.
    """
    if len(columns) and columns[-1] - columns[0] + 1 == len(columns):
        return X[:, columns[0] : columns[-1] + 1]
    return X[:, columns]


class Block(NamedTuple):
    """Principal components of a block of columns.

    Attributes
    ----------
    prefix : str
        Of the names of its columns.
    columns : ndarray of shape (n_columns,), int
        Their positions.
    centre : ndarray of shape (n_columns,)
        Means, which also stand in for missing values.
    components : ndarray of shape (n_components, n_columns)
        Directions, the leading ones first.
    """

    prefix: str
    columns: Ints
    centre: Floats
    components: Floats


def _leading_directions(block: Floats, order: Ints, centre: Floats, size: int) -> Floats:
    """Return the eigenvectors of the covariance, which is summed up over parts of the rows."""
    covariance = np.zeros((block.shape[1], block.shape[1]))
    for rows in gen_batches(len(order), ROWS_AT_ONCE):
        centred = block[order[rows]] - centre
        centred[np.isnan(centred)] = 0.0
        covariance += centred.T @ centred
    last = len(covariance) - 1
    _, vectors = eigh(covariance, subset_by_index=(last - size + 1, last))
    components = vectors.T[::-1]
    # The signs of eigenvectors are arbitrary; the largest entry is positive, as in scikit-learn.
    largest = np.abs(components).argmax(axis=1)
    return np.asarray(components * np.sign(components[np.arange(size), largest])[:, None])


class BlockPCA(TransformerMixin, BaseEstimator):
    """Replace each block of columns by its leading principal components.

    Parameters
    ----------
    compress : mapping of str to int, optional
        Prefix of a block's column names -> number of components. A block of no more columns than
        that, and every column of no block, passes through unchanged.
    random_state : int, RandomState instance or None, default=0
        Seed of the randomised solver, which wide blocks need.

    Attributes
    ----------
    blocks_ : list of Block
        The blocks that are compressed.
    kept_ : ndarray of int
        Columns that pass through.
    feature_names_out_ : ndarray of str
        Names after compression: kept columns first, then `<prefix>pc00`, `<prefix>pc01`, ...
    """

    def __init__(self, compress: Mapping[str, int] | None = None, random_state: Seed = 0) -> None:
        self.compress = compress
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        """Declare that NaN is allowed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Features, y: ArrayLike | None = None) -> BlockPCA:
        """Fit the principal components of each block.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Columns, NaN where missing.
        y : ignored

        Returns
        -------
        BlockPCA
        """
        rows = validate_data(self, as_frame(X), ensure_all_finite="allow-nan", dtype=FLOATS)
        return self.fit_checked(rows, list(getattr(self, "feature_names_in_", column_names(rows))))

    def fit_checked(
        self, rows: Floats, names: Sequence[str], order: Ints | None = None
    ) -> BlockPCA:
        """Fit on an array that is known to be sound; see `fit`.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_columns)
            NaN where missing.
        names : sequence of str
            Names of the columns.
        order : ndarray of shape (n_rows,), int, optional
            Rows are taken in this order, which decides how sums are rounded.

        Returns
        -------
        BlockPCA
        """
        order = np.arange(len(rows)) if order is None else order
        self.n_features_in_ = rows.shape[1]
        self.blocks_: list[Block] = []
        for prefix, size in (self.compress or {}).items():
            columns = columns_starting_with(names, [prefix])
            if size < min(len(columns), len(rows)):
                centre, components = self._components(take_columns(rows, columns), order, size)
                self.blocks_.append(Block(prefix, columns, centre, components))
        taken = {int(i) for block in self.blocks_ for i in block.columns}
        self.kept_ = np.array([i for i in range(rows.shape[1]) if i not in taken], dtype=np.intp)
        out = [names[i] for i in self.kept_]
        for block in self.blocks_:
            out += [f"{block.prefix}pc{i:02d}" for i in range(len(block.components))]
        self.feature_names_out_ = np.array(out, dtype=object)
        return self

    def _components(self, block: Floats, order: Ints, size: int) -> tuple[Floats, Floats]:
        known, total = np.zeros((2, block.shape[1]))
        for rows in gen_batches(len(order), ROWS_AT_ONCE):
            part = block[order[rows]]
            missing = np.isnan(part)
            known += (~missing).sum(axis=0)
            total += np.add.reduce(part, axis=0, where=~missing, dtype=np.float64)
        centre = total / np.maximum(known, 1)
        if len(block) < block.shape[1] or block.shape[1] > _MAX_COVARIANCE_COLUMNS:
            solver = PCA(size, svd_solver="randomized", random_state=self.random_state)
            filled = np.where(np.isnan(block), centre, block)[order]
            return centre, solver.fit(filled).components_
        return centre, _leading_directions(block, order, centre, size)

    def transform(self, X: Features) -> Floats:
        """Return the compressed columns.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of shape (n_rows, n_columns_out)
        """
        check_is_fitted(self)
        return np.array(self.transform_checked(check_features(self, X, None)))

    def transform_checked(self, X: Floats) -> Floats:
        """Compress an array that is known to be sound; see `transform`.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of shape (n_rows, n_columns_out)
            `X` itself where nothing is compressed.
        """
        if not self.blocks_:
            return X
        width = len(self.kept_) + sum(len(block.components) for block in self.blocks_)
        result = np.empty((len(X), width), dtype=X.dtype)
        for rows in gen_batches(len(X), ROWS_AT_ONCE):
            result[rows] = self._compress(X[rows])
        return result

    def _compress(self, X: Floats) -> Floats:
        parts = [X[:, self.kept_]]
        for _, columns, centre, components in self.blocks_:
            block = take_columns(X, columns).astype(np.float64)
            missing = np.isnan(block)
            if missing.any():
                block = np.where(missing, centre, block)
            parts.append(block @ components.T - components @ centre)
        return np.hstack(parts)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Texts:
        """Return the names of the columns that `transform` gives.

        Parameters
        ----------
        input_features : ignored

        Returns
        -------
        ndarray of str
        """
        check_is_fitted(self)
        return np.asarray(self.feature_names_out_)
