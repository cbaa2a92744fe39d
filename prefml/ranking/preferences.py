"""Find what a person's choices go by, among measures that have plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from prefml._typing import Bools, Floats, Ints
from prefml.intervals import bootstrap_interval
from prefml.ranking.explain import Direction, directions
from prefml.ranking.setting_effects import holm, mantel_test
from prefml.sets import Sets, index_sets

__all__ = ["LEAST_SETS", "Preference", "beyond_the_usual", "find_preferences", "measured",
           "share_below"]  # fmt: skip

LEAST_SETS = 20
"""Sets without which a measure is not looked at."""

FEWEST_CLUSTERS = 8
"""With fewer clusters than this sets are drawn one by one for an interval."""


@dataclass(frozen=True)
class Preference:
    """Measure by which the chosen pictures differ from the others of their sets.

    Attributes
    ----------
    theme : str
        What it is a measure of.
    word : str
        How the chosen picture is, such as "sharper".
    column : str
        Name of the measure.
    sign : {1, -1}
        Whether more or less of it is chosen.
    sets : int
        Sets whose pictures differ in it.
    share : float
        Share of the other pictures of a set than which the chosen one has more of the word, mean
        over the sets; .5 if it does not matter.
    low, high : float
        Its interval, at a level that accounts for the preferences having been picked out.
    model_share : float
        The same of the picture that a model ranks first.
    p : float
        Probability of as much or more by chance in any measure that was looked at.
    """

    theme: str
    word: str
    column: str
    sign: int
    sets: int
    share: float
    low: float
    high: float
    model_share: float
    p: float

    @property
    def is_learned(self) -> bool:
        """Tell whether the model's first picks go the same way."""
        return self.model_share > 0.5


def beyond_the_usual(value: Floats, stage: Floats, project: ArrayLike) -> Floats:
    """Return how far a measure is from what is usual of a picture's stage in its project.

    A later stage is sharper as a rule; without this every measure would say that a later stage was
    chosen.

    Parameters
    ----------
    value, stage : ndarray of shape (n,)
        The measure, and the stage; NaN where unknown.
    project : array-like of shape (n,)
        The project of each picture.

    Returns
    -------
    ndarray of shape (n,)
        The measure minus its mean over the pictures of that stage in that project.
    """
    frame = pd.DataFrame({"value": value, "stage": stage, "project": np.asarray(project, object)})
    usual = frame.groupby(["project", "stage"], dropna=False)["value"].transform("mean")
    return np.asarray(frame["value"].to_numpy(float) - usual.to_numpy(float))


def measured(X: pd.DataFrame, one: Direction, stage: Floats, project: ArrayLike) -> Floats:
    """Return what pictures are compared by: the stage as it is, all else `beyond_the_usual`.

    Parameters
    ----------
    X : DataFrame of shape (n, n_columns)
        Features, the column of the direction among them.
    one : Direction
        The measure.
    stage, project : array-like of shape (n,)
        As in `beyond_the_usual`.

    Returns
    -------
    ndarray of shape (n,)
    """
    value = X[one.column].to_numpy(float)
    return value if one.theme == "stage" else beyond_the_usual(value, stage, project)


def share_below(value: Floats, top: Bools, sets: Sets) -> Floats:
    """Return for each set the share of its other pictures that have less than one of them.

    Parameters
    ----------
    value : ndarray of shape (n,)
        The measure; pictures with NaN are not compared.
    top : ndarray of bool, shape (n,)
        The picture of each set that is compared with the others.
    sets : Sets
        The grouping.

    Returns
    -------
    ndarray of shape (n_sets,)
        Ties count half; NaN where nothing can be compared, or all are equal.
    """
    own = sets.reduce(np.fmax, np.where(top, value, np.nan))[sets.codes]
    known = np.isfinite(value) & np.isfinite(own) & ~top
    count = sets.reduce(np.add, known.astype(float))
    score = np.where(known, (own > value) + 0.5 * (own == value), 0.0)
    differs = sets.reduce(np.add, (known & (own != value)).astype(float))
    share = np.full(len(sets), np.nan)
    np.divide(sets.reduce(np.add, score), count, out=share, where=differs > 0)
    return share


