"""Models without pickle: JSON and LightGBM's text, checked and read without running any code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
from prefml.ranking import SetRanker
from prefml.ranking import export as ranker_export
from prefml.ranking.per_project import PerProjectRanker
from prefml.workspace import Workspace

__all__ = ["FORMAT", "Exported", "export_models", "load_exported", "write_exported"]

# Raise by one when a reader of this version would misread what is written; teach `load_exported`
# to read the formats before it, and add a file of the new one to `tests/data`.
FORMAT = 1
# How far a prediction may move by being written as text and read again.
TOLERANCE = 1e-9
_ROWS = 64
_REQUIRED = ("format", "kind", "sha256", "files", "model")
_AGAIN = "prefml export-model"


@dataclass(frozen=True)
class Exported:
    """One model that was written.

    Attributes
    ----------
    kind : {"ranker", "crop"}
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


@dataclass(frozen=True)
class _Form:
    """How a kind of model is written and read, and what tells whether it is still the same."""

    to_plain: Callable[[Any], tuple[dict[str, Any], dict[str, str]]]
    from_plain: Callable[[Mapping[str, Any], Mapping[str, str]], Any]
    answers: Callable[[Any, Any], tuple[Floats, ...]]


def _ranker_answers(model: SetRanker, X: ArrayLike) -> tuple[Floats, ...]:
    return model.predict(X), model.win_probability(X, np.arange(_ROWS) // 3)


def _crop_answers(model: CropRegressor, X: ArrayLike) -> tuple[Floats, ...]:
    return model.predict(X), model.keep_probability(X), model.predict_bands(X)


_FORMS = {
    "ranker": _Form(ranker_export.to_plain, ranker_export.from_plain, _ranker_answers),
    "crop": _Form(crop_export.to_plain, crop_export.from_plain, _crop_answers),
}


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
        if isinstance(model, PerProjectRanker):
            raise ModelFileError(
                f"{path} holds rankers of {len(model.own_)} projects",
                "one ranker for all projects, which alone has a form without pickle",
                "prefml train ranker, without --per-project",
            )
        written.append(write_exported(model, folder, kind, manifest.document))
    return written


def write_exported(
    model: SetRanker | CropRegressor, folder: Path, kind: str, facts: Mapping[str, Any]
) -> Exported:
    """Write one fitted model as JSON and texts, and read it again to be sure of it.

    Parameters
    ----------
    model : SetRanker or CropRegressor
        Fitted.
    folder : Path
        Where to write `<kind>.json` and `<kind>.*.txt`.
    kind : {"ranker", "crop"}
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
    document, texts = _FORMS[kind].to_plain(model)
    names = {name: f"{kind}.{name}.txt" for name in texts}
    for name, text in texts.items():
        write_text(folder / names[name], text)
    kept = {name: facts.get(name) for name in ("encoder", "cues", "counts", "fold_scores")}
    content = {
        "format": FORMAT,
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
    difference = _difference(model, load_exported(path, kind), _FORMS[kind])
    if not difference <= TOLERANCE:
        raise ModelFileError(
            f"{path} predicts otherwise, by {difference:.2g}", f"at most {TOLERANCE:.0e}"
        )
    return Exported(kind, path, (path, *(folder / file for file in names.values())), difference)


def load_exported(path: str | Path, kind: str | None = None) -> Any:
    """Load a model that `prefml export-model` wrote. No code is run: nothing is unpickled.

    Parameters
    ----------
    path : str or Path
        The JSON file, `<folder>/ranker.json` or `<folder>/crop.json`, its texts beside it.
    kind : {"ranker", "crop"}, optional
        Refuse a model of another kind.

    Returns
    -------
    SetRanker or CropRegressor
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
    if kind is not None and content["kind"] != kind:
        raise ModelFileError(f"{place} is a {content['kind']} model", f"a {kind} model")
    texts = {name: _text(place.parent, entry) for name, entry in content["files"].items()}
    try:
        return _FORMS[content["kind"]].from_plain(content["model"], texts)
    except Exception as error:
        # Numbers are as they were written, so a part is missing or of another shape.
        found = f"{place}: {type(error).__name__}: {error}"
        raise ModelFileError(found, "an exported model", _AGAIN) from error


def _read(place: Path) -> dict[str, Any]:
    try:
        content = json.loads(_bytes(place).decode("utf-8"))
        fingerprint = _fingerprint(content["model"]) if _has_parts(content) else None
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{place}: {error}", "an exported model", _AGAIN) from error
    if fingerprint is None:
        parts = ", ".join(_REQUIRED)
        raise ModelFileError(f"{place} lacks one of {parts}", "an exported model", _AGAIN)
    check_format(content["format"], FORMAT, place)
    if content["kind"] not in KINDS or not isinstance(content["files"], dict):
        raise ModelFileError(f"{place} is of another program", "an exported model", _AGAIN)
    if fingerprint != content["sha256"]:
        raise ModelFileError(f"{place} was changed", "an unchanged file", _AGAIN)
    return dict(content)


def _has_parts(content: Any) -> bool:
    return isinstance(content, dict) and all(name in content for name in _REQUIRED)


def _text(folder: Path, entry: Any) -> str:
    """Return one of LightGBM's models; the bytes that were checked are those that are used."""
    entry = entry if isinstance(entry, dict) else {}
    name = entry.get("file")
    if not isinstance(name, str) or Path(name).name != name:
        raise ModelFileError(f"a file named {name!r}", "a plain file name", _AGAIN)
    content = _bytes(folder / name)
    if hashlib.sha256(content).hexdigest() != entry.get("sha256"):
        raise ModelFileError(f"{folder / name} was changed", "an unchanged file", _AGAIN)
    return content.decode("utf-8", errors="replace")


def _bytes(path: Path) -> bytes:
    try:
        if path.is_file():
            return path.read_bytes()
    except (OSError, ValueError) as error:
        # A name may be too long, or hold what no file system takes.
        found = f"{str(path)[:300]!r}: {type(error).__name__}"
        raise ModelFileError(found, "a readable file", _AGAIN) from error
    raise ModelFileError(f"no file {path}", "an exported model", _AGAIN)


def _fingerprint(document: Any) -> str:
    """Hash the numbers as such, so that the spacing of the file does not matter."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _difference(model: Any, again: Any, form: _Form) -> float:
    """Compare two models on made-up rows, some of them with gaps."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(_ROWS, model.n_features_in_))
    values[rng.random(values.shape) < 0.1] = np.nan
    names = getattr(model, "feature_names_in_", None)
    X = values if names is None else pd.DataFrame(values, columns=names)
    pairs = zip(form.answers(model, X), form.answers(again, X), strict=True)
    return max(float(np.abs(one - other).max(initial=0.0)) for one, other in pairs)
