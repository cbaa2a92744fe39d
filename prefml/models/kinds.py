"""Declare the kinds of model: rankers, croppers, and what tells rejected sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
import pandas as pd

from prefml._typing import Bools, Floats, Texts
from prefml.cropping import CropRegressor
from prefml.cropping.metrics import iou
from prefml.decisions import Decisions
from prefml.exceptions import NotEnoughDataError
from prefml.features.rejections import RejectionTable
from prefml.features.tables import ChoiceTable, CropTable
from prefml.features.training_data import MIN_DECISIONS, TrainingData
from prefml.models.store import model_file
from prefml.ranking import HighestStage, PerProjectRanker, SetRanker, default_ranker
from prefml.ranking.metrics import lower_stage_top1, top1, top1_by_set
from prefml.ranking.per_project import scores_by_project
from prefml.ranking.rejection import RejectionModel, cross_fit_rejections, rejection_metrics

__all__ = [
    "BY_NAME",
    "CROP",
    "MIN_DECISIONS",
    "RANKER",
    "REJECTION",
    "AnyKind",
    "Kind",
    "M",
    "Ranker",
    "T",
    "Table",
    "per_project_kind",
]

Ranker: TypeAlias = SetRanker | PerProjectRanker
Table: TypeAlias = ChoiceTable | CropTable | RejectionTable
M = TypeVar("M", Ranker, CropRegressor, RejectionModel)
T = TypeVar("T", ChoiceTable, CropTable, RejectionTable)


@dataclass(frozen=True)
class Kind(Generic[M, T]):
    """Kind of model: how it is made, fitted, scored and counted.

    Attributes
    ----------
    name : {"ranker", "crop", "rejection"}
        As in manifests.
    unit : str
        The plural of what a decision is, such as `sets` or `crops`.
    rows : callable
        Decisions -> the frame of those it learns from.
    table : callable
        Training data -> the table it learns from; raises `NotEnoughDataError`.
    make : callable
        -> an estimator that is not fitted.
    fit : callable
        Estimator, table, rows (ndarray of bool, shape (n_rows,)) -> the estimator, fitted on them.
    score : callable
        Fitted estimator, table, rows -> ndarray of one score in [0, 1] for each decision among the
        rows, in order of appearance; larger is better.
    decision_ids : callable
        Table -> ndarray of shape (n_rows,), the decision that each row belongs to.
    counts : callable
        Fitted estimator, table -> what its manifest says of the data.
    fold_scores : callable
        Fitted estimator, table -> scores of the inner folds, each of rows not learned from.
    """

    name: str
    unit: str
    rows: Callable[[Decisions], pd.DataFrame]
    table: Callable[[TrainingData], T]
    make: Callable[[], M]
    fit: Callable[[M, T, Bools], M]
    score: Callable[[M, T, Bools], Floats]
    decision_ids: Callable[[T], Texts]
    counts: Callable[[M, T], dict[str, int]]
    fold_scores: Callable[[M, T], dict[str, float]]

    @property
    def file(self) -> str:
        """Name of the model's file."""
        return model_file(self.name)

    def usable_table(self, data: TrainingData) -> T:
        """Return the table, refusing one with too few decisions to learn from.

        Parameters
        ----------
        data : TrainingData
            The decisions and what is known of their pictures.

        Returns
        -------
        ChoiceTable, CropTable or RejectionTable

        Raises
        ------
        NotEnoughDataError
            If there are fewer than `MIN_DECISIONS` decisions.
        """
        table = self.table(data)
        found = len(np.unique(self.decision_ids(table).astype(str)))
        if found >= MIN_DECISIONS:
            return table
        left_out = sorted(table.left_out.items())
        why = ", ".join(f"{n} left out for {reason}" for reason, n in left_out)
        needed = f"at least {MIN_DECISIONS} are needed"
        # Where embedding finds no more pictures, ingesting tells which ones are not there.
        embed = "prefml embed, then " if "no_sidecar" in table.left_out else ""
        raise NotEnoughDataError(
            f"{found} {self.unit}, {needed}{f' ({why})' if why else ''}",
            None,
            f"{embed}prefml ingest",
        )


def _fit_ranker(model: Ranker, table: ChoiceTable, rows: Bools) -> Ranker:
    return model.fit(
        table.X[rows],
        table.y[rows],
        set_id=table.set_id[rows],
        groups=table.project[rows],
        sample_weight=table.weight[rows],
        calibration_weight=1 / table.inclusion[rows],
        cluster_id=table.cluster_id[rows],
        hashes=table.hashes[rows],
    )


def _score_choices(model: Ranker, table: ChoiceTable, rows: Bools) -> Floats:
    """Score 1 for each set whose first is the person's choice, a fraction where it is tied."""
    scores = scores_by_project(model, table.X[rows], table.project[rows])
    return np.asarray(top1_by_set(table.y[rows], scores, table.set_id[rows]))