def find_preferences(
    X: pd.DataFrame,
    y: ArrayLike,
    scores: Floats,
    set_id: ArrayLike,
    stage: Floats,
    project: ArrayLike,
    clusters: ArrayLike,
    alpha: float = 0.05,
) -> list[Preference]:
    """Find the measures that chosen pictures have more or less of than the others of their sets.

    Each is looked at once, by the stratified correlation test of `mantel_test` with the sets as
    strata; Holm's correction keeps the probability of reporting anything where nothing matters
    below `alpha`, and the intervals are those of selected effects; one that reaches .5 is none. All
    but the stage itself are taken as `beyond_the_usual` of the stage.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_columns)
        Features.
    y : array-like of shape (n_rows,)
        1 for the chosen picture.
    scores : ndarray of shape (n_rows,)
        Scores of a model that has not seen the row.
    set_id, project : array-like of shape (n_rows,)
        Origin of each row.
    stage : ndarray of shape (n_rows,)
        Stages, NaN where unknown.
    clusters : array-like of shape (n_sets,)
        Cluster of each set, by first appearance, for the intervals.
    alpha : float, default=0.05
        Probability of a false report.

    Returns
    -------
    list of Preference
        The strongest first.

    References
    ----------
    Y. Benjamini, D. Yekutieli, "False discovery rate-adjusted multiple confidence intervals for
    selected parameters", JASA 100, 2005.
    """
    sets = index_sets(set_id)
    first = np.zeros(len(X), bool)
    first[sets.top_rows(np.asarray(scores, float))] = True
    looks: list[_Look] = []
    for one in directions():
        if one.column in X:
            value = measured(X, one, stage, project)
            looks.append(_look(one, value, np.asarray(y) == 1, first, sets))
    looks = [look for look in looks if look.sets >= LEAST_SETS]
    p = holm([look.p for look in looks])
    picked = [at for at in range(len(looks)) if p[at] <= alpha]
    level = 1 - alpha * len(picked) / max(1, len(looks))
    cluster = np.asarray(clusters)
    found = [_preference(looks[at], float(p[at]), cluster, level) for at in picked]
    # Projects that differ widen the interval, of which the test knows nothing.
    clear = (one for one in found if one.low > 0.5)
    return sorted(clear, key=lambda one: -one.share)


@dataclass(frozen=True)
class _Look:
    """A measure that is looked at: its share of each set, of the person and of the model."""

    direction: Direction
    chosen: Floats
    model: Floats
    p: float

    @property
    def sets(self) -> int:
        return int(np.isfinite(self.chosen).sum())


def _look(direction: Direction, value: Floats, chosen: Bools, first: Bools, sets: Sets) -> _Look:
    known: Ints = np.flatnonzero(np.isfinite(value))
    rank = pd.Series(value[known]).groupby(sets.codes[known]).rank().to_numpy(float)
    p = mantel_test(rank, chosen[known], sets.codes[known])
    return _Look(
        direction, share_below(value, chosen, sets), share_below(value, first, sets), p
    )  # fmt: skip


def _preference(look: _Look, p: float, clusters: ArrayLike, level: float) -> Preference:
    more = float(np.nanmean(look.chosen)) >= 0.5
    own, model = (part if more else 1 - part for part in (look.chosen, look.model))
    known = np.isfinite(own)
    drawn = np.asarray(clusters)[known]
    if len(np.unique(drawn)) < FEWEST_CLUSTERS:
        drawn = np.arange(len(drawn))
    low, high = bootstrap_interval(own[known], drawn, level=level)
    compared: Sequence[float] = model[np.isfinite(model)].tolist()
    direction = look.direction
    return Preference(
        direction.theme, direction.more if more else direction.less, direction.column,
        1 if more else -1, look.sets, float(np.nanmean(own)), low, high,
        float(np.mean(compared)) if compared else float("nan"), p,
    )  # fmt: skip
