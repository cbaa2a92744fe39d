"""Flag what looks odd about a set, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from prefml.prediction import PictureRows, Ranking
from prefml.prediction.flags import Flagging
from prefml.proposals.suggestions import Edges

__all__ = ["person_flags", "set_flags"]

# Two pictures closer than this in probability are a coin toss to the ranker.
_CLOSE = 0.1
# Stages of one picture are far more alike than this.
_DRIFTED = 0.6
_CLIPPED = 0.15
_ANOMALIES = {
    "hand_length": "a hand looks too large",
    "wrist": "a wrist looks warped",
    "limb": "an arm looks misaligned",
    "suspicion": "a hand looks malformed",
    "hand_length_drift": "a hand is of another size than in the other pictures",
    "wrist_drift": "a hand lies otherwise than in the other pictures",
    "limb_drift": "an arm or leg lies otherwise than in the other pictures",
}
# Flags people by their cues alone.
_BY_CUES = Flagging()


def set_flags(
    rows: PictureRows,
    best: int,
    ranking: Ranking | None,
    none_probability: float | None,
    duplicates: Sequence[str],
    people: Iterable[str] = (),
) -> list[str]:
    """Name what a person should look at twice.

    Parameters
    ----------
    rows : PictureRows
        The pictures of the set.
    best : int
        The suggested one.
    ranking : Ranking or None
        Their order.
    none_probability : float or None
        That the set is rejected whole.
    duplicates : sequence of str
        What looks the same elsewhere.
    people : iterable of str, optional
        What looks wrong about its people, as `person_flags` names it.

    Returns
    -------
    list of str
    """
    lower = np.nanmax([*rows.stage, -np.inf]) > rows.stage[best]
    close = False
    if ranking is not None:
        first, second = ranking.probabilities[list(ranking.order[:2])]
        close = first - second < _CLOSE
    names = [name for name in rows.cues.columns if name.startswith("clipped_")]
    clipped = (rows.cues.iloc[best][names].fillna(0) > _CLIPPED).any()
    found = [
        (lower, "a lower stage is suggested"),
        (close, "the first two are nearly equal"),
        ((none_probability or 0) > 0.5, "probably none is good"),
        (_drifted(rows), "the stages differ much"),
        (clipped, "large parts are pure black or white"),
        (bool(duplicates), "looks like another picture"),
    ]
    return [words for holds, words in found if holds] + [*people]


def person_flags(
    rows: PictureRows, picture: int, flagging: Flagging = _BY_CUES
) -> dict[str, Edges]:
    """Name what looks wrong about the people of a picture, and say where.

    Parameters
    ----------
    rows : PictureRows
        Pictures.
    picture : int
        Which of them.
    flagging : Flagging, optional
        Flags what looks wrong about people; by their cues alone by default.

    Returns
    -------
    dict of str to tuple of four floats
        The flag in words -> x1, y1, x2, y2 in fractions.
    """
    return {_ANOMALIES[name]: box for name, box in flagging.find(rows, picture).items()}


def _drifted(rows: PictureRows) -> bool:
    """Tell whether a stage has little in common with the one before it."""
    if len(rows) < 2 or np.isnan(rows.stage).any():
        return False
    ordered = rows.embeddings[np.argsort(rows.stage)].astype(float)
    lengths = np.linalg.norm(ordered, axis=1)
    dots = (ordered[1:] * ordered[:-1]).sum(axis=1)
    return bool((dots < _DRIFTED * lengths[1:] * lengths[:-1]).any())
