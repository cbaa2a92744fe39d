"""Summarize held-out crops: the `crop` part of `metrics.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from prefml._typing import Bools, Floats, Labels, Texts
from prefml.boxes import SAME_EDGE, is_whole
from prefml.cropping.geometry import areas
from prefml.cropping.metrics import SIMILAR, crop_scores, iou
from prefml.evaluation.crossval import HeldOutBoxes
from prefml.evaluation.folds import Folds
from prefml.evaluation.schema import CropBreakdown, CropMetrics, CropperScores
from prefml.evaluation.sets import choose_clusters
from prefml.features import CropTable
from prefml.ranking.metrics import bootstrap_interval

__all__ = ["LEAST_CROPS", "CropRuns", "crop_habits", "crop_metrics"]

LEAST_CROPS = 20
"""Crops without which nothing is said of how a person crops."""

# More sizes than this are grouped by megapixels.
_MOST_SIZES = 10
_MEGAPIXELS = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, np.inf)


@dataclass(frozen=True)
class CropRuns:
    """Held-out boxes of all croppers on the same folds.

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


def crop_metrics(done: CropRuns) -> CropMetrics:
    """Summarize the held-out crops of all models.

    Parameters
    ----------
    done : CropRuns
        Held-out boxes of `prefml` and of others.

    Returns
    -------
    CropMetrics
        Numbers that do not exist are NaN.
    """
    table = done.table
    kind, cluster = choose_clusters(table.project, table.session_id, np.arange(len(table)))
    overlaps = {
        name: np.mean([iou(table.boxes, run.boxes) for run in runs], axis=0)
        for name, runs in done.runs.items()
    }
    leads = {n: overlaps["prefml"] - v for n, v in overlaps.items() if n != "prefml"}
    stages = ["no stage" if np.isnan(value) else f"stage {value:g}" for value in table.stage]
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
            name: _scores(table, runs, overlaps[name], cluster) for name, runs in done.runs.items()
        },
        "lead": {
            name: {
                "iou": float(lead.mean()),
                "iou_ci": list(bootstrap_interval(lead, cluster)),
            }
            for name, lead in leads.items()
        },
        "by_project": _breakdown(table.project, overlaps),
        "by_size": _breakdown(_sizes(table.size), overlaps),
        "by_stage": _breakdown(np.array(stages, dtype=object), overlaps),
        "habits": crop_habits(table.boxes, cluster),
    }


def crop_habits(boxes: Floats, cluster: Labels) -> list[str]:
    """Say how a person crops, as the log has it; nothing of fewer than twenty crops.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
        The person's crops, in fractions of the picture.
    cluster : ndarray of shape (n,)
        What is resampled together for the intervals.

    Returns
    -------
    list of str
        Sentences.
    """
    if len(boxes) < LEAST_CROPS:
        return []
    whole = is_whole(boxes)
    found = [f"You keep {_share(whole, cluster)} of {len(boxes)} pictures whole."]
    cut = boxes[~whole]
    if len(cut) < LEAST_CROPS:
        return found
    low, middle, high = (100 * np.quantile(areas(cut), at) for at in (0.25, 0.5, 0.75))
    drawn = cluster[~whole]
    top, foot = (_share(at, drawn) for at in (cut[:, 1] <= SAME_EDGE, cut[:, 3] >= 1 - SAME_EDGE))
    return [
        *found,
        f"Where you crop, half of your crops keep {low:.0f} to {high:.0f} % of the picture, "
        f"{middle:.0f} % in the middle.",
        f"{top} of them begin at the top edge, {foot} reach down to the bottom edge.",
    ]


def _share(hits: Bools, cluster: Labels) -> str:
    low, high = bootstrap_interval(hits.astype(float), cluster)
    return f"{hits.mean():.0%} ({low:.0%} to {high:.0%})"


def _scores(
    table: CropTable, runs: Sequence[HeldOutBoxes], overlap: Floats, cluster: Labels
) -> CropperScores:
    each = [_scores_of_run(table, run) for run in runs]

    def median(measure: str) -> float:
        return float(np.median([scores[measure] for scores in each]))

    return {
        "iou": median("iou"),
        "bde": median("bde"),
        "edges_within_5pct": median("edges_within_5pct"),
        "keep_balanced_accuracy": median("keep_balanced_accuracy"),
        "similar": median("similar"),
        "band_coverage": median("band_coverage"),
        "fit_seconds": median("fit_seconds"),
        "iou_ci": list(bootstrap_interval(overlap, cluster)),
        "iou_by_seed": [scores["iou"] for scores in each],
    }


def _scores_of_run(table: CropTable, run: HeldOutBoxes) -> dict[str, float]:
    found = crop_scores(table.boxes, run.boxes)
    means = {name: value for name, value in found.items() if isinstance(value, float)}
    return {
        **means,
        "similar": float((iou(table.boxes, run.boxes) > SIMILAR).mean()),
        "band_coverage": np.nan if run.band_coverage is None else run.band_coverage,
        "fit_seconds": run.fit_seconds,
    }


def _breakdown(labels: Labels, overlaps: Mapping[str, Floats]) -> dict[str, CropBreakdown]:
    return {
        str(label): {
            "rows": int((labels == label).sum()),
            "iou": {
                name: float(values[labels == label].mean()) for name, values in overlaps.items()
            },
        }
        for label in dict.fromkeys(sorted(labels.tolist()))
    }


def _sizes(size: Floats) -> Texts:
    """Name the size of each picture, in pixels or, where there are many, in megapixels."""
    names = np.array([f"{round(width)} x {round(height)}" for width, height in size], dtype=object)
    if len(set(names)) <= _MOST_SIZES:
        return names
    bins = np.digitize(size.prod(axis=1) / 1e6, _MEGAPIXELS[1:-1])
    labels = [
        f"from {low:g} megapixels" if high == np.inf else f"{low:g} to {high:g} megapixels"
        for low, high in pairwise(_MEGAPIXELS)
    ]
    return np.asarray(np.array(labels, dtype=object)[bins])
