"""Read a feature table: maps, boxes and positions by the names of their columns, and the rest.

Columns are known by their names, so that the regressor finds them in any table:

- `NAME_grid_RC` or `NAME_RC`, all 49 of R and C in 0..6: a map of where NAME lies;
- `NAME_x1`, `_y1`, `_x2`, `_y2`: a box round something, NaN where there is none;
- `head_x1` and on, and `point_NAME_x`, `point_NAME_y`: head and points of the main person;
- `NAME_x05`, `_y05`, `_x95`, `_y95`, `_x50`, `_y50`: extent and middle of something;
- `emb__0000` and on: the embedding;
- of the other cues (`cue__NAME`) those that end in `_mass`, `_share`, `_count` or `_confidence`, or
  concern a border;
- every column that is no cue, such as stage and aspect, but not the number of pixels.

A place that is known in fewer than one in fifty pictures of the training table is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from prefml._typing import Bools, Floats, Ints

__all__ = ["CELLS", "FeatureReader", "PictureFeatures"]

CELLS = 7
_GRID = tuple(f"_{row}{column}" for row, column in product(range(CELLS), repeat=2))
_CORNERS = ("_x1", "_y1", "_x2", "_y2")
_EXTENT = ("_x05", "_y05", "_x95", "_y95")
_MIDDLE = ("_x50", "_y50")
_EMBEDDING = re.compile(r"^emb_+\d+$")
_PLACE = re.compile(r"_(x|y|spread_x|spread_y|[xy]\d\d?)$")
# The number of pixels tells one project from another, not where the subject is.
_SIZE = re.compile(r"(^|_)(width|height|megapixels)$")
# Of the cues without a place, those that say how much of something there is; the tones and textures
# of a picture, a hundred columns, say little of where to cut it.
_CUE = re.compile(r"^cue_+")
_QUANTITY = re.compile(r"_(mass|share|count|confidence)$|_border_")
_POINT, _POINT_AXES = re.compile(r"^(cue_+)?point_.*_[xy]$"), ("_x", "_y")
_HEAD = re.compile(r"^(cue_+)?head_[xy][12]$")
_KNOWN = 0.02
# Points may lie so far beyond the picture.
_BEYOND = 1.0
_MAX_UNCOMPRESSED = 32
_MAX_VALUE = 1e9


@dataclass(frozen=True)
class PictureFeatures:
    """Features of pictures, in the form from which the features of windows are computed.

    Attributes
    ----------
    maps : ndarray of shape (n, maps, 49)
        Share of each map in each cell of a 7 x 7 grid.
    boxes : ndarray of shape (n, boxes, 4)
        Boxes round things, in fractions; NaN where there is none.
    extents : ndarray of shape (n, extents, 4)
        x05, y05, x95, y95 of things, in fractions.
    middles : ndarray of shape (n, middles, 2)
        x50, y50 of things, in fractions.
    scalars : ndarray of shape (n, scalars)
        The picture as a whole, the compressed embedding included.
    heads : ndarray of shape (n, 0 or 1, 4)
        Box of the main person's head, in fractions; NaN where there is nobody.
    points : ndarray of shape (n, points, 2)
        x and y of points of the main person, in fractions, also beyond the picture; NaN where they
        are not known.
    """

    maps: Floats
    boxes: Floats
    extents: Floats
    middles: Floats
    scalars: Floats
    heads: Floats
    points: Floats

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.scalars)

    def __getitem__(self, index: Ints | slice) -> PictureFeatures:
        """Return the pictures at some positions."""
        return PictureFeatures(*(part[index] for part in self._parts))

    def with_box(self, box: Floats) -> PictureFeatures:
        """Return the pictures with one box more in each.

        Parameters
        ----------
        box : ndarray of shape (n, 4)
            In fractions; NaN where there is none.

        Returns
        -------
        PictureFeatures
        """
        return replace(self, boxes=np.concatenate([self.boxes, box[:, None]], axis=1))

    def distinct(self) -> tuple[PictureFeatures, Ints]:
        """Return the pictures that differ in a feature, and which of them each picture equals.

        Returns
        -------
        different : PictureFeatures
            The pictures that differ.
        which : ndarray of shape (n,), int
            Position in `different` of each picture.
        """
        table = np.hstack([part.reshape(len(self), -1) for part in self._parts])
        # Compared byte by byte, so that NaN equals NaN.
        table = np.ascontiguousarray(np.hstack([table, np.zeros((len(self), 1))]))
        rows = table.view(np.dtype((np.void, table.itemsize * table.shape[1]))).ravel()
        _, first, which = np.unique(rows, return_index=True, return_inverse=True)
        return self[first], which

    @property
    def _parts(self) -> tuple[Floats, ...]:
        return (
            self.maps, self.boxes, self.extents, self.middles, self.scalars, self.heads, self.points
        )  # fmt: skip


@dataclass(frozen=True)
class FeatureReader:
    """Positions of the columns by what they hold, and the embedding's principal components.

    Build one with `FeatureReader.fit`.

    Attributes
    ----------
    maps : ndarray of shape (n_maps, 49), int
        Columns of the cells of each map.
    boxes, extents : ndarray of shape (n_boxes, 4), int
        Columns of the edges of each box and extent.
    middles : ndarray of shape (n_middles, 2), int
        Columns of each middle.
    scalars, embedding : ndarray of int
        Columns that describe the picture as a whole, and those of its embedding.
    mean : ndarray of shape (n_embedding,)
        Subtracted from the embedding.
    directions : ndarray of shape (n_components, n_embedding)
        Principal components of the embedding.
    heads : ndarray of shape (0 or 1, 4), int
        Columns of the head of the main person.
    points : ndarray of shape (n_points, 2), int
        Columns of each point of the main person.
    """

    maps: Ints
    boxes: Ints
    extents: Ints
    middles: Ints
    scalars: Ints
    embedding: Ints
    mean: Floats
    directions: Floats
    heads: Ints = field(default_factory=lambda: np.zeros((0, 4), np.intp))
    points: Ints = field(default_factory=lambda: np.zeros((0, 2), np.intp))

    @classmethod
    def fit(cls, X: Floats, names: Sequence[str] | None, n_components: int) -> FeatureReader:
        """Find the columns and the embedding's principal components.

        Parameters
        ----------
        X : ndarray of shape (n, n_features)
            The training table.
        names : sequence of str or None
            Column names; without them every column describes the picture as a whole, and more
            than 32 are compressed like an embedding.
        n_components : int
            Principal components kept of an embedding.

        Returns
        -------
        FeatureReader
        """
        column_of = {name: column for column, name in enumerate([] if names is None else names)}
        embedding = [column for name, column in column_of.items() if _EMBEDDING.match(name)]
        if names is None and X.shape[1] > _MAX_UNCOMPRESSED:
            embedding = list(range(X.shape[1]))
        heads = _suffix_groups(_matching(column_of, _HEAD), _CORNERS)
        points = _suffix_groups(_matching(column_of, _POINT), _POINT_AXES)
        grids = _suffix_groups(column_of, _GRID)
        boxes = [one for one in _suffix_groups(column_of, _CORNERS) if one not in heads]
        extents, middles = _suffix_groups(column_of, _EXTENT), _suffix_groups(column_of, _MIDDLE)
        used = {*embedding, *np.ravel(grids), *np.ravel(boxes), *np.ravel(heads)}
        used |= {*_matching(column_of, _PLACE).values(), *_matching(column_of, _SIZE).values()}
        cues = _matching(column_of, _CUE)
        used |= {*cues.values()} - {*_matching(cues, _QUANTITY).values()}
        scalars = [column for column in range(X.shape[1]) if column not in used]
        mean, directions = _principal_components(X[:, embedding], n_components)
        known: Bools = np.asarray(np.isfinite(X).sum(axis=0) >= _KNOWN * len(X))
        grids, boxes, heads, points = (
            [columns for columns in group if known[columns].all()]
            for group in (grids, boxes, heads, points)
        )
        return cls(
            _as_index(grids, CELLS**2),
            _as_index(boxes, 4),
            _as_index(extents, 4),
            _as_index(middles, 2),
            np.array(scalars, np.intp),
            np.array(embedding, np.intp),
            mean,
            directions,
            _as_index(heads, 4),
            _as_index(points, 2),
        )

    def read(self, X: Floats) -> PictureFeatures:
        """Read a table with the same columns.

        Parameters
        ----------
        X : ndarray of shape (n, n_features)
            NaN where something was not measured.

        Returns
        -------
        PictureFeatures
        """
        within = np.clip(X, -_MAX_VALUE, _MAX_VALUE)
        centred = np.nan_to_num(within[:, self.embedding] - self.mean)
        # Without BLAS, and rounded, a row's numbers do not depend on the rows beside it.
        compressed = np.round(np.einsum("nd,cd->nc", centred, self.directions), 6)
        scalars = np.hstack([within[:, self.scalars], compressed])
        maps = np.nan_to_num(np.clip(X[:, self.maps], 0.0, 1.0))
        boxes, extents, middles = (
            np.clip(X[:, columns], 0.0, 1.0) for columns in (self.boxes, self.extents, self.middles)
        )
        heads = np.clip(X[:, self.heads], 0.0, 1.0)
        points = np.clip(X[:, self.points], -_BEYOND, 1.0 + _BEYOND)
        return PictureFeatures(maps, boxes, extents, middles, scalars, heads, points)


def _matching(column_of: Mapping[str, int], pattern: re.Pattern[str]) -> dict[str, int]:
    return {name: column for name, column in column_of.items() if pattern.search(name)}


def _suffix_groups(column_of: Mapping[str, int], suffixes: Sequence[str]) -> list[list[int]]:
    """Return the columns of every stem that occurs with all suffixes, in their order."""
    stems = [name.removesuffix(suffixes[0]) for name in column_of if name.endswith(suffixes[0])]
    return [
        [column_of[stem + suffix] for suffix in suffixes]
        for stem in stems
        if all(stem + suffix in column_of for suffix in suffixes)
    ]


def _as_index(columns: list[list[int]], width: int) -> Ints:
    return np.array(columns, np.intp).reshape(-1, width)


def _principal_components(block: Floats, n_components: int) -> tuple[Floats, Floats]:
    filled = np.nan_to_num(np.clip(block, -_MAX_VALUE, _MAX_VALUE))
    mean = filled.mean(axis=0)
    count = min(n_components, *block.shape)
    if count == 0:
        return mean, np.zeros((0, block.shape[1]))
    _, _, directions = np.linalg.svd(filled - mean, full_matrices=False)
    # The sign of a component is arbitrary: fix it, so that a fit can be repeated elsewhere.
    signs = np.sign(directions[np.arange(count), np.abs(directions[:count]).argmax(axis=1)])
    return mean, directions[:count] * np.where(signs == 0.0, 1.0, signs)[:, None]
