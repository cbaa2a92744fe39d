"""A fitted `CropRegressor` as plain numbers and LightGBM's own text, and back.

Nothing here is a pickle: what is written are lists of numbers and the text in which LightGBM keeps
its trees. `docs/export.md` says what each entry means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from prefml._typing import Floats
from prefml.cropping.bands import EdgeBands
from prefml.cropping.fitting import CropModel
from prefml.cropping.inputs import CELLS, FeatureReader
from prefml.cropping.keep import KeepClassifier
from prefml.cropping.regressor import CropRegressor
from prefml.cropping.scorer import WindowScorer
from prefml.cropping.similar import SimilarityModel
from prefml.cropping.windows import cell_coverage

__all__ = ["from_plain", "to_plain"]

Plain = dict[str, Any]
Texts = dict[str, str]
_EDGES = ("x1", "y1", "x2", "y2")
_TAILS = ("low", "high")
_WIDTHS = {"maps": CELLS**2, "boxes": 4, "extents": 4, "middles": 2}


def to_plain(cropper: CropRegressor) -> tuple[Plain, Texts]:
    """Write a fitted crop regressor as plain numbers and texts.

    Parameters
    ----------
    cropper : CropRegressor
        Fitted.

    Returns
    -------
    document : dict
        Numbers, texts, lists and dicts only.
    texts : dict of str to str
        Name -> one of LightGBM's models as text.
    """
    model, inputs = cropper.model_, cropper.inputs_
    names = getattr(cropper, "feature_names_in_", None)
    groups = {name: getattr(inputs, name).tolist() for name in _WIDTHS}
    document = {
        "columns": None if names is None else [str(name) for name in names],
        "n_columns": int(cropper.n_features_in_),
        "inputs": {
            **groups,
            "scalars": inputs.scalars.tolist(),
            "embedding": inputs.embedding.tolist(),
            "mean": inputs.mean.tolist(),
            "directions": inputs.directions.tolist(),
        },
        "windows": model.scorer.windows_.tolist(),
        "prior": model.scorer.prior_.tolist(),
        "constant": model.constant.tolist(),
        "shrink": float(model.shrink),
        "keep": {
            "base": model.keep.base_rate_,
            "weights": model.keep.weights_.tolist(),
            "intercept": model.keep.intercept_,
        },
        # JSON knows no infinity: null means that keeping whole is never proposed.
        "threshold": float(model.threshold) if np.isfinite(model.threshold) else None,
        "bands": {"plain": model.bands.plain_.tolist(), "moves": model.bands.moves_.tolist()},
        "similar": {"slope": model.similar.slope_, "intercept": model.similar.intercept_},
        "inner_iou": {name: float(value) for name, value in model.inner_iou.items()},
        "parameters": cropper.get_params(deep=False),
    }
    return document, _texts(model)


def _texts(model: CropModel) -> Texts:
    texts = {} if model.scorer.booster_ is None else {"windows": _text(model.scorer.booster_)}
    for edge, pair in zip(_EDGES, model.bands.boosters_, strict=False):
        texts |= {f"band_{edge}_{tail}": _text(one) for tail, one in zip(_TAILS, pair, strict=True)}
    return texts


def _text(booster: lgb.Booster) -> str:
    return str(booster.model_to_string(num_iteration=-1))


def from_plain(document: Mapping[str, Any], texts: Mapping[str, str]) -> CropRegressor:
    """Build a fitted crop regressor from what `to_plain` wrote.

    Parameters
    ----------
    document : mapping
        The numbers.
    texts : mapping of str to str
        LightGBM's models.

    Returns
    -------
    CropRegressor
        It predicts and proposes as the one that was written.
    """
    known = CropRegressor().get_params(deep=False)
    cropper = CropRegressor(**{k: v for k, v in document["parameters"].items() if k in known})
    cropper.n_features_in_ = int(document["n_columns"])
    cropper.columns_ = None
    if document["columns"] is not None:
        cropper.feature_names_in_ = np.array(document["columns"], dtype=object)
        cropper.columns_ = pd.Index(document["columns"])
    cropper.inputs_ = _inputs(document["inputs"])
    cropper.model_ = _model(cropper, document, texts)
    cropper.constant_, cropper.shrink_ = cropper.model_.constant, cropper.model_.shrink
    cropper.keep_threshold_ = cropper.model_.threshold
    cropper.inner_iou_ = cropper.model_.inner_iou
    return cropper


def _inputs(plain: Mapping[str, Any]) -> FeatureReader:
    groups = {
        name: np.asarray(plain[name], np.intp).reshape(-1, width) for name, width in _WIDTHS.items()
    }
    embedding = np.asarray(plain["embedding"], np.intp)
    return FeatureReader(
        **groups,
        scalars=np.asarray(plain["scalars"], np.intp),
        embedding=embedding,
        mean=_real(plain["mean"]),
        directions=_real(plain["directions"]).reshape(len(plain["directions"]), len(embedding)),
    )


def _model(
    cropper: CropRegressor, document: Mapping[str, Any], texts: Mapping[str, str]
) -> CropModel:
    keep, similar, known = KeepClassifier(), SimilarityModel(), document["keep"]
    keep.base_rate_, keep.intercept_ = float(known["base"]), float(known["intercept"])
    keep.weights_ = _real(known["weights"])
    similar.slope_ = float(document["similar"]["slope"])
    similar.intercept_ = float(document["similar"]["intercept"])
    threshold = document["threshold"]
    return CropModel(
        scorer=_scorer(cropper, document, texts),
        constant=_real(document["constant"]),
        shrink=float(document["shrink"]),
        keep=keep,
        threshold=float("inf") if threshold is None else float(threshold),
        bands=_bands(cropper, document["bands"], texts),
        similar=similar,
        inner_iou=dict(document["inner_iou"]),
    )


def _scorer(
    cropper: CropRegressor, document: Mapping[str, Any], texts: Mapping[str, str]
) -> WindowScorer:
    scorer = WindowScorer(
        cropper.n_estimators, cropper.learning_rate, cropper.num_leaves, cropper.random_state, 1
    )
    scorer.windows_, scorer.prior_ = _real(document["windows"]), _real(document["prior"])
    scorer.coverage_ = cell_coverage(scorer.windows_[None])
    if "windows" in texts:
        scorer.booster_ = lgb.Booster(model_str=texts["windows"])
    return scorer


def _bands(cropper: CropRegressor, plain: Mapping[str, Any], texts: Mapping[str, str]) -> EdgeBands:
    bands = EdgeBands(cropper.coverage, cropper.random_state, 1)
    bands.plain_, bands.moves_ = _real(plain["plain"]), _real(plain["moves"])
    names = [[f"band_{edge}_{tail}" for tail in _TAILS] for edge in _EDGES]
    bands.boosters_ = []
    if names[0][0] in texts:
        bands.boosters_ = [[lgb.Booster(model_str=texts[n]) for n in pair] for pair in names]
    return bands


def _real(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)
