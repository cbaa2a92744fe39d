"""Write and load model files: a joblib beside a manifest, checked before it is unpickled."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from prefml.exceptions import ModelFileError
from prefml.files import file_sha256, is_locked, read_consistently, replacing, write_text
from prefml.models.manifest import (
    FORMAT,
    KINDS,
    LIBRARIES,
    Manifest,
    check_manifest,
    library_versions,
    manifest_path,
    read_manifest,
)

__all__ = [
    "ModelVersionWarning",
    "amend_manifest",
    "load_model",
    "load_pair",
    "model_file",
    "save_model",
]

# A training changes one file of a pair after the other; in between lies one wait for the disk.
_PATIENCE = 3.0


class ModelVersionWarning(UserWarning):
    """Warning that a model was written with other library versions than those that load it."""


def model_file(kind: str) -> str:
    """Return the name of the file that holds the model of a kind.

    Parameters
    ----------
    kind : "ranker", "crop" or "rejection"
        Which model.

    Returns
    -------
    str
        `<kind>.joblib`.
    """
    return f"{kind}.joblib"


def save_model(model: object, path: str | Path, kind: str, facts: Mapping[str, object]) -> Path:
    """Write a fitted estimator and its manifest.

    The joblib holds the estimator itself, so that ``joblib.load`` works without prefml's help.

    Parameters
    ----------
    model : estimator
        A fitted `SetRanker`, `CropRegressor` or `RejectionModel`.
    path : str or Path
        Where to write, `<name>.joblib`.
    kind : "ranker", "crop" or "rejection"
        What the model is.
    facts : mapping
        What else the manifest says: `encoder` (the specification its embeddings come from, or
        None), counts, the hash of the logs, the scores in the folds.

    Returns
    -------
    Path
        The model file.

    Raises
    ------
    ModelFileError
        If `kind` is not one of them, or `facts` lacks the encoder or holds what a manifest
        cannot.
    """
    import joblib

    if kind not in KINDS:
        raise ModelFileError(f"a model of kind {kind!r}", f"one of {', '.join(KINDS)}")
    if "encoder" not in facts:
        raise ModelFileError("no entry 'encoder' among the facts", "its specification, or None")
    target = Path(path)
    with replacing(target) as temporary:
        joblib.dump(model, temporary, compress=("zlib", 3))
        content = {
            "format": FORMAT,
            "kind": kind,
            "class": _class_name(model),
            "sha256": file_sha256(temporary),
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": library_versions(),
            **facts,
            "size": temporary.stat().st_size,
        }
        check_manifest(content, manifest_path(target))
    write_text(manifest_path(target), json.dumps(content, indent=2, allow_nan=False) + "\n")
    return target


def amend_manifest(path: str | Path, facts: Mapping[str, object]) -> None:
    """Add to the manifest of a model file what became known after it was written.

    Parameters
    ----------
    path : str or Path
        The model file.
    facts : mapping
        Further entries; those of the same name are replaced.

    Raises
    ------
    ModelFileError
        If there is no sound manifest, or the entries are not those of one.
    """
    place = manifest_path(path)
    content = {**read_manifest(path).document, **facts}
    check_manifest(content, place)
    write_text(place, json.dumps(content, indent=2, allow_nan=False) + "\n")


def load_model(path: str | Path, kind: str | None = None) -> Any:
    """Load a model after checking that its file is the one its manifest describes.

    A joblib file is a pickle: unpickling runs code. The check proves that the file is unchanged
    since it was written; it cannot prove who wrote it. Load only models you trained yourself.

    Parameters
    ----------
    path : str or Path
        The model file, `<name>.joblib`, with its `<name>.manifest.json` beside it.
    kind : "ranker", "crop" or "rejection", optional
        Refuse a model of another kind.

    Returns
    -------
    estimator
        The fitted `SetRanker`, `CropRegressor` or `RejectionModel`.

    Raises
    ------
    ModelFileError
        If a file is missing, changed, foreign, or was written by a newer or a much earlier
        version: nothing is unpickled then. Or if the libraries of today cannot unpickle it.

    Warns
    -----
    ModelVersionWarning
        If a library has another major or minor version than the one that wrote the model.
    """
    return _load(Path(path), kind)[0]


def load_pair(path: str | Path, kind: str | None = None) -> tuple[Any, Manifest]:
    """Load a model and the manifest that belongs to it, also while a training replaces them.

    Parameters
    ----------
    path, kind
        As for `load_model`.

    Returns
    -------
    model : estimator
    manifest : Manifest

    Raises
    ------
    ModelFileError
        As `load_model` does; what does not belong together while a training is at work is first
        looked at again.
    """
    target = Path(path)

    def changing() -> bool:
        return target.is_file() and is_locked(target.parent)

    return read_consistently(lambda: _load(target, kind), changing, ModelFileError, _PATIENCE)


def _load(target: Path, kind: str | None) -> tuple[Any, Manifest]:
    if not target.is_file():
        raise ModelFileError(f"no model {target}", "a trained model", "prefml train")
    manifest = read_manifest(target)
    if kind is not None and manifest.kind != kind:
        raise ModelFileError(f"{target} is a {manifest.kind} model", f"a {kind} model")
    content = _read_verified(target, manifest)
    _check_versions(manifest.versions, target)
    model = _unpickle(content, target, manifest.versions)
    if _class_name(model) != manifest.class_name:
        raise ModelFileError(f"{target} holds a {type(model).__name__}", manifest.class_name)
    return model, manifest


def _class_name(model: object) -> str:
    return f"{type(model).__module__}.{type(model).__qualname__}"


def _read_verified(target: Path, manifest: Manifest) -> bytes:
    """Read a model file that is the one of its manifest; no other one is held in memory.

    The bytes that will be unpickled are hashed again: another process may write to the file.
    """
    try:
        with target.open("rb") as stream:
            same = manifest.size in (None, os.fstat(stream.fileno()).st_size)
            if same and hashlib.file_digest(stream, "sha256").hexdigest() == manifest.sha256:
                stream.seek(0)
                content = stream.read()
                if hashlib.sha256(content).hexdigest() == manifest.sha256:
                    return content
    except OSError as error:
        raise ModelFileError(f"{target}: {error.strerror}", "a readable file") from error
    raise ModelFileError(
        f"{target} is not the file its manifest describes", "an unchanged file", "prefml train"
    )


def _unpickle(content: bytes, target: Path, versions: Mapping[str, str]) -> Any:
    import joblib

    try:
        return joblib.load(BytesIO(content))
    except Exception as error:
        written = ", ".join(f"{k} {v}" for k, v in versions.items())
        raise ModelFileError(
            f"{target} cannot be unpickled here ({type(error).__name__}: {error})",
            f"the versions that wrote it ({written}), or a model of `prefml export-model`",
            "prefml train",
        ) from error


def _check_versions(written: Mapping[str, str], target: Path) -> None:
    now = library_versions()
    drift = [
        f"{name} {written.get(name)} (now {now[name]})"
        for name in LIBRARIES
        if _series(written.get(name)) != _series(now[name])
    ]
    if drift:
        warnings.warn(
            f"{target} was written with {', '.join(drift)}; run: prefml train",
            ModelVersionWarning,
            stacklevel=4,
        )


def _series(text: str | None) -> tuple[str, ...]:
    return tuple(str(text).split(".")[:2])
