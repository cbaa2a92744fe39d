"""Check sets, weights and labels: the input validation that all rankers share."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import _check_sample_weight

from prefml._typing import Floats, Grades, Labels
from prefml.sets import Sets

__all__ = [
    "MAX_GRADE",
    "check_column",
    "check_of_sets",
    "check_sample_weight",
    "check_set_id",
    "to_grades",
    "warn_of_few_choices",
]

# LightGBM's default label gains end at 2**30 - 1.
MAX_GRADE = 30


def check_set_id(set_id: ArrayLike | None, n_rows: int, allow_missing: bool) -> Labels:
    """Return the set of each row, or one set of all rows if that was allowed.

    Parameters
    ----------
    set_id : array-like of shape (n_rows,) or None
        As passed by the caller.
    n_rows : int
        Rows of X.
    allow_missing : bool
        Take None for one set of all rows, instead of raising.

    Returns
    -------
    ndarray of shape (n_rows,)

    Raises
    ------
    ValueError
        If there is no `set_id` and none was not allowed, or its length is wrong.
    """
    if set_id is None:
        if not allow_missing:
            raise ValueError(
                f"set_id is missing: found {n_rows} rows and no set of any, expected set_id=... "
                "with the set of each row, for rows are compared inside sets only. In "
                "cross-validation, searches and pipelines call sklearn.set_config("
                "enable_metadata_routing=True) and pass set_id (cross_validate: "
                "params={'set_id': ...}): rankers request it in fit and score, as after "
                ".set_fit_request(set_id=True).set_score_request(set_id=True). If all rows are "
                "one set, construct the ranker with allow_missing_set_id=True"
            )
        return np.zeros(n_rows, np.intp)
    return check_column(set_id, n_rows, "set_id")


def check_column(values: ArrayLike, n_rows: int, name: str) -> Labels:
    """Return an argument that has one entry for each row, as an array.

    Parameters
    ----------
    values : array-like
        As passed by the caller.
    n_rows : int
        Rows of X.
    name : str
        Name of the argument, for the error.

    Returns
    -------
    ndarray of shape (n_rows,)

    Raises
    ------
    ValueError
        If its shape is another.
    """
    column = np.asarray(values)
    if column.shape != (n_rows,):
        raise ValueError(f"{name} has shape {column.shape}; X has {n_rows} rows")
    return column


def check_of_sets(values: ArrayLike | None, sets: Sets, name: str) -> Labels | None:
    """Return an argument that is the same in all rows of a set, as an array, or None.

    Parameters
    ----------
    values : array-like of shape (n_rows,) or None
        As passed by the caller.
    sets : Sets
        The grouping of the rows.
    name : str
        Name of the argument, for the error.

    Returns
    -------
    ndarray of shape (n_rows,) or None

    Raises
    ------
    ValueError
        If its shape is wrong, or it differs inside a set.
    """
    if values is None:
        return None
    column = check_column(values, len(sets.codes), name)
    other = column != column[sets.order[sets.starts]][sets.codes]
    if other.any():
        row = int(np.argmax(other))
        raise ValueError(
            f"{name} is {column[row]!r} in row {row} and differs in another row of its set; "
            "expected one value in each set"
        )
    return column


def warn_of_few_choices(grades: Grades, sets: Sets) -> None:
    """Warn where there are so few choices that what is learned from them means nothing.

    Parameters
    ----------
    grades : ndarray of shape (n_rows,)
        Relevance grades.
    sets : Sets
        The grouping of the rows.

    Warns
    -----
    UserWarning
        If fewer than three sets have two rows or more with labels that differ.
    """
    spread = sets.reduce(np.maximum, grades) - sets.reduce(np.minimum, grades)
    found = int((spread > 0).sum())
    if found > 2:
        return
    learned = f"{found} of {len(sets)} sets have labels that differ"
    if found:
        meaning = "scores fit those and tell nothing about other sets"
    else:
        meaning = "nothing can be learned, and scores tell no row of a set from another"
    advice = "expected set_id to name many sets of a chosen row and others"
    warnings.warn(f"{learned}: {meaning}; {advice}", UserWarning, stacklevel=3)


def check_sample_weight(sample_weight: ArrayLike | None, X: Floats) -> Floats | None:
    """Return the weights as an array, or None.

    Parameters
    ----------
    sample_weight : array-like of shape (n_rows,) or None
        As passed by the caller.
    X : ndarray of shape (n_rows, ...)
        The rows they belong to.

    Returns
    -------
    ndarray of shape (n_rows,) or None

    Raises
    ------
    ValueError
        If there are not as many as rows, one is negative, or all are zero.
    """
    if sample_weight is None:
        return None
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if not weight.any():
        raise ValueError("sample_weight is zero everywhere; expected a positive weight")
    return np.asarray(weight)


def to_grades(y: ArrayLike, sets: Sets) -> Grades:
    """Turn labels into relevance grades, the whole numbers that LambdaRank learns from.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Labels; the higher, the better.
    sets : Sets
        The grouping of the rows.

    Returns
    -------
    ndarray of shape (n_rows,)
        Whole numbers from 0 to 30 as they are; for any other labels the rank inside the set, from
        0 for the worst, equal labels sharing a rank and sets of many levels squeezed into 0 to 30.
    """
    labels = np.asarray(y, dtype=np.float64)
    if ((labels >= 0) & (labels <= MAX_GRADE) & (labels == np.floor(labels))).all():
        return labels.astype(np.int64)
    order = np.lexsort((labels, sets.codes))
    rises = np.ones(len(labels), bool)
    rises[1:] = np.diff(labels[order]) > 0
    level = np.cumsum(rises)
    ranks = level - np.repeat(level[sets.starts], sets.sizes)
    top = np.repeat(np.maximum.reduceat(ranks, sets.starts), sets.sizes)
    squeezed = np.where(top > MAX_GRADE, ranks * MAX_GRADE // np.maximum(top, 1), ranks)
    result = np.empty(len(labels), np.int64)
    result[order] = squeezed
    return result
