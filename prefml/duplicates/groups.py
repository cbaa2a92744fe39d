"""Group pictures by connected components of near-duplicate pairs, inside each project."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from prefml._typing import Bits64, Floats, Floats32, Ints
from prefml.duplicates.hamming import iter_near_pairs

__all__ = ["MAX_DISTANCE", "MIN_COSINE", "cosines", "find_groups"]

MAX_DISTANCE = 8
MIN_COSINE = 0.95
# Pairs whose vectors are gathered at a time: 2 x 32 MB at 512 dimensions.
_CHUNK = 16384
_EDGES = 1 << 17


def find_groups(
    hashes: ArrayLike,
    embeddings: Floats32,
    project: ArrayLike,
    distance: int = MAX_DISTANCE,
    cosine: float = MIN_COSINE,
) -> list[Ints]:
    """Group near duplicates: connected components of pairs near in both hash and embedding.

    Parameters
    ----------
    hashes : array-like of shape (n,), uint64
        Perceptual hashes.
    embeddings : ndarray of shape (n, dim)
        The encoder's vectors, of any length; a zero vector is like nothing.
    project : array-like of shape (n,)
        Pictures of two projects are never compared.
    distance : int, default=8
        Largest Hamming distance of two hashes.
    cosine : float, default=0.95
        Least cosine of two vectors.

    Returns
    -------
    list of ndarray
        Row numbers of each group of two or more, ascending; groups by their first row.
    """
    values = np.asarray(hashes, dtype=np.uint64)
    codes = np.unique(np.asarray(project), return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=1))
    groups: list[Ints] = []
    for rows in np.split(order, ends[:-1]):
        groups += _groups_of(rows, values, embeddings, distance, cosine)
    return sorted(groups, key=lambda group: int(group[0]))


def _groups_of(
    rows: Ints, values: Bits64, embeddings: Floats32, distance: int, cosine: float
) -> list[Ints]:
    labels = np.arange(len(rows))
    for block in iter_near_pairs(values[rows], distance):
        labels = _merged(labels, block, rows, embeddings, cosine)
    order = np.argsort(labels, kind="stable")
    cuts = np.flatnonzero(np.diff(labels[order])) + 1
    return [np.sort(rows[part]) for part in np.split(order, cuts) if len(part) > 1]


def _merged(labels: Ints, pairs: Ints, rows: Ints, embeddings: Floats32, cosine: float) -> Ints:
    """Merge the groups that a block of pairs connects; pairs inside a group are skipped."""
    while True:
        pairs = pairs[labels[pairs[:, 0]] != labels[pairs[:, 1]]]
        if not len(pairs):
            return labels
        now, pairs = pairs[:_EDGES], pairs[_EDGES:]
        alike = now[cosines(embeddings, rows[now]) >= cosine]
        ends = labels[alike]
        graph = coo_array(
            (np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), (len(labels),) * 2
        )
        labels = connected_components(graph, directed=False)[1].astype(np.intp)[labels]


def cosines(embeddings: Floats32, pairs: Ints) -> Floats:
    """Return the cosine similarity of each pair of vectors.

    Parameters
    ----------
    embeddings : ndarray of shape (n, dim)
        The vectors.
    pairs : ndarray of shape (n_pairs, 2)
        Row numbers.

    Returns
    -------
    ndarray of shape (n_pairs,)
        -1 where a vector has no length.
    """
    result = np.full(len(pairs), -1.0)
    for start in range(0, len(pairs), _CHUNK):
        one, other = (embeddings[pairs[start : start + _CHUNK, side]] for side in (0, 1))
        lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        dots = np.einsum("ij,ij->i", one, other, dtype=np.float64)
        np.divide(dots, lengths, out=result[start : start + _CHUNK], where=lengths > 0)
    return result
