"""Find the settings that lose or win sets, corrected for looking at many of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, rankdata

from prefml._typing import Bools, Floats, Texts
from prefml.intervals import clopper_pearson_lower, clopper_pearson_upper

__all__ = ["LEAST", "SettingEffect", "holm", "mantel_test", "setting_effects"]

LEAST = 20
"""Pictures on either side of a setting without which it is not looked at."""


@dataclass(frozen=True)
class SettingEffect:
    """Effect of a setting on whether pictures of a stage are kept.

    Attributes
    ----------
    stage : float or None
        The stage; None for pictures without one.
    setting : str
        Name of the setting.
    above : float or None
        Pictures whose number lies above this, the median, are meant; None for a word.
    word : str
        Pictures with this word are meant; empty for a number.
    sets : int
        Sets with such a picture.
    lost : float
        Share of these sets in which another picture was kept.
    low, high : float
        Its interval, at a level that accounts for the effects having been picked out.
    otherwise : float
        The share among the other pictures of that stage.
    p : float
        Probability of as much or more by chance in any of all that was looked at.
    """

    stage: float | None
    setting: str
    above: float | None
    word: str
    sets: int
    lost: float
    low: float
    high: float
    otherwise: float
    p: float


@dataclass(frozen=True)
class _Look:
    """A setting that is looked at, with the rows that have it."""

    stage: float | None
    setting: str
    above: float | None
    word: str
    rows: NDArray[np.intp]
    meant: Bools
    value: Floats


def setting_effects(
    settings: pd.DataFrame,
    lost: ArrayLike,
    stage: ArrayLike,
    project: ArrayLike,
    set_id: ArrayLike,
    alpha: float = 0.05,
) -> list[SettingEffect]:
    """Find the settings that go with losing or winning, inside projects.

    Each number and each frequent word is looked at once for each stage, by the stratified
    correlation test of `mantel_test`; Holm's correction keeps the probability of reporting
    anything where nothing is below `alpha`. The pictures above the median of a number stand for
    it, so that no threshold was searched for; the intervals are those of selected effects.

    Parameters
    ----------
    settings : DataFrame of shape (n_rows, n_settings)
        Numbers, NaN where unknown, or words, empty where unknown.
    lost : array-like of shape (n_rows,)
        1 where another picture of the set was kept.
    stage : array-like of shape (n_rows,)
        Stages, NaN where unknown.
    project, set_id : array-like of shape (n_rows,)
        Origin of each row. A stage is compared between the sets of a project that have one
        picture of it; pictures without a stage are compared inside their sets.
    alpha : float, default=0.05
        Probability of a false report.

    Returns
    -------
    list of SettingEffect
        The most certain first.

    References
    ----------
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6, 1979. Y. Benjamini, D. Yekutieli, "False discovery rate-adjusted multiple
    confidence intervals for selected parameters", JASA 100, 2005.
    """
    outcome, sets = np.asarray(lost, float), np.asarray(set_id, object)
    strata = {False: np.asarray(project, object), True: sets}
    looks = list(_looks(settings, np.asarray(stage, float), sets))
    found = [
        mantel_test(one.value, outcome[one.rows], strata[one.stage is None][one.rows])
        for one in looks
    ]
    p = holm(found)
    picked = [at for at in np.argsort(p, kind="stable") if p[at] <= alpha]
    level = alpha * len(picked) / max(1, len(looks))
    return [_effect(looks[at], outcome, sets, float(p[at]), level) for at in picked]


def _looks(settings: pd.DataFrame, stage: Floats, set_id: Texts) -> Iterator[_Look]:
    """Yield every setting of every stage that has enough pictures on either side."""
    stages: list[float | None] = [None, *map(float, np.unique(stage[np.isfinite(stage)]))]
    for named in stages:
        here = np.flatnonzero(np.isnan(stage) if named is None else stage == named)
        _, home, count = np.unique(
            set_id[here].astype(str), return_inverse=True, return_counts=True
        )
        rows = here if named is None else here[count[home] == 1]
        for setting in settings.columns:
            column = settings[setting].iloc[rows]
            if pd.api.types.is_numeric_dtype(column):
                yield from _number(named, str(setting), column.to_numpy(float), rows)
            else:
                yield from _words(named, str(setting), column.astype(str).to_numpy(object), rows)


def _number(
    stage: float | None, setting: str, value: Floats, rows: NDArray[np.intp]
) -> Iterator[_Look]:
    known = np.isfinite(value)
    if not known.any():
        return
    middle = float(np.median(value[known]))
    meant = value[known] > middle
    if min(meant.sum(), (~meant).sum()) >= LEAST:
        yield _Look(stage, setting, middle, "", rows[known], meant, rankdata(value[known]))


def _words(
    stage: float | None, setting: str, value: Texts, rows: NDArray[np.intp]
) -> Iterator[_Look]:
    known = value != ""
    words, counts = np.unique(value[known].astype(str), return_counts=True)
    frequent = [(w, n) for w, n in zip(words, counts, strict=True)
                if LEAST <= n <= known.sum() - LEAST]  # fmt: skip
    # Of two words one is the other turned around.
    for word, _ in frequent[: len(words) - 1]:
        meant = value[known] == word
        yield _Look(stage, setting, None, str(word), rows[known], meant, meant.astype(float))


def mantel_test(value: ArrayLike, outcome: ArrayLike, stratum: ArrayLike) -> float:
    """Test whether a value goes with an outcome inside strata.

    Parameters
    ----------
    value, outcome : array-like of shape (n,)
        Numbers; either may be 0 and 1.
    stratum : array-like of shape (n,)
        Inside each the values are exchangeable if there is no effect.

    Returns
    -------
    float
        Probability of as much correlation by chance; 1 where nothing varies.

    References
    ----------
    N. Mantel, "Chi-square tests with one degree of freedom; extensions of the Mantel-Haenszel
    procedure", JASA 58, 1963.
    """
    code = pd.factorize(np.asarray(stratum, object))[0]
    count = np.bincount(code)
    x, y = (
        one - (np.bincount(code, one) / count)[code]
        for one in (np.asarray(value, float), np.asarray(outcome, float))
    )
    spread = np.bincount(code, x * x) * np.bincount(code, y * y) / np.maximum(count - 1, 1)
    variance = float(spread.sum())
    return 1.0 if variance <= 0 else float(chi2.sf(float(x @ y) ** 2 / variance, 1))


def holm(p: Sequence[float]) -> Floats:
    """Adjust probabilities for being several, by Holm's method.

    Parameters
    ----------
    p : sequence of float
        Probability of each test by itself.

    Returns
    -------
    ndarray of shape (n,)
        To be held against the level of all tests together.

    References
    ----------
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6, 1979.
    """
    raw = np.asarray(p, float)
    order = np.argsort(raw, kind="stable")
    adjusted = np.empty(len(raw))
    adjusted[order] = np.maximum.accumulate(raw[order] * np.arange(len(raw), 0, -1))
    return np.minimum(adjusted, 1.0)


def _effect(look: _Look, outcome: Floats, sets: Texts, p: float, level: float) -> SettingEffect:
    lost = outcome[look.rows]
    # Of one set the pictures are no cases of their own: those that stand alone for it count.
    _, home, count_in = np.unique(
        sets[look.rows][look.meant].astype(str), return_inverse=True, return_counts=True
    )
    cases = lost[look.meant][count_in[home] == 1]
    hits, count = float(cases.sum()), len(cases)
    bounds: list[Any] = [
        bound(hits, count, level / 2) for bound in (clopper_pearson_lower, clopper_pearson_upper)
    ]
    low, high = map(float, bounds)
    otherwise = float(lost[~look.meant].mean())
    return SettingEffect(
        look.stage, look.setting, look.above, look.word, count, hits / max(count, 1), low, high,
        otherwise, p,
    )  # fmt: skip
