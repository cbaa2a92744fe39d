"""Measure rankings: top-1, pairs, NDCG, calibration error, and bootstrap intervals.

Every metric takes the labels, the scores and the set of each row. A set without a winner (all
labels equal) or with fewer than two rows has nothing to get right and is left out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from prefml._typing import Bools, Floats
from prefml.intervals import bootstrap_interval
from prefml.sets import Sets, index_sets, winning_pairs

__all__ = [
    "bootstrap_interval",
    "ece",
    "lower_stage_sets",
    "lower_stage_top1",
    "ndcg",
    "pair_accuracy",
    "paired_interval",
    "top1",
    "top1_by_set",
]


def top1_by_set(y: ArrayLike, scores: ArrayLike, set_id: ArrayLike) -> Floats:
    """Return top-1 of each set, by first appearance: whether its highest score is a winner's.

    Parameters
    ----------
    y, scores, set_id : array-like of shape (n_rows,)
        Labels, scores and sets.

    Returns
    -------
    ndarray of shape (n_sets,)
        1 if the highest score is a best label's, 0 if not, a fair share if several rows tie for
        the highest score, NaN for a set without a choice.
    """
    labels, values = np.asarray(y, float), np.asarray(scores, float)
    sets = index_sets(set_id, len(labels))
    best = labels == sets.reduce(np.maximum, labels)[sets.codes]
    leads = values == sets.reduce(np.maximum, values)[sets.codes]
    hits = sets.reduce(np.add, (best & leads).astype(float))
    share = hits / np.maximum(sets.reduce(np.add, leads.astype(float)), 1)
    return np.where(_has_choice(labels, sets), share, np.nan)


def _has_choice(labels: Floats, sets: Sets) -> Bools:
    spread = sets.reduce(np.maximum, labels) - sets.reduce(np.minimum, labels)
    return np.asarray(spread > 0)


def top1(
    y: ArrayLike,
    scores: ArrayLike,
    set_id: ArrayLike,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return top-1: the share of sets whose highest score is the winner's, ties split fairly.

    Parameters
    ----------
    y, scores, set_id : array-like of shape (n_rows,)
        Labels, scores and sets.
    sample_weight : array-like of shape (n_rows,), optional
        Weight of each row; a set counts by the mean of its rows'.

    Returns
    -------
    float
        NaN if no set has a choice, or all that have one weigh nothing.
    """
    hits = top1_by_set(y, scores, set_id)
    if sample_weight is None:
        return _mean(hits)
    weight = index_sets(set_id).mean(np.asarray(sample_weight, float))
    weight = np.where(np.isnan(hits), 0.0, weight)
    return float(weight @ np.nan_to_num(hits) / weight.sum()) if weight.any() else float("nan")


def _mean(values: Floats) -> float:
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if len(kept) else float("nan")


def pair_accuracy(y: ArrayLike, scores: ArrayLike, set_id: ArrayLike) -> float:
    """Return the share of pairs inside sets that are in the right order; a tie counts half.

    Parameters
    ----------
    y, scores, set_id : array-like of shape (n_rows,)
        Labels, scores and sets.

    Returns
    -------
    float
        NaN if there is no pair.
    """
    values = np.asarray(scores, float)
    better, worse = winning_pairs(y, index_sets(set_id, len(values)))
    gap = values[better] - values[worse]
    return _mean((gap > 0) + 0.5 * (gap == 0))


def ndcg(y: ArrayLike, scores: ArrayLike, set_id: ArrayLike, k: int | None = None) -> float:
    """Return the mean normalised discounted cumulative gain.

    Parameters
    ----------
    y, scores, set_id : array-like of shape (n_rows,)
        Labels (gain `2**y - 1`), scores and sets. Tied scores share the mean of their discounts.
    k : int, optional
        Depth; the whole set by default.

    Returns
    -------
    float
        NaN if no set has a choice.

    References
    ----------
    K. Jarvelin, J. Kekalainen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 2002;
    F. McSherry, M. Najork, "Computing information retrieval performance measures efficiently in
    the presence of tied scores", ECIR 2008.
    """
    labels, values = np.asarray(y, float), np.asarray(scores, float)
    sets = index_sets(set_id, len(labels))
    gains = np.exp2(labels) - 1
    rows = [_set_ndcg(gains[rows], values[rows], k) for rows in sets.members()]
    return _mean(np.where(_has_choice(labels, sets), rows, np.nan)) if rows else float("nan")


