"""Split rows into folds by project, without near duplicates on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.model_selection import GroupKFold

from prefml._typing import Ints, Labels, Texts
from prefml.exceptions import NotEnoughDataError
from prefml.ranking.near_duplicates import NEAR_DUPLICATE, find_near_duplicates, hash_bits

__all__ = [
    "NEAR_DUPLICATE",
    "Fold",
    "Folds",
    "find_near_duplicates",
    "make_folds",
    "purge_near_duplicates",
]


@dataclass(frozen=True)
class Fold:
    """Division of the rows into those to train on and those to test on.

    Attributes
    ----------
    train, test : ndarray of int
        Row numbers; no set, no project and no near duplicate lies on both sides.
    purged : int
        Sets kept out of `train` because a near duplicate of one of their pictures is tested.
    """

    train: Ints
    test: Ints
    purged: int


@dataclass(frozen=True)
class Folds:
    """Folds of a cross-validation; every row is tested exactly once.

    Attributes
    ----------
    folds : tuple of Fold
        The divisions.
    kind : str
        `project`, or `session` where there are fewer than two projects.
    groups : int
        Number of projects or sessions.
    """

    folds: tuple[Fold, ...]
    kind: str
    groups: int

    @property
    def purged(self) -> int:
        """Number of sets kept out of training for a near duplicate, summed over the folds."""
        return sum(fold.purged for fold in self.folds)


def make_folds(
    project: ArrayLike,
    session: ArrayLike,
    set_id: ArrayLike,
    hashes: ArrayLike | None = None,
    n_folds: int = 4,
    seed: int = 0,
) -> Folds:
    """Split rows into folds by project.

    Parameters
    ----------
    project, session, set_id : array-like of shape (n_rows,)
        What each row belongs to. Sessions are told apart inside projects only.
    hashes : array-like of shape (n_rows,), optional
        Perceptual hashes, 16 hexadecimal digits. Where a picture is near (at most
        `NEAR_DUPLICATE` bits) to a tested one, its set is not trained on. Merging the two
        projects instead would let a few lookalikes join all projects into one.
    n_folds : int, default=4
        Number of folds, at most the number of projects.
    seed : int, default=0
        0 gives folds of similar size; others give random ones.

    Returns
    -------
    Folds

    Raises
    ------
    NotEnoughDataError
        If there is one project with a single session, or nothing, or if near duplicates leave
        nothing to learn from.
    """
    kind, groups = _groups(_text(project), _text(session))
    count = len(np.unique(groups))
    n_splits = min(max(n_folds, 2), count)
    shuffled = {"shuffle": True, "random_state": seed} if seed else {}
    splitter = GroupKFold(n_splits, **shuffled)
    sets = _text(set_id)
    texts = None if hashes is None else _text(hashes)
    folds = [
        purge_near_duplicates(Fold(train, test, 0), sets, texts)
        for train, test in splitter.split(np.zeros(len(groups)), groups=groups)
    ]
    if not all(len(fold.train) for fold in folds):
        raise NotEnoughDataError(
            f"every picture has a near duplicate in another {kind}",
            "pictures to learn from that are not among the tested ones",
        )
    return Folds(tuple(folds), kind, count)


def _text(values: ArrayLike) -> Texts:
    return np.asarray(values, dtype=object)


def _groups(project: Texts, session: Texts) -> tuple[str, Ints]:
    codes, names = pd.factorize(project)
    if len(names) > 1:
        return "project", codes.astype(np.intp)
    codes, names = pd.factorize(session)
    if len(names) < 2:
        found = (
            f"{len(names)} session of {len(set(project))} project" if len(project) else "no rows"
        )
        raise NotEnoughDataError(
            found, "at least two projects, or two sessions, to learn from one and test on the other"
        )
    return "session", codes.astype(np.intp)


def purge_near_duplicates(fold: Fold, set_id: Labels, hashes: Labels | None) -> Fold:
    """Purge from training the sets that hold a near duplicate of a tested picture.

    Parameters
    ----------
    fold : Fold
        The division.
    set_id : ndarray of shape (n_rows,)
        The set of each row.
    hashes : ndarray of shape (n_rows,) or None
        Perceptual hashes, 16 hexadecimal digits; without them nothing is kept out.

    Returns
    -------
    Fold
    """
    if hashes is None:
        return fold
    close = find_near_duplicates(hash_bits(hashes[fold.train]), hash_bits(hashes[fold.test]))
    doubtful = set(set_id[fold.train][close])
    keep = np.array([name not in doubtful for name in set_id[fold.train]], dtype=bool)
    return Fold(fold.train[keep], fold.test, len(doubtful))
