"""Compute features of the settings of the generator that made a picture, against the set.

Few pictures have any, and what a setting did in one project need not hold in the next: nested
cross-validation over projects decides whether a ranker uses them. Prompts are none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from prefml._typing import Bools, Floats, Texts
from prefml.features.relative import highest_stage, relative_cues
from prefml.sets import Sets
from prefml.sidecars.generator import NUMBERS, WORDS

__all__ = [
    "LEAST",
    "PREFIX",
    "encode_settings",
    "relative_settings",
    "setting_names",
    "settings_behind",
]

PREFIX = "setting"
"""Begins the names of all columns of settings."""
LEAST = 20
"""Pictures that must have a number, or a word, and be in two projects at least."""
# Words of a setting that get a column, the most frequent ones.
_MOST_WORDS = 8


def setting_names(settings: pd.DataFrame, project: Texts) -> list[str]:
    """Return the settings that can be learned from: those of many pictures of several projects.

    Parameters
    ----------
    settings : DataFrame of shape (n_pictures, n_settings)
        As of `prefml.sidecars.generator.generator_settings`.
    project : ndarray of shape (n_pictures,)
        The project of each picture.

    Returns
    -------
    list of str
        Names of numbers, and `SETTING=WORD` for each frequent word of the others.
    """
    numbers = [
        name for name in NUMBERS if _is_frequent(settings[name].notna().to_numpy(bool), project)
    ]
    return [
        *numbers,
        *(f"{name}={word}" for name in WORDS for word in _words(settings, name, project)),
    ]


def _words(settings: pd.DataFrame, name: str, project: Texts) -> Iterator[str]:
    column = settings[name].astype(str)
    words, counts = np.unique(column[column != ""].to_numpy(str), return_counts=True)
    for place in np.argsort(-counts, kind="stable")[:_MOST_WORDS]:
        if _is_frequent((column == words[place]).to_numpy(bool), project):
            yield str(words[place])


def _is_frequent(has: Bools, project: Texts) -> bool:
    return int(has.sum()) >= LEAST and len(set(project[has].tolist())) > 1


def encode_settings(settings: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Return settings as numbers.

    Parameters
    ----------
    settings : DataFrame of shape (n_pictures, n_settings)
        As of `prefml.sidecars.generator.generator_settings`.
    names : iterable of str
        As from `setting_names`.

    Returns
    -------
    DataFrame of shape (n_pictures, n_names)
        Numbers as they are; of a word 1 where a picture has it and 0 where it has another. NaN
        where the picture does not say.
    """
    columns = {}
    for name in names:
        setting, is_word, word = name.partition("=")
        column = settings[setting]
        if is_word:
            known = (column != "").to_numpy(bool)
            columns[name] = np.where(known, (column == word).to_numpy(float), np.nan)
        else:
            columns[name] = column.to_numpy(float)
    return pd.DataFrame(columns, index=settings.index)


def settings_behind(columns: Iterable[str]) -> list[str]:
    """Return the settings that columns are made of.

    Parameters
    ----------
    columns : iterable of str
        Names as `relative_settings` gives them.

    Returns
    -------
    list of str
        Names as `setting_names` gives them, each once.
    """
    return list(dict.fromkeys(name.partition("__")[2] for name in columns))


def relative_settings(encoded: pd.DataFrame, stage: Floats, sets: Sets) -> dict[str, Floats]:
    """Return settings as they are, against the set, against the lower stage, and of the highest.

    Parameters
    ----------
    encoded : DataFrame of shape (n_rows, n_names)
        As from `encode_settings`.
    stage : ndarray of shape (n_rows,)
        Stages, NaN where unknown.
    sets : Sets
        The grouping.

    Returns
    -------
    dict of str to ndarray of shape (n_rows,)
        Columns `setting__NAME`, `setting_mean__NAME`, `setting_lower__NAME` and
        `setting_top__NAME`. The last are those of the pictures of the set's highest stage and NaN
        for others, so that a linear score can tell when the highest stage loses.
    """
    values, names = encoded.to_numpy(np.float64), [str(name) for name in encoded.columns]
    columns = relative_cues(values, names, stage, sets, kind=PREFIX)
    is_top = stage == highest_stage(stage, sets)
    top = np.where(is_top[:, None], values, np.nan)
    return columns | {f"{PREFIX}_top__{name}": top[:, i] for i, name in enumerate(names)}