def _set_ndcg(gains: Floats, scores: Floats, k: int | None) -> float:
    discount = 1 / np.log2(np.arange(len(gains)) + 2)
    discount[k if k is not None else len(gains) :] = 0
    _, tied = np.unique(-scores, return_inverse=True)
    counts = np.bincount(tied)
    shared = np.add.reduceat(discount, np.cumsum(counts) - counts) / counts
    ideal = float(np.sort(gains)[::-1] @ discount)
    return float(gains @ shared[tied]) / ideal if ideal > 0 else float("nan")


def lower_stage_sets(y: ArrayLike, stage: ArrayLike, set_id: ArrayLike) -> Bools:
    """Tell for each row whether its set's winner has a lower stage than another of its pictures.

    Parameters
    ----------
    y, stage, set_id : array-like of shape (n_rows,)
        Labels, stages (NaN where unknown) and sets.

    Returns
    -------
    ndarray of shape (n_rows,), bool
    """
    labels, stages = np.asarray(y, float), np.asarray(stage, float)
    sets = index_sets(set_id, len(labels))
    best = labels == sets.reduce(np.maximum, labels)[sets.codes]
    known = np.where(np.isnan(stages), -np.inf, stages)
    highest = sets.reduce(np.maximum, known)
    chosen = sets.reduce(np.maximum, np.where(best, known, -np.inf))
    lower = _has_choice(labels, sets) & (chosen < highest) & np.isfinite(chosen)
    return np.asarray(lower[sets.codes])


def lower_stage_top1(y: ArrayLike, scores: ArrayLike, set_id: ArrayLike, stage: ArrayLike) -> float:
    """Return top-1 on the sets in which a lower stage was chosen.

    Parameters
    ----------
    y, scores, set_id, stage : array-like of shape (n_rows,)
        Labels, scores, sets and stages.

    Returns
    -------
    float
        NaN if there is no such set.
    """
    rows = lower_stage_sets(y, stage, set_id)
    if not rows.any():
        return float("nan")
    return top1(np.asarray(y)[rows], np.asarray(scores)[rows], np.asarray(set_id)[rows])


def ece(y: ArrayLike, probability: ArrayLike, set_id: ArrayLike, bins: int = 10) -> float:
    """Return the expected calibration error of the top choice of each set.

    Parameters
    ----------
    y, probability, set_id : array-like of shape (n_rows,)
        Labels, probability of winning (sums to 1 in a set) and sets.
    bins : int, default=10
        Bins of equal count: with bins of equal width a few sets in an empty region would decide.

    Returns
    -------
    float
        Mean absolute gap between stated and observed share, weighted by sets; NaN without sets.

    References
    ----------
    M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities using
    Bayesian binning", AAAI 2015; K. Nguyen, B. O'Connor, EMNLP 2015 (bins of equal count).
    """
    values = np.asarray(probability, float)
    hits = top1_by_set(y, values, set_id)
    stated = index_sets(set_id, len(values)).reduce(np.maximum, values)
    kept = ~np.isnan(hits)
    return _binned_gap(stated[kept], hits[kept], bins)


def _binned_gap(stated: Floats, hits: Floats, bins: int) -> float:
    if not len(stated):
        return float("nan")
    order = np.argsort(stated, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(float(stated[part].mean() - hits[part].mean())) * len(part) for part in parts]
    return sum(gaps) / len(stated)


def paired_interval(
    first: ArrayLike,
    second: ArrayLike,
    clusters: ArrayLike,
    statistic: Callable[[Floats], float] | None = None,
    level: float = 0.95,
    repeats: int = 2000,
    random_state: int | None = 0,
) -> tuple[float, float]:
    """Return a bootstrap interval of the mean difference of two models on the same sets.

    Parameters
    ----------
    first, second : array-like of shape (n_values,)
        One value a set and model.
    clusters : array-like of shape (n_values,)
        The project of each set.
    statistic : callable, optional
        Takes the resampled differences; the mean by default.
    level : float, default=0.95
        Coverage.
    repeats : int, default=2000
        Resamples.
    random_state : int or None, default=0
        Seed.

    Returns
    -------
    low, high : float
    """
    difference = np.asarray(first, float) - np.asarray(second, float)
    return bootstrap_interval(difference, clusters, statistic, level, repeats, random_state)
