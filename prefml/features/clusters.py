"""Connect sets that are not independent: those that share pictures or near duplicates."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from prefml._typing import Floats32, Ints, Labels, Texts
from prefml.duplicates import find_groups, read_hashes
from prefml.sets import index_sets

__all__ = ["connect_sets"]


def connect_sets(
    set_id: Labels, project: Labels, filename: Labels, hashes: Texts, embeddings: Floats32
) -> Ints:
    """Return the cluster of each row's set: a connected component of sets.

    Two sets are connected where both hold one picture, or pictures of one project that are near
    duplicates of each other. The answers in them repeat each other, and a cluster says little more
    than one of its sets.

    Parameters
    ----------
    set_id, project, filename : ndarray of shape (n_rows,)
        Set, project and file name of each row.
    hashes : ndarray of shape (n_rows,)
        Perceptual hashes, 16 hexadecimal digits.
    embeddings : ndarray of shape (n_rows, dim)
        The encoder's vectors; without any (dim 0) no pictures are near duplicates.

    Returns
    -------
    ndarray of shape (n_rows,)
        Number of the cluster, from 0 by first appearance; the same in all rows of a set.

    Raises
    ------
    ValueError
        If there are vectors, and a hash is none.
    """
    sets = index_sets(set_id)
    pictures, _ = pd.MultiIndex.from_arrays([project, filename]).factorize()
    first = np.unique(pictures, return_index=True)[1]
    content = np.arange(len(first))
    if embeddings.shape[1]:
        values = read_hashes(hashes[first].tolist())
        for group in find_groups(values, embeddings[first], project[first]):
            content[group] = group[0]
    ends = (sets.codes, len(sets) + content[pictures])
    graph = coo_array((np.ones(len(set_id), np.int8), ends), (len(sets) + len(first),) * 2)
    component = connected_components(graph, directed=False)[1][sets.codes]
    return index_sets(component).codes
