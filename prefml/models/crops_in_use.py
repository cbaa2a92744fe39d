"""State how sure the crop model in use is of the crops that go along with suggested pictures."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from prefml._typing import Bools, Floats, Ints
from prefml.cropping import CropRegressor
from prefml.cropping.metrics import nearly_same
from prefml.cropping.out_of_fold import HeldOutCrops
from prefml.exceptions import ModelFileError
from prefml.features.tables import CropTable, crop_columns
from prefml.features.training_data import TrainingData
from prefml.models.hashes import decisions_hash
from prefml.models.store import ModelVersionWarning, load_pair, model_file
from prefml.ranking.approval import HeldOutSets
from prefml.ranking.reviewed import ScoredSets
from prefml.sidecars.store import Sidecars
from prefml.workspace import Workspace

__all__ = ["MIN_CROPS", "CropsInUse"]

# With fewer accepted sets whose crop is known, crops are no part of the joint error.
MIN_CROPS = 100


@dataclass(frozen=True)
class CropsInUse:
    """The crop model in use, trained on the very crops that are known.

    Attributes
    ----------
    model : CropRegressor
        Proposes for pictures that it has not learned from.
    held_out : HeldOutCrops
        Its held-out proposals for the rows of the table.
    table : CropTable
        The crops that it was trained on.
    sidecars : Sidecars
        Of all pictures.
    needs_pictures : bool
        Whether it was trained on cues and embeddings.
    """

    model: CropRegressor
    held_out: HeldOutCrops
    table: CropTable
    sidecars: Sidecars
    needs_pictures: bool

    @classmethod
    def open(
        cls, workspace: Workspace, data: TrainingData, scored: ScoredSets
    ) -> CropsInUse | None:
        """Open the crop model in use, if it can tell how often its crops are wrong.

        Parameters
        ----------
        workspace : Workspace
            Its artifacts hold the model.
        data : TrainingData
            Crops and sidecars.
        scored : ScoredSets
            Sets with which crops would go along.

        Returns
        -------
        CropsInUse or None
            None if there is no usable model, it was trained on other crops than are known now, or
            of fewer than `MIN_CROPS` winners the crop is known.
        """
        if data.sidecars is None:
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ModelVersionWarning)
                model, manifest = load_pair(workspace.artifacts / model_file("crop"), "crop")
        except ModelFileError:
            return None
        table, held_out = data.crops(), getattr(model, "held_out_", None)
        same = manifest.decisions_sha256 == decisions_hash(data.decisions.crops)
        if not same or held_out is None or len(held_out.boxes) != len(table):
            return None
        found = cls(model, held_out, table, data.sidecars, manifest.encoder is not None)
        return found if int(found.covers(scored).sum()) >= MIN_CROPS else None

    def add_to(self, held_out: HeldOutSets, scored: ScoredSets, scores: Floats) -> HeldOutSets:
        """Add the crops that would go along to what was stated of sets.

        Parameters
        ----------
        held_out : HeldOutSets
            Without crops.
        scored : ScoredSets
            Their pictures.
        scores : ndarray of shape (n_rows,)
            By which pictures are suggested.

        Returns
        -------
        HeldOutSets
            Of the rejected sets and of those whose winner's crop is known.
        """
        top = scored.best_rows(scores)
        label = self._labels(scored, top)
        known, probability, right = label >= 0, np.empty(len(top)), np.ones(len(top))
        own = self.held_out
        probability[known] = own.probability[label[known]]
        right[known] = nearly_same(self.table.boxes, own.boxes)[label[known]]
        probability[~known] = self._predict(scored, top[~known])
        stated = replace(held_out, crop=probability, cropped=right)
        return stated.take(self.covers(scored) | scored.is_rejected)

    def covers(self, scored: ScoredSets) -> Bools:
        """Tell the sets whose winner's crop is known.

        Parameters
        ----------
        scored : ScoredSets
            Accepted and rejected sets.

        Returns
        -------
        ndarray of bool, of shape (n_sets,)
        """
        winner = scored.best_rows(scored.column("y"))
        return ~scored.is_rejected & (self._labels(scored, winner) >= 0)

    def _labels(self, scored: ScoredSets, rows: Ints) -> Ints:
        """Return the row of the table that holds each picture's crop, -1 where it is unknown."""
        labels = pd.MultiIndex.from_arrays([self.table.project, self.table.filename])
        names = (scored.column(name)[rows] for name in ("project", "filename"))
        return np.asarray(labels.get_indexer(pd.MultiIndex.from_arrays(list(names))))

    def _predict(self, scored: ScoredSets, rows: Ints) -> Floats:
        """State the probability for pictures that the model has not learned from."""
        if not len(rows):
            return np.empty(0)
        project, filename, stage = (
            scored.column(name)[rows] for name in ("project", "filename", "stage")
        )
        found = self.sidecars.positions(project, filename)
        cues = self.sidecars.cues.iloc[found].reset_index(drop=True)
        size = cues[["width", "height"]].to_numpy(float)
        if not self.needs_pictures:
            return self.model.probability(crop_columns(size, stage))
        vectors = self.sidecars.embeddings[found]
        return self.model.probability(crop_columns(size, stage, vectors, cues))
