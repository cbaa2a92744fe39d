"""Cross-validate rankers and croppers on given folds: out-of-fold scores and boxes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
import pandas as pd
from sklearn.utils.validation import has_fit_parameter

from prefml._typing import Floats, Ints, Labels
from prefml.evaluation.folds import Fold
from prefml.features import ChoiceTable, CropTable
from prefml.ranking import Explanation
from prefml.sets import Sets, index_sets

__all__ = [
    "Contender",
    "Cropper",
    "Estimator",
    "HeldOutBoxes",
    "HeldOutScores",
    "Ranker",
    "held_out_boxes",
    "held_out_scores",
    "subsample_fold",
]


class Estimator(Protocol):
    """Estimator that can be fitted; which keywords it takes besides `X` and `y` is its own."""

    @property
    def fit(self) -> Callable[..., object]:
        """Function that fits the estimator."""


class Ranker(Estimator, Protocol):
    """Estimator that scores pictures."""

    def predict(self, X: pd.DataFrame) -> Floats:
        """Return the score of each row, shape (n_rows,); the higher, the better."""


class Cropper(Estimator, Protocol):
    """Estimator that proposes boxes."""

    def predict(self, X: pd.DataFrame, *, size: Floats) -> Floats:
        """Return the box of each row, shape (n_rows, 4), in fractions of the picture."""


@runtime_checkable
class StatesProbability(Protocol):
    """Ranker that tells how likely each picture is to be the chosen one."""

    def probability_of(self, scores: Floats, sets: Sets) -> Floats:
        """Return the probability of each row, shape (n_rows,)."""


@runtime_checkable
class HasImportances(Protocol):
    """Ranker that tells how much each group of columns counts."""

    def importances(self, X: pd.DataFrame, set_id: Labels) -> dict[str, float]:
        """Return the share of each group of columns."""


@runtime_checkable
class Explains(Protocol):
    """Ranker that gives reasons."""

    def explain(self, X: pd.DataFrame, set_id: Labels) -> list[Explanation]:
        """Return an explanation for each set."""


@runtime_checkable
class HasBands(Protocol):
    """Cropper that states bands in which the edges lie."""

    def predict_bands(self, X: pd.DataFrame) -> Floats:
        """Return the bands, of shape (n_rows, 4, 2)."""


E = TypeVar("E", bound=Estimator)
E_co = TypeVar("E_co", bound=Estimator, covariant=True)


@dataclass(frozen=True)
class Contender(Generic[E_co]):
    """Model that takes part in the evaluation.

    Attributes
    ----------
    name : str
        As in `metrics.json`.
    make : callable
        Seed -> estimator, not fitted.
    prefix : str
        It sees the columns whose names begin with this; all with the empty one.
    title : str
        What a person reads.
    """

    name: str
    make: Callable[[int], E_co]
    prefix: str
    title: str


@dataclass(frozen=True)
class HeldOutScores:
    """Out-of-fold scores of a ranker.

    Attributes
    ----------
    scores : ndarray of shape (n_rows,)
        From a model that saw neither the row's project nor a near duplicate.
    probability : ndarray of shape (n_rows,) or None
        Probability of being the chosen one; None for models that state none.
    fit_seconds : float
        Mean time of a fit.
    importances : dict of str to float
        Share of each group of columns, mean over folds; empty for models that tell none.
    reasons : dict of object to str
        Set -> what spoke most for its suggested picture; empty for models that give no reasons.
    rejected_scores, rejected_probability : ndarray of shape (n_rejected_rows,)
        The same of the pictures of rejected sets, as far as these were given.
    """

    scores: Floats
    probability: Floats | None
    fit_seconds: float
    importances: dict[str, float]
    reasons: dict[object, str]
    rejected_scores: Floats = field(default_factory=lambda: np.empty(0))
    rejected_probability: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True)
class HeldOutBoxes:
    """Out-of-fold boxes of a cropper.

    Attributes
    ----------
    boxes : ndarray of shape (n_rows, 4)
        From a model that saw neither the row's project nor a near duplicate.
    fit_seconds : float
        Mean time of a fit.
    band_coverage : float or None
        Share of edges inside the stated bands; None for models without bands.
    """

    boxes: Floats
    fit_seconds: float
    band_coverage: float | None


def held_out_scores(
    contender: Contender[Ranker],
    table: ChoiceTable,
    folds: Sequence[Fold],
    seed: int,
    rejected: ChoiceTable | None = None,
) -> HeldOutScores:
    """Fit a ranker on each fold's training rows and score its test rows.

    Parameters
    ----------
    contender : Contender
        The model.
    table : ChoiceTable
        All rows.
    folds : sequence of Fold
        Each row is tested once.
    seed : int
        Seed of the model.
    rejected : ChoiceTable, optional
        Sets that were rejected whole; each is scored by a model that has not seen its project.

    Returns
    -------
    HeldOutScores
    """
    X = _columns(table.X, contender.prefix)
    scores, probability = np.zeros(len(table)), np.full(len(table), np.nan)
    extras: dict[str, Labels] = {
        "set_id": table.set_id, "groups": table.project, "sample_weight": table.weight,
        "cluster_id": table.cluster_id, "calibration_weight": 1 / table.inclusion,
        "hashes": table.hashes,
    }  # fmt: skip
    seconds, shares = [], []
    reasons: dict[object, str] = {}
    others = _Rejected.of(rejected, table, folds)
    for number, fold in enumerate(folds):
        model, took = _timed_fit(contender.make(seed), X, table.y, fold.train, extras)
        seconds.append(took)
        tested, sets = X.iloc[fold.test], table.set_id[fold.test]
        scores[fold.test] = model.predict(tested)
        if isinstance(model, StatesProbability):
            probability[fold.test] = model.probability_of(scores[fold.test], index_sets(sets))
        others.score(model, number, contender.prefix)
        if isinstance(model, HasImportances):
            shares.append(model.importances(tested, sets))
        if isinstance(model, Explains):
            for one in model.explain(tested, sets):
                names = [reason.name for reason in one.reasons if reason.contribution > 0]
                reasons[one.set_id] = ", ".join(names[:2])
    stated = None if np.isnan(probability).any() else probability
    return HeldOutScores(
        scores, stated, float(np.mean(seconds)), _mean_shares(shares), reasons,
        others.scores, others.probability,
    )  # fmt: skip


@dataclass(frozen=True)
class _Rejected:
    """Rejected sets, and the fold that each is scored in."""

    table: ChoiceTable | None
    fold: Ints
    scores: Floats
    probability: Floats

    @classmethod
    def of(
        cls, rejected: ChoiceTable | None, table: ChoiceTable, folds: Sequence[Fold]
    ) -> _Rejected:
        if rejected is None or not len(rejected):
            return cls(None, np.empty(0, np.intp), np.empty(0), np.empty(0))
        # Where projects are in several folds, sets are dealt to them.
        tested = [set(table.project[fold.test].tolist()) for fold in folds]
        dealt = index_sets(rejected.set_id).codes % len(folds)
        where = {
            p: [n for n, names in enumerate(tested) if p in names] for p in set().union(*tested)
        }
        rows = zip(rejected.project.tolist(), dealt.tolist(), strict=True)
        fold = [where[p][0] if len(where.get(p, ())) == 1 else n for p, n in rows]
        return cls(rejected, np.array(fold, np.intp), *np.zeros((2, len(rejected))))

    def score(self, model: Ranker, number: int, prefix: str) -> None:
        """Fill in the scores of a fold's rows."""
        rows = np.flatnonzero(self.fold == number)
        if self.table is not None and len(rows):
            self.scores[rows] = model.predict(_columns(self.table.X, prefix).iloc[rows])
            if isinstance(model, StatesProbability):
                sets = index_sets(self.table.set_id[rows])
                self.probability[rows] = model.probability_of(self.scores[rows], sets)


