"""Export a fitted `CropRegressor` as plain numbers and LightGBM's own text, and read it back.

Nothing here is a pickle: a document holds lists of numbers, and LightGBM keeps its trees as text.
`docs/export.md` tells the meaning of each entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from prefml._typing import Floats
from prefml.cropping.bands import EdgeBands
from prefml.cropping.fitting import CropModel
from prefml.cropping.inputs import CELLS, FeatureReader
from prefml.cropping.keep import KeepClassifier
from prefml.cropping.people import PersonWindows
from prefml.cropping.regressor import CropRegressor
from prefml.cropping.scorer import WindowScorer
from prefml.cropping.similar import SimilarityModel
from prefml.cropping.windows import cell_coverage

__all__ = ["from_plain", "to_plain"]

_EDGES = ("x1", "y1", "x2", "y2")
_TAILS = ("low", "high")


class _InputsDocument(TypedDict):
    """A `FeatureReader`: columns by what they hold, and the embedding's principal components."""

    maps: list[list[int]]
    boxes: list[list[int]]
    extents: list[list[int]]
    middles: list[list[int]]
    scalars: list[int]
    embedding: list[int]
    mean: list[float]
    directions: list[list[float]]
    heads: NotRequired[list[list[int]]]
    points: NotRequired[list[list[int]]]


class _PeopleDocument(TypedDict):
    """`PersonWindows`, the known crops that their prior is the mean over, and their shrinkage."""

    mean: list[float]
    scale: list[float]
    weights: list[list[float]]
    intercept: list[float]
    typical: list[list[float]]
    locked: bool
    known: list[list[float]]
    known_weight: list[float]
    shrink: float


class _KeepDocument(TypedDict):
    """A `KeepClassifier`."""

    base: float
    weights: list[float]
    intercept: float


class _BandsDocument(TypedDict):
    """The numbers of `EdgeBands`; its trees are texts."""

    plain: list[list[float]]
    moves: list[list[float]]
    own_moves: NotRequired[dict[str, list[list[float]]]]


class _SimilarDocument(TypedDict):
    """A `SimilarityModel`."""

    slope: float
    intercept: float


def to_plain(cropper: CropRegressor) -> tuple[dict[str, object], dict[str, str]]:
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
    model = cropper.model_
    names = getattr(cropper, "feature_names_in_", None)
    document: dict[str, object] = {
        "columns": None if names is None else [str(name) for name in names],
        "n_columns": int(cropper.n_features_in_),
        "inputs": _inputs_document(cropper.inputs_),
        "windows": model.scorer.windows_.tolist(),
        "prior": model.scorer.prior_.tolist(),
        "constant": model.constant.tolist(),
        "shrink": float(model.shrink),
        "keep": _KeepDocument(
            base=model.keep.base_rate_,
            weights=model.keep.weights_.tolist(),
            intercept=model.keep.intercept_,
        ),
        # JSON knows no infinity: null means that keeping whole is never proposed.
        "threshold": float(model.threshold) if np.isfinite(model.threshold) else None,
        "bands": _BandsDocument(
            plain=model.bands.plain_.tolist(),
            moves=model.bands.moves_.tolist(),
            own_moves={name: own.tolist() for name, own in model.bands.own_moves_.items()},
        ),
        "similar": _SimilarDocument(slope=model.similar.slope_, intercept=model.similar.intercept_),
        "inner_iou": {name: float(value) for name, value in model.inner_iou.items()},
        # An instance of RandomState stays behind.
        "parameters": {
            name: value
            for name, value in cropper.get_params(deep=False).items()
            if value is None or isinstance(value, int | float)
        },
    }
    if model.scorer.around_.uses_people:
        document["people"] = _people_document(model)
    return document, _texts(model)


def _people_document(model: CropModel) -> _PeopleDocument:
    around, (boxes, weight) = model.scorer.around_, model.scorer.known_
    return {
        "mean": around.mean_.tolist(),
        "scale": around.scale_.tolist(),
        "weights": around.weights_.tolist(),
        "intercept": around.intercept_.tolist(),
        "typical": around.typical_.tolist(),
        "locked": around.locked_,
        "known": boxes.tolist(),
        "known_weight": weight.tolist(),
        "shrink": float(model.shrink if model.people_shrink is None else model.people_shrink),
    }


def _inputs_document(reader: FeatureReader) -> _InputsDocument:
    people = {"heads": reader.heads.tolist(), "points": reader.points.tolist()}
    return {
        **(people if len(reader.heads) or len(reader.points) else {}),  # type: ignore[typeddict-item]
        "maps": reader.maps.tolist(),
        "boxes": reader.boxes.tolist(),
        "extents": reader.extents.tolist(),
        "middles": reader.middles.tolist(),
        "scalars": reader.scalars.tolist(),
        "embedding": reader.embedding.tolist(),
        "mean": reader.mean.tolist(),
        "directions": reader.directions.tolist(),
    }


