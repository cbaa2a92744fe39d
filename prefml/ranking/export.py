"""A fitted `SetRanker` as plain numbers and LightGBM's own text, and back.

Nothing here is a pickle: what is written are lists of numbers and the text in which LightGBM keeps
its trees. `docs/export.md` says what each entry means and how to predict from it without prefml.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from lightgbm import Booster

from prefml._typing import Floats, Ints
from prefml.ranking.boosted import BoostedScore, BoostingConfig
from prefml.ranking.calibration import PiecewiseLinear, WinCalibrator
from prefml.ranking.design import Design
from prefml.ranking.linear_init import LinearInit
from prefml.ranking.novelty import CLIP, StepNovelty, Whitening
from prefml.ranking.pairwise import PairwiseLogistic, WithinSetScaler
from prefml.ranking.ranker import SetRanker

__all__ = ["from_plain", "to_plain"]

Plain = dict[str, Any]
Texts = dict[str, str]


@dataclass(frozen=True)
class _Grown:
    """Trees that were read, in the shape of a fitted `lightgbm.LGBMRanker`."""

    booster_: Booster
    best_iteration_: int = 0


def to_plain(ranker: SetRanker) -> tuple[Plain, Texts]:
    """Write a fitted ranker as plain numbers and texts.

    Parameters
    ----------
    ranker : SetRanker
        Fitted.

    Returns
    -------
    document : dict
        Numbers, texts, lists and dicts only.
    texts : dict of str to str
        Name -> one of LightGBM's models as text.
    """
    texts = {
        f"trees{bag}": one.booster_.model_to_string(num_iteration=one.best_iteration_ or -1)
        for bag, one in enumerate(ranker.score_.rankers_)
    }
    names = getattr(ranker, "feature_names_in_", None)
    document = {
        "columns": None if names is None else [str(name) for name in names],
        "n_columns": int(ranker.n_features_in_),
        "blocks": _plain_blocks(ranker.design_),
        "novelty": _plain_novelty(ranker.design_),
        "design_columns": list(ranker.columns_),
        "linear": _plain_linear(ranker.score_.linear_),
        "trees": {"columns": ranker.score_.config.trees.tolist(), "texts": list(texts)},
        "calibration": _plain_calibration(ranker.calibrator_),
        "parameters": _plain_parameters(ranker.get_params(deep=False)),
    }
    return document, texts


def from_plain(document: Mapping[str, Any], texts: Mapping[str, str]) -> SetRanker:
    """Build a fitted ranker from what `to_plain` wrote.

    Parameters
    ----------
    document : mapping
        The numbers.
    texts : mapping of str to str
        LightGBM's models.

    Returns
    -------
    SetRanker
        It predicts and explains as the one that was written; `out_of_fold_` is None.
    """
    known = SetRanker().get_params(deep=False)
    ranker = SetRanker(**{k: v for k, v in document["parameters"].items() if k in known})
    ranker.n_features_in_ = int(document["n_columns"])
    if document["columns"] is not None:
        ranker.feature_names_in_ = np.array(document["columns"], dtype=object)
    ranker.design_ = _design(document, ranker)
    ranker.columns_ = list(document["design_columns"])
    ranker.score_ = _score(document, texts)
    ranker.calibrator_ = _calibrator(document["calibration"])
    ranker.out_of_fold_, ranker.chosen_ = None, {}
    return ranker


def _plain_parameters(params: Mapping[str, Any]) -> Plain:
    """Keep what can be written as text; callbacks are code and stay behind."""
    return {name: value for name, value in params.items() if _is_plain(value)}


def _is_plain(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _plain_blocks(design: Design) -> Plain:
    return {
        "kept": design.blocks.kept_.tolist(),
        "compressed": [
            {
                "prefix": prefix,
                "columns": np.asarray(columns).tolist(),
                "centre": np.asarray(centre).tolist(),
                "components": np.asarray(components).tolist(),
            }
            for prefix, columns, centre, components in design.blocks.blocks_
        ],
    }


def _plain_novelty(design: Design) -> Plain | None:
    if design.novelty is None or design.step_columns_ is None:
        return None
    step = design.novelty
    plain: Plain = {
        "steps": design.step_columns_.tolist(),
        "kind": design.kind_column_,
        "learned": None,
    }
    if step.whitening_ is not None:
        plain["learned"] = {
            "columns": step.columns_.tolist(),
            "clip": CLIP,
            "usual": [
                {
                    "kind": None if np.isnan(kind) else float(kind),
                    "middle": middle.tolist(),
                    "width": width.tolist(),
                }
                for kind, (middle, width) in step.stats_by_kind_.items()
            ],
            "mean": step.whitening_.mean.tolist(),
            "directions": step.whitening_.directions.tolist(),
        }
    return plain


def _plain_linear(linear: LinearInit | None) -> list[Plain]:
    if linear is None:
        return []
    return [
        {
            "columns": columns.tolist(),
            "clip": float(model.scaler_.clip),
            "centre": model.scaler_.centre_.tolist(),
            # JSON knows no infinity; a column of infinite scale counts for nothing.
            "scale": [one if np.isfinite(one) else None for one in model.scaler_.scale_.tolist()],
            "weights": model.coef_.tolist(),
        }
        for columns, model in zip(linear.columns, linear.models_, strict=True)
    ]


def _plain_calibration(calibrator: WinCalibrator | None) -> Plain | None:
    if calibrator is None:
        return None
    steps = calibrator.isotonic_
    return {
        "factor": float(calibrator.factor_),
        "factors": {str(size): float(own) for size, own in calibrator.factors_.items()},
        "isotonic": None if steps is None else {"x": steps.x.tolist(), "y": steps.y.tolist()},
    }


def _design(document: Mapping[str, Any], ranker: SetRanker) -> Design:
    novelty = document["novelty"]
    design = Design(ranker.compress, ranker.novelty, ranker.novelty_by, ranker.random_state or 0)
    blocks = document["blocks"]
    design.blocks.kept_ = _whole(blocks["kept"])
    design.blocks.blocks_ = [
        (one["prefix"], _whole(one["columns"]), _real(one["centre"]), _real(one["components"]))
        for one in blocks["compressed"]
    ]
    design.columns_ = list(document["design_columns"])
    design.step_columns_ = None if novelty is None else _whole(novelty["steps"])
    design.kind_column_ = None if novelty is None else novelty["kind"]
    design.novelty = None if novelty is None else _step_novelty(novelty["learned"])
    return design


def _step_novelty(learned: Mapping[str, Any] | None) -> StepNovelty:
    step = StepNovelty()
    step.whitening_ = None
    if learned is not None:
        if learned["clip"] != CLIP:
            raise ValueError(f"steps are clipped at {learned['clip']!r}, expected {CLIP}")
        step.columns_ = _whole(learned["columns"])
        step.stats_by_kind_ = {
            np.nan if one["kind"] is None else float(one["kind"]): (
                _real(one["middle"]),
                _real(one["width"]),
            )
            for one in learned["usual"]
        }
        step.whitening_ = Whitening(_real(learned["mean"]), _real(learned["directions"]))
    return step


def _score(document: Mapping[str, Any], texts: Mapping[str, str]) -> BoostedScore:
    linear = document["linear"]
    columns = tuple(_whole(one["columns"]) for one in linear)
    trees = document["trees"]
    score = BoostedScore(
        BoostingConfig(settings={}, linear=columns, trees=_whole(trees["columns"]))
    )
    score.linear_ = None
    if linear:
        score.linear_ = LinearInit(columns, [_linear_model(one) for one in linear])
    score.rankers_ = [_Grown(Booster(model_str=texts[name])) for name in trees["texts"]]
    return score


def _linear_model(plain: Mapping[str, Any]) -> PairwiseLogistic:
    model = PairwiseLogistic(clip=plain["clip"])
    model.scaler_ = WithinSetScaler(plain["clip"])
    model.scaler_.centre_ = _real(plain["centre"])
    model.scaler_.scale_ = _real([np.inf if one is None else one for one in plain["scale"]])
    model.coef_ = _real(plain["weights"])
    return model


def _calibrator(plain: Mapping[str, Any] | None) -> WinCalibrator | None:
    if plain is None:
        return None
    calibrator, steps = WinCalibrator(), plain["isotonic"]
    calibrator.factor_ = float(plain["factor"])
    calibrator.factors_ = {int(size): float(own) for size, own in plain["factors"].items()}
    calibrator.isotonic_ = (
        None if steps is None else PiecewiseLinear(_real(steps["x"]), _real(steps["y"]))
    )
    return calibrator


def _whole(values: Any) -> Ints:
    return np.asarray(values, dtype=np.intp)


def _real(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)
