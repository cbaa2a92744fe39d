"""Describe the sets of a pool that could be asked about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefml._typing import Bools, Floats, Ints, Texts
from prefml.sets import index_sets

__all__ = ["Pool", "describe_sets", "scale_pictures"]

# Scaled measurements beyond this are pulled in.
_CLIP = 4.0


@dataclass(frozen=True)
class Pool:
    """Sets that could be asked about; entry i of every attribute is the same set.

    Attributes
    ----------
    vectors : ndarray of shape (n_sets, n_dimensions)
        Description of each set, see `describe_sets`.
    project : ndarray of shape (n_sets,)
        Its project.
    answered : ndarray of bool, of shape (n_sets,)
        True where the person has answered.
    probabilities : tuple of ndarray of shape (n_models, n_pictures of the set)
        Probability of each picture to be chosen, by each model of an ensemble; empty while there
        is no model.
    pictures : tuple of ndarray of shape (n_pictures of the set, n_columns)
        What a linear score sees of each picture, see `scale_pictures`; empty where no method asks.
    """

    vectors: Floats
    project: Texts
    answered: Bools
    probabilities: tuple[Floats, ...] = ()
    pictures: tuple[Floats, ...] = ()


def describe_sets(columns: Floats, set_id: Ints) -> Floats:
    """Describe each set by how its pictures differ, which is what a ranker learns from.

    Parameters
    ----------
    columns : ndarray of shape (n_pictures, n_columns)
        Measurements of the pictures, NaN where missing.
    set_id : ndarray of shape (n_pictures,)
        The set of each picture.

    Returns
    -------
    ndarray of shape (n_sets, 2 * n_columns)
        Of each column, scaled to unit spread over all pictures, the least and the largest
        deviation from the mean of the set; 0 where nothing is known. By rising `set_id`.
    """
    order = np.argsort(set_id, kind="stable")
    columns, sets = columns[order], index_sets(set_id[order])
    centred, count = _centred(columns)
    spread = np.sqrt((centred**2).sum(axis=0) / count)
    apart = sets.center(centred / np.where(spread > 0, spread, 1.0))
    return np.hstack([sets.reduce(np.minimum, apart), sets.reduce(np.maximum, apart)])


def _centred(columns: Floats) -> tuple[Floats, Ints]:
    """Return columns less their means, 0 where nothing is known, and how often something is."""
    known = np.isfinite(columns)
    count = np.maximum(known.sum(axis=0), 1)
    middle = np.where(known, columns, 0.0).sum(axis=0) / count
    return np.where(known, columns - middle, 0.0), count


def scale_pictures(columns: Floats, set_id: Ints) -> tuple[Floats, ...]:
    """Scale measurements so that two pictures of a set differ by one, in the root mean square.

    Parameters
    ----------
    columns : ndarray of shape (n_pictures, n_columns)
        Measurements of the pictures, NaN where missing.
    set_id : ndarray of shape (n_pictures,)
        The set of each picture.

    Returns
    -------
    tuple of ndarray of shape (n_pictures of the set, n_columns)
        For each set, by rising `set_id`, its pictures less their mean; each column of the same
        spread inside sets, clipped at four times that.
    """
    order = np.argsort(set_id, kind="stable")
    sets = index_sets(set_id[order])
    apart = sets.center(_centred(columns[order])[0])
    spread = np.sqrt((apart**2).mean(axis=0))
    scaled = np.clip(apart / np.where(spread > 0, spread, np.inf), -_CLIP, _CLIP)
    size = np.sqrt(2 * (scaled**2).sum(axis=1).mean()) if len(scaled) else 0.0
    return tuple(scaled[rows] / (size or 1.0) for rows in sets.members())
