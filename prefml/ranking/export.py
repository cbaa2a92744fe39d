"""Export a fitted `SetRanker` as plain numbers and LightGBM's own text, and read it back.

Nothing here is a pickle: a document holds lists of numbers, and LightGBM keeps its trees as text.
`docs/export.md` tells the meaning of each entry, and how to predict from it without prefml.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import numpy as np
from lightgbm import Booster
from numpy.typing import ArrayLike

from prefml._typing import Floats, Ints
from prefml.ranking.blocks import Block
from prefml.ranking.boosted import BoostedScore, BoostingConfig
from prefml.ranking.calibration import PiecewiseLinear, WinCalibrator
from prefml.ranking.design import Design
from prefml.ranking.linear_init import LinearInit
from prefml.ranking.novelty import CLIP, LocationScale, StepNovelty, Whitening
from prefml.ranking.pairwise import PairwiseLogistic
from prefml.ranking.pairwise_net import PairwiseNet
from prefml.ranking.ranker import SetRanker
from prefml.ranking.scaler import WithinSetScaler

__all__ = ["from_plain", "to_plain"]


class _BlockDocument(TypedDict):
    """Principal components of a block of columns."""

    prefix: str
    columns: list[int]
    centre: list[float]
    components: list[list[float]]


class _BlocksDocument(TypedDict):
    """A `BlockPCA`: columns that pass through, and blocks that are compressed."""

    kept: list[int]
    compressed: list[_BlockDocument]


class _UsualDocument(TypedDict):
    """Location and scale of the steps of a kind; None for those of all kinds."""

    kind: float | None
    middle: list[float]
    width: list[float]


class _LearnedDocument(TypedDict):
    """A fitted `StepNovelty`."""

    columns: list[int]
    clip: float
    usual: list[_UsualDocument]
    mean: list[float]
    directions: list[list[float]]


class _NoveltyDocument(TypedDict):
    """Columns of the steps and of their kind; `learned` is None after too few steps."""

    steps: list[int]
    kind: int | None
    learned: _LearnedDocument | None


class _ScalerDocument(TypedDict):
    """Scales of columns; JSON knows no infinity, so None is one by which nothing counts."""

    clip: float
    centre: list[float]
    scale: list[float | None]


class _LinearDocument(_ScalerDocument):
    """A linear score on scaled columns."""

    columns: list[int]
    weights: list[float]


class _NetDocument(_ScalerDocument):
    """Small nets on the same scaled columns; `hidden` and `output` hold an entry for each."""

    columns: list[int]
    hidden: list[list[list[float]]]
    output: list[list[float]]


class _TreesDocument(TypedDict):
    """Columns that the trees see, and the texts that hold them."""

    columns: list[int]
    texts: list[str]


class _LineDocument(TypedDict):
    """Points of a `PiecewiseLinear`."""

    x: list[float]
    y: list[float]


class _CalibrationDocument(TypedDict):
    """A `WinCalibrator`; JSON has set sizes as text."""

    factor: float
    factors: dict[str, float]
    spread: NotRequired[float]
    isotonic: _LineDocument | None


@dataclass(frozen=True)
class _ReadTrees:
    """Trees that were read, in the shape of a fitted `lightgbm.LGBMRanker`."""

    booster_: Booster
    best_iteration_: int | None = None


def to_plain(ranker: SetRanker, prefix: str = "") -> tuple[dict[str, object], dict[str, str]]:
    """Write a fitted ranker as plain numbers and texts.

    Parameters
    ----------
    ranker : SetRanker
        Fitted.
    prefix : str, default=""
        Of the names of the texts.

    Returns
    -------
    document : dict
        Numbers, texts, lists and dicts only.
    texts : dict of str to str
        Name -> one of LightGBM's models as text.
    """
    texts = {
        f"{prefix}trees{bag}": one.booster_.model_to_string(num_iteration=one.best_iteration_ or -1)
        for bag, one in enumerate(ranker.score_.rankers_)
    }
    names = getattr(ranker, "feature_names_in_", None)
    parameters = ranker.get_params(deep=False)
    document: dict[str, object] = {
        "columns": None if names is None else [str(name) for name in names],
        "n_columns": int(ranker.n_features_in_),
        "blocks": _blocks_document(ranker.design_),
        "novelty": _novelty_document(ranker.design_),
        "design_columns": list(ranker.columns_),
        "linear": _linear_documents(ranker.score_.linear_),
        "net": _net_document(ranker.score_),
        "trees": _TreesDocument(columns=ranker.score_.config.trees.tolist(), texts=list(texts)),
        "calibration": _calibration_document(ranker.calibrator_),
        # Callbacks are code and stay behind.
        "parameters": {name: value for name, value in parameters.items() if _is_json(value)},
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
    ranker = SetRanker()
    known = ranker.get_params(deep=False)
    ranker.set_params(**{k: v for k, v in document["parameters"].items() if k in known})
    ranker.n_features_in_ = int(document["n_columns"])
    if document["columns"] is not None:
        ranker.feature_names_in_ = np.array(document["columns"], dtype=object)
    ranker.columns_ = list(document["design_columns"])
    ranker.design_ = _design(ranker, document["blocks"], document["novelty"])
    # Absent where rankers had no nets.
    ranker.score_ = _score(document["linear"], document["trees"], texts, document.get("net"))
    ranker.calibrator_ = _calibrator(document["calibration"])
    ranker.out_of_fold_, ranker.chosen_ = None, {}
    return ranker


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _blocks_document(design: Design) -> _BlocksDocument:
    compressed: list[_BlockDocument] = [
        {
            "prefix": block.prefix,
            "columns": block.columns.tolist(),
            "centre": block.centre.tolist(),
            "components": block.components.tolist(),
        }
        for block in design.blocks.blocks_
    ]
    return {"kept": design.blocks.kept_.tolist(), "compressed": compressed}


def _novelty_document(design: Design) -> _NoveltyDocument | None:
    if design.novelty is None or design.step_columns_ is None:
        return None
    novelty, learned = design.novelty, None
    if novelty.whitening_ is not None:
        learned = _LearnedDocument(
            columns=novelty.columns_.tolist(),
            clip=CLIP,
            usual=[
                {
                    "kind": None if np.isnan(kind) else float(kind),
                    "middle": stats.location.tolist(),
                    "width": stats.scale.tolist(),
                }
                for kind, stats in novelty.stats_by_kind_.items()
            ],
            mean=novelty.whitening_.mean.tolist(),
            directions=novelty.whitening_.directions.tolist(),
        )
    return {
        "steps": design.step_columns_.tolist(),
        "kind": design.kind_column_,
        "learned": learned,
    }


def _linear_documents(linear: LinearInit | None) -> list[_LinearDocument]:
    if linear is None:
        return []
    return [
        {
            "columns": columns.tolist(),
            **_scaler_document(model.scaler_),
            "weights": model.coef_.tolist(),
        }
        for columns, model in zip(linear.columns, linear.models_, strict=True)
    ]


def _net_document(score: BoostedScore) -> _NetDocument | None:
    if score.net_ is None:
        return None
    return {
        "columns": score.config.net.tolist(),
        **_scaler_document(score.net_.scaler_),
        "hidden": score.net_.hidden_.tolist(),
        "output": score.net_.output_.tolist(),
    }


def _scaler_document(scaler: WithinSetScaler) -> _ScalerDocument:
    return {
        "clip": float(scaler.clip),
        "centre": scaler.centre_.tolist(),
        "scale": [one if np.isfinite(one) else None for one in scaler.scale_.tolist()],
    }


def _calibration_document(calibrator: WinCalibrator | None) -> _CalibrationDocument | None:
    if calibrator is None:
        return None
    line = calibrator.isotonic_
    return {
        "factor": float(calibrator.factor_),
        "factors": {str(size): float(own) for size, own in calibrator.factors_.items()},
        "spread": float(calibrator.spread_),
        "isotonic": None if line is None else {"x": line.x.tolist(), "y": line.y.tolist()},
    }


def _design(ranker: SetRanker, blocks: _BlocksDocument, novelty: _NoveltyDocument | None) -> Design:
    # The seed is of no use to what is fitted already.
    design = Design(ranker.compress, ranker.novelty, ranker.novelty_by, random_state=0)
    design.blocks.kept_ = _ints(blocks["kept"])
    design.blocks.blocks_ = [
        Block(
            one["prefix"], _ints(one["columns"]), _floats(one["centre"]), _floats(one["components"])
        )
        for one in blocks["compressed"]
    ]
    design.columns_ = list(ranker.columns_)
    design.step_columns_ = None if novelty is None else _ints(novelty["steps"])
    design.kind_column_ = None if novelty is None else novelty["kind"]
    design.novelty = None if novelty is None else _step_novelty(novelty["learned"])
    return design


def _step_novelty(learned: _LearnedDocument | None) -> StepNovelty:
    step = StepNovelty()
    step.whitening_ = None
    if learned is not None:
        if learned["clip"] != CLIP:
            raise ValueError(f"steps are clipped at {learned['clip']!r}, expected {CLIP}")
        step.columns_ = _ints(learned["columns"])
        step.stats_by_kind_ = {
            np.nan if one["kind"] is None else float(one["kind"]): LocationScale(
                _floats(one["middle"]), _floats(one["width"])
            )
            for one in learned["usual"]
        }
        step.whitening_ = Whitening(_floats(learned["mean"]), _floats(learned["directions"]))
    return step


def _score(
    linear: Sequence[_LinearDocument],
    trees: _TreesDocument,
    texts: Mapping[str, str],
    net: _NetDocument | None,
) -> BoostedScore:
    columns = tuple(_ints(one["columns"]) for one in linear)
    seen = _ints([] if net is None else net["columns"])
    config = BoostingConfig(settings={}, linear=columns, trees=_ints(trees["columns"]), net=seen)
    score = BoostedScore(config)
    score.linear_, score.net_ = None, None
    if net is not None:
        nets = _floats(net["hidden"]), _floats(net["output"])
        score.net_ = PairwiseNet(_scaler(net), *nets)
    if linear:
        score.linear_ = LinearInit(columns, [_linear_model(one) for one in linear])
    score.rankers_ = [_ReadTrees(Booster(model_str=texts[name])) for name in trees["texts"]]
    return score


def _linear_model(plain: _LinearDocument) -> PairwiseLogistic:
    return PairwiseLogistic.from_weights(_scaler(plain), _floats(plain["weights"]))


def _scaler(plain: _ScalerDocument) -> WithinSetScaler:
    scaler = WithinSetScaler(plain["clip"])
    scaler.centre_ = _floats(plain["centre"])
    scaler.scale_ = _floats([np.inf if one is None else one for one in plain["scale"]])
    return scaler


def _calibrator(plain: _CalibrationDocument | None) -> WinCalibrator | None:
    if plain is None:
        return None
    calibrator, line = WinCalibrator(), plain["isotonic"]
    calibrator.factor_ = float(plain["factor"])
    calibrator.factors_ = {int(size): float(own) for size, own in plain["factors"].items()}
    # Absent where probabilities are of one temperature.
    calibrator.spread_ = float(plain.get("spread", 0.0))
    calibrator.isotonic_ = (
        None if line is None else PiecewiseLinear(_floats(line["x"]), _floats(line["y"]))
    )
    return calibrator


def _ints(values: ArrayLike) -> Ints:
    return np.asarray(values, dtype=np.intp)


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)
