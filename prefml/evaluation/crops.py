"""Held-out crops in numbers: the `crop` part of `metrics.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prefml._typing import Floats
from prefml.boxes import is_whole
from prefml.cropping.metrics import SIMILAR, cluster_interval, crop_scores, iou
from prefml.evaluation.crossval import HeldOutBoxes
from prefml.evaluation.folds import Folds
from prefml.evaluation.sets import choose_clusters
from prefml.features import CropTable

__all__ = ["CropRuns", "crop_metrics"]

# More sizes than this are grouped by megapixels.
_MOST_SIZES = 10
_MEGAPIXELS = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, np.inf)


@dataclass(frozen=True)
class CropRuns:
    """What all croppers said of all held-out rows.

    Attributes
    ----------
    table : CropTable
        The rows.
    folds : sequence of Folds
        One for each seed.
    runs : mapping of str to sequence of HeldOutBoxes
        Model -> one run for each seed; `prefml` is among them.
    """

    table: CropTable
    folds: Sequence[Folds]
    runs: Mapping[str, Sequence[HeldOutBoxes]]


def crop_metrics(done: CropRuns) -> dict[str, Any]:
    """Summarise the held-out crops of all models.

    Parameters
    ----------
    done : CropRuns
        What was said.

    Returns
    -------
    dict
        The `crop` part of `metrics.json`; numbers that do not exist are NaN.
    """
    table = done.table
    kind, cluster = choose_clusters(table.project, table.session_id, np.arange(len(table)))
    overlaps = {name: _mean_iou(table, runs) for name, runs in done.runs.items()}
    return {
        "rows": len(table),
        "projects": len(set(table.project)),
        "folds": len(done.folds[0].folds),
        "folds_by": done.folds[0].kind,
        "seeds": len(done.folds),
        "near_duplicates_purged": [folds.purged for folds in done.folds],
        "interval_by": "picture" if kind == "set" else kind,
        "kept_whole": float(is_whole(table.boxes).mean()),
        "models": {
            name: _model(table, runs, overlaps[name], cluster) for name, runs in done.runs.items()
        },
        "lead": {
            name: _lead(overlaps["prefml"] - values, cluster)
            for name, values in overlaps.items()
            if name != "prefml"
        },
        "by_project": _breakdown(table.project, overlaps),
        "by_size": _breakdown(_sizes(table.size), overlaps),
        "by_stage": _breakdown(_stages(table.stage), overlaps),
    }


def _mean_iou(table: CropTable, runs: Sequence[HeldOutBoxes]) -> Floats:
    return np.asarray(np.mean([iou(table.boxes, run.boxes) for run in runs], axis=0))


def _model(
    table: CropTable, runs: Sequence[HeldOutBoxes], overlap: Floats, cluster: NDArray[Any]
) -> dict[str, Any]:
    each = [_scores_of(table, run) for run in runs]
    medians = {name: float(np.median([scores[name] for scores in each])) for name in each[0]}
    return {
        **medians,
        "iou_ci": list(cluster_interval(overlap, cluster)),
        "iou_by_seed": [scores["iou"] for scores in each],
    }


def _scores_of(table: CropTable, run: HeldOutBoxes) -> dict[str, Any]:
    scores: dict[str, Any] = dict(crop_scores(table.boxes, run.boxes))
    scores.pop("iou_ci")
    scores["similar"] = float((iou(table.boxes, run.boxes) > SIMILAR).mean())
    scores["band_coverage"] = np.nan if run.band_coverage is None else run.band_coverage
    return {**scores, "fit_seconds": run.fit_seconds}


def _lead(difference: Floats, cluster: NDArray[Any]) -> dict[str, Any]:
    return {"iou": float(difference.mean()), "iou_ci": list(cluster_interval(difference, cluster))}


def _breakdown(labels: NDArray[Any], overlaps: Mapping[str, Floats]) -> dict[str, dict[str, Any]]:
    return {
        str(label): {
            "rows": int((labels == label).sum()),
            "iou": {
                name: float(values[labels == label].mean()) for name, values in overlaps.items()
            },
        }
        for label in dict.fromkeys(sorted(labels.tolist()))
    }


def _sizes(size: Floats) -> NDArray[Any]:
    names = np.array([f"{round(width)} x {round(height)}" for width, height in size], dtype=object)
    if len(set(names)) <= _MOST_SIZES:
        return names
    bins = np.digitize(size.prod(axis=1) / 1e6, _MEGAPIXELS[1:-1])
    labels = [
        f"from {low:g} megapixels" if high == np.inf else f"{low:g} to {high:g} megapixels"
        for low, high in pairwise(_MEGAPIXELS)
    ]
    return np.asarray(np.array(labels, dtype=object)[bins])


def _stages(stage: Floats) -> NDArray[Any]:
    return np.array(
        ["no stage" if np.isnan(value) else f"stage {value:g}" for value in stage], dtype=object
    )
