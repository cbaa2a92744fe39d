"""Estimate how likely the person is to reject a whole set, from reviewed sets."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd

from prefml._typing import Floats
from prefml.decisions import Decisions
from prefml.features.tables import image_rows
from prefml.prediction import PictureRows
from prefml.ranking.rejection import RejectionModel
from prefml.sidecars.store import Sidecars

__all__ = ["NoneGood", "Scorer", "learn_none_good"]


class Scorer(Protocol):
    """A ranker, as far as it is needed here."""

    def predict(self, X: pd.DataFrame) -> Floats:
        """Return a score for each row."""
        ...


class NoneGood:
    """Probability that no picture of a set is good.

    Parameters
    ----------
    ranker : estimator or None
        Scores the pictures; without one nothing was learned.
    model : RejectionModel or None
        None: nothing has been reviewed yet.
    """

    def __init__(self, ranker: Scorer | None, model: RejectionModel | None) -> None:
        self.ranker, self.model = ranker, model

    def probability(self, rows: PictureRows) -> float | None:
        """Return the probability for one set.

        Parameters
        ----------
        rows : prefml.prediction.PictureRows
            The pictures of the set.

        Returns
        -------
        float or None
            None while nothing has been reviewed.
        """
        if self.ranker is None or self.model is None:
            return None
        one = np.zeros(len(rows), int)
        X = image_rows(rows.embeddings, rows.cues, rows.stage, one)
        return float(self.model.predict_probability(X, self.ranker.predict(X), one)[0])


def learn_none_good(
    ranker: Scorer | None, decisions: Decisions, sidecars: Sidecars, reviewed_in: str
) -> NoneGood:
    """Learn from the sets that were reviewed: those with a winner and those rejected whole.

    Logs are left out, because they hold no rejections.

    Parameters
    ----------
    ranker : estimator or None
        The ranker in use.
    decisions : Decisions
        All decisions.
    sidecars : Sidecars
        What is known of the pictures.
    reviewed_in : str
        Name of the file of reviewed decisions, as in the frames' column `source`.

    Returns
    -------
    NoneGood
    """
    kept = decisions.items[decisions.items["source"] == reviewed_in].assign(rejected=False)
    frame = pd.concat([kept, decisions.rejections.assign(rejected=True)], ignore_index=True)
    rows = sidecars.positions(frame["project"], frame["filename"])
    # A set of which a picture is unknown is not described.
    whole = pd.Series(rows >= 0).groupby(frame["set_id"].to_numpy()).transform("all").to_numpy(bool)
    size = frame.groupby("set_id")["filename"].transform("size").to_numpy() if len(frame) else rows
    used = whole & (size > 1)
    if ranker is None or not used.any():
        return NoneGood(ranker, None)
    frame, rows = frame[used].reset_index(drop=True), rows[used]
    sets = frame["set_id"].to_numpy(str)
    stage = sidecars.index["stage"].to_numpy(float)[rows]
    cues = sidecars.cues.iloc[rows].reset_index(drop=True)
    X = image_rows(sidecars.embeddings[rows], cues, stage, sets)
    model = RejectionModel().fit(X, ranker.predict(X), frame["rejected"].to_numpy(bool), sets)
    return NoneGood(ranker, model)
