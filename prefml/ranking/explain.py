"""Explain the winner of a set by additive contributions, grouped into themes a person knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from prefml._typing import Floats, Ints
from prefml.sets import Sets

__all__ = ["Direction", "Explanation", "Reason", "directions", "explain_set", "mean_importance",
           "theme_of"]  # fmt: skip


@dataclass(frozen=True)
class Reason:
    """Theme that speaks for or against the winner, with its contribution.

    Attributes
    ----------
    name : str
        In words, such as "sharper".
    contribution : float
        Its part of the difference of the scores; negative: it speaks for the runner-up.
    """

    name: str
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """Reasons for which a row of a set is ranked first.

    Attributes
    ----------
    set_id : object
        The set.
    winner, runner_up : int
        Row numbers.
    difference : float
        Score of the winner minus score of the runner-up.
    reasons : tuple of Reason
        Largest contribution first, in absolute value; they add up to `difference`.
    """

    set_id: object
    winner: int
    runner_up: int
    difference: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class _Theme:
    """Columns that mean one thing: its name, and its words when a lead column is more or less."""

    name: str
    prefixes: tuple[str, ...]
    lead: str = ""
    more: str = ""
    less: str = ""


# A column belongs to the first theme with a prefix of the column's name, once the kind of column
# (`cue__`, `cue_mean__`, ...) is taken off; of columns of people `people_` is left, of
# those of a generator's settings `setting_`.
_THEMES = (
    _Theme("size of the set", ("set_size",)),
    _Theme(
        "closeness to the set", ("near__",), "near__centroid",
        "further from the set's other pictures", "closer to the set's other stages",
    ),
    _Theme(
        "change from the stage below", ("novelty__",), "novelty__step",
        "an unusual change from the stage below", "the usual change from the stage below",
    ),
    _Theme("stage", ("stage",), "stage", "higher stage", "lower stage"),
    _Theme("eyes", ("people_eyes", "people_group_eyes"), "people__eyes_open", "eyes more open",
           "eyes less open"),
    _Theme("face", ("people_face", "people_group"), "people__face_sharpness", "sharper face",
           "softer face"),
    _Theme("hands and body", ("people",)),
    _Theme("denoise", ("setting_denoise",), "setting__denoise", "higher denoise", "lower denoise"),
    _Theme("steps", ("setting_steps",), "setting__steps", "more steps", "fewer steps"),
    _Theme("cfg", ("setting_cfg",), "setting__cfg", "higher cfg", "lower cfg"),
    *(_Theme(name, (f"setting_{name}",)) for name in ("model", "sampler", "scheduler", "upscaler")),
    _Theme("generator", ("setting",)),
    _Theme("content", ("emb",)),
    _Theme(
        "composition",
        ("saliency", "detail_x", "detail_y", "detail_spread", "detail_centre", "border", "face",
         "layout", "light_centre", "center_", "centre_", "sharpness_center"),
    ),
    _Theme("natural look", ("nss", "spectrum")),
    _Theme(
        "noise", ("noise", "blocking", "blockiness", "high_frequency"), "cue__noise",
        "more grain", "less noise",
    ),
    _Theme(
        "contrast", ("contrast",), "cue__contrast_local", "stronger local contrast",
        "gentler local contrast",
    ),
    _Theme(
        "sharpness", ("sharp", "detail", "edge", "band", "reblur", "gradient"),
        "cue__detail_high", "sharper", "softer",
    ),
    _Theme(
        "exposure",
        ("light", "exposure", "luma", "clipped", "dark", "haze", "entropy"),
        "cue__light_p50", "brighter", "darker",
    ),
    _Theme(
        "colour",
        ("colour", "chroma", "rg", "by", "satur", "hue", "warmth", "tint"), "cue__chroma_p50",
        "richer colour", "calmer colour",
    ),
    _Theme("size", ("width", "height", "aspect", "megapixels")),
)  # fmt: skip
_OTHER = _Theme("other", ())


class Direction(NamedTuple):
    """Column that a person can see in a picture, with words for more and less of it.

    Attributes
    ----------
    theme : str
        What it is a measure of.
    column : str
        Name of the column.
    more, less : str
        Such as "sharper" and "softer".
    """

    theme: str
    column: str
    more: str
    less: str


def directions() -> list[Direction]:
    """Return the columns by which two pictures of a set can be compared in plain words.

    Returns
    -------
    list of Direction
        Without those that say how a picture stands to the others of its set.
    """
    hidden = ("near__", "novelty__")
    return [
        Direction(theme.name, theme.lead, theme.more, theme.less)
        for theme in _THEMES
        if theme.lead and not theme.lead.startswith(hidden)
    ]


def theme_of(column: str) -> str:
    """Return the name of the theme that a column belongs to.

    Parameters
    ----------
    column : str
        Name of a column, such as `cue_mean__sharpness`.

    Returns
    -------
    str
    """
    return _theme(column).name


def _theme(column: str) -> _Theme:
    kind, separator, bare = column.partition("__")
    family = next((one for one in ("people", "setting") if kind.startswith(one)), None)
    if family is not None:
        bare = f"{family}_{bare}"
    elif not separator or not kind.startswith("cue"):
        bare = column
    return next((theme for theme in _THEMES if bare.startswith(theme.prefixes)), _OTHER)


def explain_set(
    set_id: object, rows: Ints, X: Floats, contributions: Floats, columns: Sequence[str]
) -> Explanation:
    """Explain the difference of the two highest scores of a set.

    Parameters
    ----------
    set_id : object
        The set.
    rows : ndarray of shape (n,)
        Row numbers of its members.
    X : ndarray of shape (n, n_columns)
        Their features.
    contributions : ndarray of shape (n, n_columns + 1)
        Contribution of each column to each score, and a constant.
    columns : sequence of str
        Names of the columns.

    Returns
    -------
    Explanation
    """
    scores = contributions.sum(axis=1)
    first, second = np.argsort(-scores, kind="stable")[:2]
    gap = contributions[first] - contributions[second]
    step = dict(zip(columns, X[first] - X[second], strict=True))
    sums: dict[_Theme, float] = {}
    for name, value in zip(columns, gap[:-1], strict=True):
        if value != 0:
            theme = _theme(name)
            sums[theme] = sums.get(theme, 0.0) + float(value)
    reasons = [Reason(_wording(theme, step), value) for theme, value in sums.items()]
    reasons.sort(key=lambda reason: -abs(reason.contribution))
    return Explanation(
        set_id, int(rows[first]), int(rows[second]), float(scores[first] - scores[second]),
        tuple(reasons),
    )  # fmt: skip


def _wording(theme: _Theme, step: dict[str, float]) -> str:
    change = step.get(theme.lead, 0.0)
    if not change or np.isnan(change):
        return theme.name
    return theme.more if change > 0 else theme.less


def mean_importance(contributions: Floats, sets: Sets, columns: Sequence[str]) -> dict[str, float]:
    """Return the share of each theme in how scores differ inside sets.

    Parameters
    ----------
    contributions : ndarray of shape (n_rows, n_columns)
        Contribution of each column to each score.
    sets : Sets
        The grouping of the rows.
    columns : sequence of str
        Names of the columns.

    Returns
    -------
    dict of str to float
        Largest first.
    """
    themes = [theme_of(name) for name in columns]
    inside = contributions - sets.mean(contributions)[sets.codes]
    found = {}
    for theme in dict.fromkeys(themes):
        chosen = [i for i, name in enumerate(themes) if name == theme]
        found[theme] = float(np.abs(inside[:, chosen].sum(axis=1)).mean())
    total = sum(found.values()) or 1.0
    return dict(sorted(((k, v / total) for k, v in found.items()), key=lambda pair: -pair[1]))