def _mean_shares(shares: Sequence[dict[str, float]]) -> dict[str, float]:
    if not shares:
        return {}
    mean = pd.DataFrame(shares).fillna(0.0).mean().sort_values(ascending=False)
    return {str(name): float(value) for name, value in mean.items()}


def held_out_boxes(
    contender: Contender[Cropper], table: CropTable, folds: Sequence[Fold], seed: int
) -> HeldOutBoxes:
    """Fit a cropper on each fold's training rows and propose boxes for its test rows.

    Parameters
    ----------
    contender : Contender
        The model.
    table : CropTable
        All rows.
    folds : sequence of Fold
        Each row is tested once.
    seed : int
        Seed of the model.

    Returns
    -------
    HeldOutBoxes
    """
    X = _columns(table.X, contender.prefix)
    boxes, inside = np.zeros((len(table), 4)), np.full((len(table), 4), np.nan)
    extras = {"size": table.size, "groups": table.project, "sample_weight": table.weight}
    seconds = []
    for fold in folds:
        model, took = _timed_fit(contender.make(seed), X, table.boxes, fold.train, extras)
        seconds.append(took)
        tested = X.iloc[fold.test]
        boxes[fold.test] = model.predict(tested, size=table.size[fold.test])
        if isinstance(model, HasBands):
            bands, edges = model.predict_bands(tested), table.boxes[fold.test]
            inside[fold.test] = (bands[..., 0] <= edges) & (edges <= bands[..., 1])
    covered = None if np.isnan(inside).any() else float(inside.mean())
    return HeldOutBoxes(boxes, float(np.mean(seconds)), covered)


def _columns(X: pd.DataFrame, prefix: str) -> pd.DataFrame:
    return X[[name for name in X.columns if name.startswith(prefix)]]


def _timed_fit(
    model: E, X: pd.DataFrame, y: Labels | Floats, train: Ints, extras: Mapping[str, Labels]
) -> tuple[E, float]:
    wanted = {
        name: values[train] for name, values in extras.items() if has_fit_parameter(model, name)
    }
    began = time.perf_counter()
    model.fit(X.iloc[train], y[train], **wanted)
    return model, time.perf_counter() - began


def subsample_fold(fold: Fold, set_id: Labels, share: float, seed: int) -> Fold:
    """Keep a random share of a fold's training sets.

    Parameters
    ----------
    fold : Fold
        The division.
    set_id : ndarray of shape (n_rows,)
        The set of each row.
    share : float
        Share to keep, at least two sets.
    seed : int
        Seed of the choice; a smaller share is part of a larger one.

    Returns
    -------
    Fold
    """
    names = pd.unique(set_id[fold.train])
    order = np.random.default_rng(seed).permutation(len(names))
    kept = set(names[order[: max(2, round(share * len(names)))]])
    inside = np.array([name in kept for name in set_id[fold.train]], dtype=bool)
    return Fold(fold.train[inside], fold.test, fold.purged)
