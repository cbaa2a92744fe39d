"""Write models as JSON and LightGBM's text, and load them without running any code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from prefml._typing import Floats
from prefml._version import __version__
from prefml.cropping import CropRegressor
from prefml.cropping import export as crop_export
from prefml.exceptions import ModelFileError
from prefml.files import file_sha256, write_text
from prefml.models.manifest import KINDS, check_format
from prefml.models.store import load_pair, model_file
from prefml.ranking import PerProjectRanker, SetRanker, per_project_export
from prefml.ranking import export as ranker_export
from prefml.ranking.rejection import RejectionModel
from prefml.workspace import Workspace

__all__ = ["FORMAT", "Exported", "export_models", "load_exported", "write_exported"]

Model: TypeAlias = SetRanker | PerProjectRanker | CropRegressor | RejectionModel

# Raise by one when a reader of this version would misread what is written; teach `load_exported`
# to read the formats before it, and add a file of the new one to `tests/data`.
FORMAT = 3
# The format of what is written: the last one in which a kind of model changed.
_FORMATS = {"ranker": FORMAT, "crop": 2, "rejection": 1}
# How far a prediction may move by being written as text and read again.
TOLERANCE = 1e-9
_ROWS = 64
_REQUIRED = ("format", "kind", "sha256", "files", "model")
_AGAIN = "prefml export-model"


@dataclass(frozen=True)
class Exported:
    """Outcome of writing a model.

    Attributes
    ----------
    kind : "ranker", "crop" or "rejection"
        Which model.
    path : Path
        Its JSON file; the texts lie beside it.
    files : tuple of Path
        Everything that belongs to it.
    difference : float
        Largest difference between its predictions, read again, and those of the model itself.
    """

    kind: str
    path: Path
    files: tuple[Path, ...]
    difference: float


class _Content(msgspec.Struct, frozen=True):
    """Content of an exported model's JSON file, as far as it is needed to load the model."""

    kind: Literal["ranker", "crop", "rejection"]
    sha256: str
    files: dict[str, object]
    model: dict[str, object]


class _TextFile(msgspec.Struct, frozen=True):
    """Name and hash of one of LightGBM's models beside the JSON file."""

    file: str = ""
    sha256: str = ""


def export_models(workspace: Workspace, out: str | Path) -> list[Exported]:
    """Write the models of a workspace so that they can be loaded without pickle.

    Parameters
    ----------
    workspace : Workspace
        Its artifacts folder holds the models.
    out : str or Path
        Folder to write to, inside the workspace.

    Returns
    -------
    list of Exported

    Raises
    ------
    ModelFileError
        If there is no model, one cannot be trusted, or one predicts otherwise after being read.
    WorkspaceError
        If the folder lies outside the workspace.
    """
    folder = workspace.inside(out)
    found = [kind for kind in KINDS if (workspace.artifacts / model_file(kind)).is_file()]
    if not found:
        raise ModelFileError(f"no models in {workspace.artifacts}", "trained ones", "prefml train")
    written = []
    for kind in found:
        path = workspace.artifacts / model_file(kind)
        model, manifest = load_pair(path, kind)
        written.append(write_exported(model, folder, kind, manifest.document))
    return written


def write_exported(model: Model, folder: Path, kind: str, facts: Mapping[str, object]) -> Exported:
    """Write one fitted model as JSON and texts, and read it again to be sure of it.

    Parameters
    ----------
    model : SetRanker, PerProjectRanker, CropRegressor or RejectionModel
        Fitted.
    folder : Path
        Where to write `<kind>.json` and `<kind>.*.txt`.
    kind : "ranker", "crop" or "rejection"
        What the model is.
    facts : mapping
        What else is kept of its manifest: `encoder`, `cues`, `counts`, `fold_scores`.

    Returns
    -------
    Exported

    Raises
    ------
    ModelFileError
        If the model predicts otherwise after being read.
    """
    document, texts = _to_plain(model)
    names = {name: f"{kind}.{name}.txt" for name in texts}
    for name, text in texts.items():
        write_text(folder / names[name], text)
    kept = {name: facts.get(name) for name in ("encoder", "cues", "counts", "fold_scores")}
    content = {
        "format": _FORMATS[kind],
        "kind": kind,
        "prefml": __version__,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        **kept,
        "files": {
            name: {"file": file, "sha256": file_sha256(folder / file)}
            for name, file in names.items()
        },
        "sha256": _fingerprint(document),
        "model": document,
    }
    # Last, so that what lies there is never taken for whole before it is.
    path = folder / f"{kind}.json"
    write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n")
    difference = _difference(model, load_exported(path, kind))
    if not difference <= TOLERANCE:
        raise ModelFileError(
            f"{path} predicts otherwise, by {difference:.2g}", f"at most {TOLERANCE:.0e}"
        )
    return Exported(kind, path, (path, *(folder / file for file in names.values())), difference)


def _to_plain(model: Model) -> tuple[dict[str, object], dict[str, str]]:
    if isinstance(model, RejectionModel):
        return model.to_plain(), {}
    if isinstance(model, SetRanker):
        return ranker_export.to_plain(model)
    if isinstance(model, PerProjectRanker):
        return per_project_export.to_plain(model)
    return crop_export.to_plain(model)


