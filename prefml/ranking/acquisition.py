"""Choose which sets to ask about first: acquisition functions of pool-based active learning.

Each orders the sets of a pool that have no answer yet, the most telling first. They see arrays
only, so that they can be held against one another on any data (`benchmarks/first_day.py`).

References
----------
B. Settles, "Active learning literature survey", University of Wisconsin-Madison, 2009.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from prefml._typing import Floats, Ints
from prefml.ranking.pool import Pool
from prefml.ranking.variance_reduction import variance_reduction

__all__ = ["ACQUISITIONS", "Acquisition", "bald", "coverage", "random_order", "uncertain_and_far",
           "uncertainty"]  # fmt: skip

# Of the sets that a model is least sure of, so many are looked at for so many that lie apart.
_SHORTLIST, _BATCH = 40, 10
# Sets that are put in order by distance; nobody answers more before they are ordered anew.
_MOST = 200


class Acquisition(Protocol):
    """Acquisition function."""

    def __call__(self, pool: Pool, rng: np.random.Generator) -> Ints:
        """Order the sets without an answer.

        Parameters
        ----------
        pool : Pool
            The sets.
        rng : Generator
            Breaks ties.

        Returns
        -------
        ndarray of int
            Positions of the sets without an answer, the most telling first.
        """
        ...


def random_order(pool: Pool, rng: np.random.Generator) -> Ints:
    """Order the sets at random.

    Parameters
    ----------
    pool, rng
        As in `Acquisition`.

    Returns
    -------
    ndarray of int
    """
    return rng.permutation(np.flatnonzero(~pool.answered))


def coverage(pool: Pool, rng: np.random.Generator) -> Ints:
    """Order the sets so that any number of first ones covers projects and vectors.

    The next set is of the project with the fewest so far, and of its sets the one farthest from
    all that were taken: greedy k-centre, farthest first. Behind the first 200 the order is random.

    Parameters
    ----------
    pool, rng
        As in `Acquisition`.

    Returns
    -------
    ndarray of int

    References
    ----------
    T. F. Gonzalez, "Clustering to minimize the maximum intercluster distance", Theoretical Computer
    Science 38, 1985. O. Sener, S. Savarese, "Active learning for convolutional neural networks: a
    core-set approach", ICLR 2018.
    """
    left = random_order(pool, rng)
    if not len(left):
        return left
    vectors = pool.vectors[left]
    names, member = np.unique(pool.project.astype(str), return_inverse=True)
    counts = np.bincount(member[pool.answered], minlength=len(names)).astype(float)
    member = member[left]
    counts[np.bincount(member, minlength=len(names)) == 0] = np.inf
    nearest = np.full(len(left), np.inf)
    for one in pool.vectors[pool.answered]:
        nearest = np.minimum(nearest, _squared_distance(vectors, one))
    # Where nothing was taken, the middle comes first.
    far = nearest if pool.answered.any() else -_squared_distance(vectors, vectors.mean(axis=0))
    found = []
    for _ in range(min(_MOST, len(left))):
        project = int(counts.argmin())
        best = int(np.where(member == project, far, -np.inf).argmax())
        found.append(left[best])
        far = nearest = np.minimum(nearest, _squared_distance(vectors, vectors[best]))
        member[best] = -1
        counts[project] = counts[project] + 1 if (member == project).any() else np.inf
    return np.concatenate([np.array(found, int), left[member >= 0]])


def _squared_distance(vectors: Floats, one: Floats) -> Floats:
    return np.asarray(((vectors - one) ** 2).sum(axis=1))


def uncertainty(pool: Pool, rng: np.random.Generator) -> Ints:
    """Order the sets by how little the model prefers its first picture to its second.

    Parameters
    ----------
    pool, rng
        As in `Acquisition`; with a model.

    Returns
    -------
    ndarray of int

    References
    ----------
    T. Scheffer, C. Decomain, S. Wrobel, "Active hidden Markov models for information extraction",
    IDA 2001: margin sampling.
    """
    best = (np.sort(one.mean(axis=0))[-2:] for one in pool.probabilities)
    return _largest(pool, np.array([second - first for second, first in best]), rng)


def bald(pool: Pool, rng: np.random.Generator) -> Ints:
    """Order the sets by how far the models of an ensemble disagree.

    It is the mutual information of answer and model: the entropy of the mean prediction less the
    mean entropy.

    Parameters
    ----------
    pool, rng
        As in `Acquisition`; with several models.

    Returns
    -------
    ndarray of int

    References
    ----------
    N. Houlsby, F. Huszar, Z. Ghahramani, M. Lengyel, "Bayesian active learning for classification
    and preference learning", arXiv:1112.5745, 2011.
    """
    gained = [_entropy(one.mean(axis=0)) - _entropy(one).mean() for one in pool.probabilities]
    return _largest(pool, np.array(gained), rng)


def _entropy(probabilities: Floats) -> Floats:
    safe = np.clip(probabilities, 1e-12, 1)
    return np.asarray(-(safe * np.log(safe)).sum(axis=-1))


def uncertain_and_far(pool: Pool, rng: np.random.Generator) -> Ints:
    """Order the sets the model is least sure of so that those asked together lie apart.

    Of the 40 least sure sets, the ten farthest from one another and from what was answered come
    first; then ten of the 40 least sure that are left, and so on.

    Parameters
    ----------
    pool, rng
        As in `Acquisition`; without a model it is `coverage`.

    Returns
    -------
    ndarray of int

    References
    ----------
    Z. Xu, R. Akella, Y. Zhang, "Incorporating diversity and density in active learning for
    relevance feedback", ECIR 2007.
    """
    if not pool.probabilities:
        return coverage(pool, rng)
    left, found = uncertainty(pool, rng), np.array([], int)
    taken = np.flatnonzero(pool.answered)
    while len(left) and len(found) < _MOST:
        rows = np.concatenate([taken, found, left[:_SHORTLIST]]).astype(int)
        known = np.arange(len(rows)) < len(taken) + len(found)
        apart = coverage(Pool(pool.vectors[rows], pool.project[rows], known), rng)[:_BATCH]
        found = np.concatenate([found, rows[apart]])
        left = left[~np.isin(left, found)]
    return np.concatenate([found, left])


def _largest(pool: Pool, values: Floats, rng: np.random.Generator) -> Ints:
    """Order the sets without an answer by a value, the largest first, ties at random."""
    left = random_order(pool, rng)
    return left[np.argsort(-values[left], kind="stable")]


ACQUISITIONS: Mapping[str, Acquisition] = {
    "random": random_order,
    "coverage": coverage,
    "uncertainty": uncertainty,
    "bald": bald,
    "uncertain_and_far": uncertain_and_far,
    "variance_reduction": variance_reduction,
}