def _count_choices(model: Ranker, table: ChoiceTable) -> dict[str, int]:
    projects = len(np.unique(table.project))
    counts = {"sets": table.n_sets, "images": len(table), "projects": projects}
    if isinstance(model, PerProjectRanker):
        counts["projects_with_their_own"] = len(model.own_)
    return counts


def _choice_fold_scores(model: Ranker, table: ChoiceTable) -> dict[str, float]:
    """Score the inner folds; they hold out whole projects, or sets where there is one project."""
    if model.out_of_fold_ is None:
        return {}
    found = {
        "top1": top1(table.y, model.out_of_fold_, table.set_id),
        "top1_random": top1(table.y, np.zeros(len(table)), table.set_id),
        "lower_stage_top1": lower_stage_top1(
            table.y, model.out_of_fold_, table.set_id, table.stage
        ),
    }
    if np.isfinite(table.stage).any():
        highest = HighestStage().fit(table.X, table.y, set_id=table.set_id).predict(table.X)
        found["top1_highest_stage"] = top1(table.y, highest, table.set_id)
    return _rounded(found)


def _fit_cropper(model: CropRegressor, table: CropTable, rows: Bools) -> CropRegressor:
    # With one project its sessions are held out in turn instead.
    one_project = len(np.unique(table.project)) < 2
    groups = table.session_id if one_project else table.project
    return model.fit(
        table.X[rows],
        table.boxes[rows],
        size=table.size[rows],
        groups=groups[rows],
        sample_weight=table.weight[rows],
    )


def _score_crops(model: CropRegressor, table: CropTable, rows: Bools) -> Floats:
    """Score each predicted box by its intersection over union with the person's."""
    boxes = model.predict(table.X[rows], size=table.size[rows])
    return np.asarray(iou(boxes, table.boxes[rows]), float)


def _score_rejections(model: RejectionModel, table: RejectionTable, rows: Bools) -> Floats:
    """Score 1 less the squared error of the stated probability, so that larger is better."""
    stated = model.predict_sets(table.features[rows])
    return np.asarray(1 - (stated - table.rejected[rows]) ** 2)


def _rejection_fold_scores(model: RejectionModel, table: RejectionTable) -> dict[str, float]:
    stated = cross_fit_rejections(table.features, table.rejected, table.project, table.weight)
    return _rounded(rejection_metrics(stated, table.rejected, table.weight))


def _table_of_ranker(data: TrainingData) -> RejectionTable:
    raise NotEnoughDataError(
        "no ranker's scores to learn from", "training together with the ranker", "prefml train"
    )


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {n: round(float(value), 4) for n, value in scores.items() if np.isfinite(value)}


RANKER: Kind[Ranker, ChoiceTable] = Kind(
    name="ranker",
    unit="sets",
    rows=lambda decisions: decisions.items,
    table=TrainingData.choices,
    make=default_ranker,
    fit=_fit_ranker,
    score=_score_choices,
    decision_ids=lambda table: table.set_id,
    counts=_count_choices,
    fold_scores=_choice_fold_scores,
)
CROP: Kind[CropRegressor, CropTable] = Kind(
    name="crop",
    unit="crops",
    rows=lambda decisions: decisions.crops,
    table=TrainingData.crops,
    make=partial(CropRegressor, n_jobs=-1),
    fit=_fit_cropper,
    score=_score_crops,
    decision_ids=lambda table: np.arange(len(table)).astype(str).astype(object),
    counts=lambda model, table: {"crops": len(table), "projects": len(np.unique(table.project))},
    fold_scores=lambda model, table: _rounded(
        {f"iou_{name}": value for name, value in model.inner_iou_.items()}
    ),
)
# Its table is made from a ranker's scores, see `prefml.models.rejections`.
REJECTION: Kind[RejectionModel, RejectionTable] = Kind(
    name="rejection",
    unit="reviewed sets",
    rows=lambda decisions: pd.concat([decisions.items, decisions.rejections]),
    table=_table_of_ranker,
    make=RejectionModel,
    fit=lambda model, table, rows: model.fit_sets(
        table.features[rows], table.rejected[rows], table.weight[rows], table.names
    ),
    score=_score_rejections,
    decision_ids=lambda table: table.set_id,
    counts=lambda model, table: {
        "reviewed_sets": len(table),
        "rejected": int(table.rejected.sum()),
        "projects": len(np.unique(table.project)),
    },
    fold_scores=_rejection_fold_scores,
)
# A function that is told a kind by its name cannot know which of them it gets.
AnyKind: TypeAlias = Kind[Any, Any]
BY_NAME: Mapping[str, AnyKind] = {kind.name: kind for kind in (RANKER, CROP, REJECTION)}


def per_project_kind() -> Kind[Ranker, ChoiceTable]:
    """Return the ranker's kind with a further ranker for each project with choices enough.

    Returns
    -------
    Kind
        `RANKER`, but it makes `PerProjectRanker`.
    """
    return replace(RANKER, make=lambda: PerProjectRanker(default_ranker()))
