"""Join the tags that a person set with what was measured of the people in each picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from prefml._typing import Bools, Floats, Texts
from prefml.decisions.tags import FLAG_TAGS
from prefml.sidecars.store import Sidecars

__all__ = ["TagTable", "flag_columns", "tag_table"]

# What is measured of hands, besides the anomalies.
_BESIDE = ("hand_count", "body_visibility", "hands_sharpness")


@dataclass(frozen=True)
class TagTable:
    """Pictures that a person looked at; entry i of every attribute is the same picture.

    Attributes
    ----------
    cues : DataFrame of shape (n_pictures, n_cues)
        What was measured of it.
    tagged : dict of str to ndarray of bool, of shape (n_pictures,)
        Anomaly -> whether the picture bears one of its tags.
    project : ndarray of shape (n_pictures,)
        Its project.
    """

    cues: pd.DataFrame
    tagged: dict[str, Bools]
    project: Texts

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.project)


def tag_table(tags: pd.DataFrame, sidecars: Sidecars) -> TagTable:
    """Join tags with the sidecar rows of their pictures; those without a row are left out.

    Parameters
    ----------
    tags : DataFrame
        As `prefml.decisions.tags.read_tags` returns it.
    sidecars : Sidecars
        The cues.

    Returns
    -------
    TagTable
    """
    project = tags["project"].to_numpy(object)
    position = sidecars.positions(project, tags["filename"].to_numpy(object))
    known = position >= 0
    tagged = {name: tags[name].to_numpy(bool)[known] for name in FLAG_TAGS}
    cues = sidecars.cues.iloc[position[known]].reset_index(drop=True)
    return TagTable(cues, tagged, project[known])


def flag_columns(cues: pd.DataFrame, flag: str) -> Floats:
    """Return what the model of a flag looks at.

    Parameters
    ----------
    cues : DataFrame of shape (n_pictures, n_cues)
        The cues; those that are not there are missing.
    flag : str
        Name of an anomaly.

    Returns
    -------
    ndarray of shape (n_pictures, n_columns)
        Its own score first, then the other scores and what else is known of hands.
    """
    own = f"{flag}_anomaly"
    others = [f"{name}_anomaly" for name in FLAG_TAGS if name != flag]
    names = [own, *others, *_BESIDE]
    return np.asarray(cues.reindex(columns=names).to_numpy(np.float64))