def _from_plain(content: _Content, texts: Mapping[str, str]) -> Model:
    if content.kind == "rejection":
        return RejectionModel.from_plain(content.model)
    if content.kind == "crop":
        return crop_export.from_plain(content.model, texts)
    if "common" in content.model:
        return per_project_export.from_plain(content.model, texts)
    return ranker_export.from_plain(content.model, texts)


def load_exported(path: str | Path, kind: str | None = None) -> Model:
    """Load a model that `prefml export-model` wrote. No code is run: nothing is unpickled.

    Parameters
    ----------
    path : str or Path
        The JSON file, `ranker.json`, `crop.json` or `rejection.json` in a folder with its texts.
    kind : "ranker", "crop" or "rejection", optional
        Refuse a model of another kind.

    Returns
    -------
    SetRanker, PerProjectRanker, CropRegressor or RejectionModel
        Fitted; it predicts as the model that was written.

    Raises
    ------
    ModelFileError
        If a file is missing, changed, foreign, or was written by a newer version.

    Examples
    --------
    >>> load_exported("nowhere/ranker.json")
    Traceback (most recent call last):
    ...
    prefml.exceptions.ModelFileError: no file nowhere/ranker.json; expected an exported model; \
run: prefml export-model
    """
    place = Path(path)
    content = _read(place)
    if kind is not None and content.kind != kind:
        raise ModelFileError(f"{place} is a {content.kind} model", f"a {kind} model")
    texts = {name: _read_text(place.parent, entry) for name, entry in content.files.items()}
    try:
        return _from_plain(content, texts)
    except Exception as error:
        # Numbers are as they were written, so a part is missing or of another shape.
        found = f"{place}: {type(error).__name__}: {error}"
        raise ModelFileError(found, "an exported model", _AGAIN) from error


def _read(place: Path) -> _Content:
    try:
        content: object = json.loads(_read_bytes(place).decode("utf-8"))
        if not isinstance(content, dict) or any(name not in content for name in _REQUIRED):
            parts = ", ".join(_REQUIRED)
            raise ModelFileError(f"{place} lacks one of {parts}", "an exported model", _AGAIN)
        check_format(content["format"], FORMAT, place)
        exported = msgspec.convert(content, _Content)
        fingerprint = _fingerprint(exported.model)
    except msgspec.ValidationError as error:
        found = f"{place} is of another program ({error})"
        raise ModelFileError(found, "an exported model", _AGAIN) from error
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{place}: {error}", "an exported model", _AGAIN) from error
    if fingerprint != exported.sha256:
        raise ModelFileError(f"{place} was changed", "an unchanged file", _AGAIN)
    return exported


def _read_text(folder: Path, entry: object) -> str:
    """Return one of LightGBM's models; the bytes that were checked are those that are used."""
    try:
        told = msgspec.convert(entry, _TextFile)
    except msgspec.ValidationError:
        told = _TextFile()
    if not told.file or Path(told.file).name != told.file:
        raise ModelFileError(f"a file named {told.file!r}"[:300], "a plain file name", _AGAIN)
    content = _read_bytes(folder / told.file)
    if hashlib.sha256(content).hexdigest() != told.sha256:
        raise ModelFileError(f"{folder / told.file} was changed", "an unchanged file", _AGAIN)
    return content.decode("utf-8", errors="replace")


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_file():
            return path.read_bytes()
    except (OSError, ValueError) as error:
        # A name may be too long, or hold what no file system takes.
        found = f"{str(path)[:300]!r}: {type(error).__name__}"
        raise ModelFileError(found, "a readable file", _AGAIN) from error
    raise ModelFileError(f"no file {path}", "an exported model", _AGAIN)


def _fingerprint(document: Mapping[str, object]) -> str:
    """Hash the numbers as such, so that the spacing of the file does not matter."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _difference(model: Model, again: Model) -> float:
    """Compare two models on made-up rows, some of them with gaps."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(_ROWS, _n_columns(model)))
    gaps = rng.random(values.shape) < 0.1
    if not isinstance(model, RejectionModel):
        values[gaps] = np.nan
    names = getattr(model, "feature_names_in_", None)
    X = values if names is None else pd.DataFrame(values, columns=names)
    pairs = zip(_predictions(model, X), _predictions(again, X), strict=True)
    return max(float(np.abs(one - other).max(initial=0.0)) for one, other in pairs)


def _n_columns(model: Model) -> int:
    return len(model.weights_) if isinstance(model, RejectionModel) else model.n_features_in_


def _predictions(model: Model, X: ArrayLike) -> tuple[Floats, ...]:
    if isinstance(model, RejectionModel):
        return (model.predict_sets(np.asarray(X)),)
    if isinstance(model, CropRegressor):
        return model.predict(X), model.keep_probability(X), model.predict_bands(X)
    rankers = [model]
    if isinstance(model, PerProjectRanker):
        rankers = [model.common_, *model.own_.values()]
    sets = np.arange(_ROWS) // 3
    return tuple(
        found for one in rankers for found in (one.predict(X), one.win_probability(X, sets))
    )