def _texts(model: CropModel) -> dict[str, str]:
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
    cropper = CropRegressor()
    known = cropper.get_params(deep=False)
    cropper.set_params(**{k: v for k, v in document["parameters"].items() if k in known})
    cropper.n_features_in_ = int(document["n_columns"])
    cropper.columns_ = None
    if document["columns"] is not None:
        cropper.feature_names_in_ = np.array(document["columns"], dtype=object)
        cropper.columns_ = pd.Index(document["columns"])
    cropper.inputs_ = _inputs(document["inputs"])
    cropper.model_ = _model(cropper, document, texts)
    cropper.constant_, cropper.shrink_ = cropper.model_.constant, cropper.model_.shrink
    cropper.keep_threshold_ = cropper.model_.threshold
    cropper.inner_iou_, cropper.held_out_ = cropper.model_.inner_iou, None
    return cropper


def _inputs(plain: _InputsDocument) -> FeatureReader:
    embedding = np.asarray(plain["embedding"], np.intp)
    directions = _floats(plain["directions"])
    return FeatureReader(
        maps=np.asarray(plain["maps"], np.intp).reshape(-1, CELLS**2),
        boxes=np.asarray(plain["boxes"], np.intp).reshape(-1, 4),
        extents=np.asarray(plain["extents"], np.intp).reshape(-1, 4),
        middles=np.asarray(plain["middles"], np.intp).reshape(-1, 2),
        scalars=np.asarray(plain["scalars"], np.intp),
        embedding=embedding,
        mean=_floats(plain["mean"]),
        directions=directions.reshape(len(plain["directions"]), len(embedding)),
        # Absent where nobody was seen.
        heads=np.asarray(plain.get("heads", []), np.intp).reshape(-1, 4),
        points=np.asarray(plain.get("points", []), np.intp).reshape(-1, 2),
    )


def _model(
    cropper: CropRegressor, document: Mapping[str, Any], texts: Mapping[str, str]
) -> CropModel:
    # The seed is of no use to what is fitted already.
    scorer = WindowScorer(cropper.n_estimators, cropper.learning_rate, cropper.num_leaves, 0)
    scorer.windows_, scorer.prior_ = _floats(document["windows"]), _floats(document["prior"])
    scorer.coverage_ = cell_coverage(scorer.windows_[None])
    if "windows" in texts:
        scorer.booster_ = lgb.Booster(model_str=texts["windows"])
    threshold, people = document["threshold"], document.get("people")
    if people is not None:
        scorer.around_ = _around(people)
        scorer.known_ = _floats(people["known"]), _floats(people["known_weight"])
    return CropModel(
        scorer=scorer,
        constant=_floats(document["constant"]),
        shrink=float(document["shrink"]),
        keep=_keep(document["keep"]),
        threshold=float("inf") if threshold is None else float(threshold),
        bands=_bands(cropper, document["bands"], texts),
        similar=_similar(document["similar"]),
        inner_iou=dict(document["inner_iou"]),
        people_shrink=None if people is None else float(people["shrink"]),
    )


def _around(plain: _PeopleDocument) -> PersonWindows:
    around = PersonWindows()
    around.mean_, around.scale_ = _floats(plain["mean"]), _floats(plain["scale"])
    around.weights_, around.intercept_ = _floats(plain["weights"]), _floats(plain["intercept"])
    around.typical_, around.locked_ = _floats(plain["typical"]), bool(plain["locked"])
    return around


def _keep(plain: _KeepDocument) -> KeepClassifier:
    keep = KeepClassifier()
    keep.base_rate_, keep.intercept_ = float(plain["base"]), float(plain["intercept"])
    keep.weights_ = _floats(plain["weights"])
    return keep


def _similar(plain: _SimilarDocument) -> SimilarityModel:
    similar = SimilarityModel()
    similar.slope_, similar.intercept_ = float(plain["slope"]), float(plain["intercept"])
    return similar


def _bands(cropper: CropRegressor, plain: _BandsDocument, texts: Mapping[str, str]) -> EdgeBands:
    bands = EdgeBands(cropper.coverage, 0)
    bands.plain_, bands.moves_ = _floats(plain["plain"]), _floats(plain["moves"])
    # Absent where every project has the same moves.
    bands.own_moves_ = {name: _floats(own) for name, own in plain.get("own_moves", {}).items()}
    names = [[f"band_{edge}_{tail}" for tail in _TAILS] for edge in _EDGES]
    bands.boosters_ = []
    if names[0][0] in texts:
        bands.boosters_ = [[lgb.Booster(model_str=texts[n]) for n in pair] for pair in names]
    return bands


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)
