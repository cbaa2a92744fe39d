"""Compute features of a picture's people: what one looks at in a person, against the set.

They stand apart from the other cues, for most pictures have none of them: nested cross-validation
decides whether a ranker uses them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from prefml._typing import Floats
from prefml.features.relative import next_lower, relative_cues
from prefml.sets import Sets

__all__ = ["relative_people"]

# Cues as they are: quality of faces, eyes and hands, and what is there of a person.
_CUES = (
    "face_sharpness", "face_exposure", "face_contrast", "face_noise", "eyes_sharpness",
    "eyes_open", "eyes_unlike", "group_sharpness", "group_eyes_open", "hands_sharpness",
    "hands_exposure", "hands_contrast", "hands_noise", "face_count", "face_confidence",
    "face_share", "body_count", "body_visibility", "hand_count", "hand_length_anomaly",
    "wrist_anomaly", "limb_anomaly", "suspicion_anomaly", "person_share",
)  # fmt: skip
# Name -> a part, and the same cue of the whole picture, which is taken from it.
_AGAINST_THE_REST = {
    f"{part}_{name}_ahead": (f"{part}_{name}", name)
    for part in ("face", "eyes", "hands")
    for name in ("sharpness", "exposure", "contrast", "noise")
}
# Name -> prefix of the columns that tell how far a face is from the lower stage's.
_DRIFTS = {"face_look_drift": "face_look_", "face_shape_drift": "face_shape_"}


def relative_people(cues: pd.DataFrame, stage: Floats, sets: Sets) -> dict[str, Floats]:
    """Return the cues of people as they are, centered on the set's mean, and minus the lower stage.

    Parameters
    ----------
    cues : DataFrame of shape (n_rows, n_cues)
        All cues; those that are not there give no column.
    stage : ndarray of shape (n_rows,)
        Stages, NaN where unknown.
    sets : Sets
        The grouping.

    Returns
    -------
    dict of str to ndarray of shape (n_rows,)
        Columns `people__NAME`, `people_mean__NAME` and `people_lower__NAME`, NaN where nobody was
        found. `NAME_ahead` is a part against the whole picture. `people__face_look_drift` and
        `people__face_shape_drift` are the root mean squares of how far the look and the
        proportions of the largest face are from those of the next lower stage.
    """
    known = {name: cues[name].to_numpy(np.float64) for name in cues.columns}
    values = {name: known[name] for name in _CUES if name in known}
    values |= {
        name: known[part] - known[whole]
        for name, (part, whole) in _AGAINST_THE_REST.items()
        if part in known and whole in known
    }
    if not values:
        return {}
    table = np.column_stack(list(values.values()))
    columns = relative_cues(table, list(values), stage, sets, kind="people")
    below = next_lower(stage, sets)
    for name, prefix in _DRIFTS.items():
        own = [known[one] for one in known if one.startswith(prefix)]
        if own:
            face = np.column_stack(own)
            step = np.sqrt(((face - face[below]) ** 2).mean(axis=1))
            columns[f"people__{name}"] = np.where(below >= 0, step, np.nan)
    return columns
