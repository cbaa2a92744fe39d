"""Model files: a joblib beside a manifest that is checked before anything is unpickled."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import Any

from prefml._version import __version__
from prefml.exceptions import ModelFileError
from prefml.files import file_sha256, is_locked, read_consistently, replacing, write_text

__all__ = [
    "FORMAT",
    "KINDS",
    "ModelVersionWarning",
    "library_versions",
    "load_model",
    "load_pair",
    "manifest_path",
    "model_file",
    "read_manifest",
    "save_model",
]

# Raise by one when a model file of this version could not be used by the version before.
FORMAT = 3
# Raise as well when what a fitted estimator is made of changes: pickles of before would load and
# then fail. Exported models have a format of their own and stay readable.
OLDEST = 3
KINDS = ("ranker", "crop")
LIBRARIES = ("prefml", "lightgbm", "scikit-learn", "numpy", "scipy", "joblib")
REQUIRED = ("format", "kind", "class", "sha256", "versions", "encoder")
# A training changes one file of a pair after the other; in between lies one wait for the disk.
_PATIENCE = 3.0
_SHA256 = re.compile("[0-9a-f]{64}")


class ModelVersionWarning(UserWarning):
    """A model was written with other library versions than those that load it."""


def model_file(kind: str) -> str:
    """Return the name of the file that holds the model of a kind."""
    return f"{kind}.joblib"


def manifest_path(path: str | Path) -> Path:
    """Return where the manifest of a model file lies.

    Parameters
    ----------
    path : str or Path
        The model file, `<name>.joblib`.

    Returns
    -------
    Path
        `<name>.manifest.json` beside it.
    """
    return Path(path).with_suffix(".manifest.json")


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries a model file depends on.

    Returns
    -------
    dict of str to str
    """
    found = {"python": platform.python_version(), "prefml": __version__}
    for name in LIBRARIES[1:]:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def save_model(model: Any, path: str | Path, kind: str, facts: Mapping[str, Any]) -> Path:
    """Write a fitted estimator and its manifest.

    The joblib holds the estimator itself, so that ``joblib.load`` works without prefml's help.

    Parameters
    ----------
    model : estimator
        A fitted `SetRanker` or `CropRegressor`.
    path : str or Path
        Where to write, `<name>.joblib`.
    kind : {"ranker", "crop"}
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
        If `kind` is not one of the two or `facts` lacks the encoder.
    """
    import joblib

    if kind not in KINDS:
        raise ModelFileError(f"a model of kind {kind!r}", f"one of {', '.join(KINDS)}")
    if "encoder" not in facts:
        raise ModelFileError("no entry 'encoder' among the facts", "its specification, or None")
    target = Path(path)
    with replacing(target) as temporary:
        joblib.dump(model, temporary, compress=("zlib", 3))
        digest = file_sha256(temporary)
    manifest = {
        "format": FORMAT,
        "kind": kind,
        "class": f"{type(model).__module__}.{type(model).__qualname__}",
        "sha256": digest,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": library_versions(),
        **facts,
    }
    write_text(manifest_path(target), json.dumps(manifest, indent=2, allow_nan=False) + "\n")
    return target


def read_manifest(path: str | Path) -> dict[str, Any]:
    """Read the manifest of a model file and check that it is one of ours.

    Parameters
    ----------
    path : str or Path
        The model file, `<name>.joblib`.

    Returns
    -------
    dict

    Raises
    ------
    ModelFileError
        If the manifest is missing, damaged, foreign, or of a newer format.
    """
    place = manifest_path(path)
    if not place.is_file():
        raise ModelFileError(f"no manifest {place}", "a model written by prefml", "prefml train")
    try:
        manifest = json.loads(place.read_text("utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise ModelFileError(f"{place}: {error}", "a manifest", "prefml train") from error
    _check_manifest(manifest, place)
    return dict(manifest)


def _check_manifest(manifest: Any, place: Path) -> None:
    if not isinstance(manifest, dict):
        raise ModelFileError(f"{place} holds no object", "a manifest", "prefml train")
    missing = [name for name in REQUIRED if name not in manifest]
    if missing:
        raise ModelFileError(f"{place} lacks {', '.join(missing)}", "a manifest", "prefml train")
    number = manifest["format"]
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= FORMAT:
        raise ModelFileError(
            f"{place} has format {number!r}", f"a format up to {FORMAT}", "pip install -U prefml"
        )
    if number < OLDEST:
        raise ModelFileError(
            f"{place} has format {number}, of an earlier prefml",
            f"a format from {OLDEST} on (exported models of any version load)",
            "prefml train",
        )
    if manifest["kind"] not in KINDS or not isinstance(manifest["versions"], dict):
        raise ModelFileError(f"{place} is of another program", "a manifest", "prefml train")
    wrong = [name for name, fits in _FITS.items() if not fits(manifest.get(name))]
    if wrong:
        shown = f"{place} has {wrong[0]} = {manifest.get(wrong[0])!r}"
        raise ModelFileError(shown[:300], "what prefml writes there", "prefml train")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_encoder(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, dict) and all(
        isinstance(value.get(name), str) for name in ("id", "identity", "name")
    )


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "class": _is_text,
    "sha256": lambda value: _is_text(value) and _SHA256.fullmatch(value) is not None,
    "encoder": _is_encoder,
    "cues": lambda value: value is None or _is_text(value),
    "written": lambda value: value is None or _is_text(value),
}


def load_model(path: str | Path, kind: str | None = None) -> Any:
    """Load a model after checking that its file is the one its manifest describes.

    A joblib file is a pickle: unpickling runs code. The check proves that the file is unchanged
    since it was written; it cannot prove who wrote it. Load only models you trained yourself.

    Parameters
    ----------
    path : str or Path
        The model file, `<name>.joblib`, with its `<name>.manifest.json` beside it.
    kind : {"ranker", "crop"}, optional
        Refuse a model of another kind.

    Returns
    -------
    estimator
        The fitted `SetRanker` or `CropRegressor`.

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


def load_pair(path: str | Path, kind: str | None = None) -> tuple[Any, dict[str, Any]]:
    """Load a model and the manifest that belongs to it, also while a training replaces them.

    Parameters
    ----------
    path, kind
        As for `load_model`.

    Returns
    -------
    model : estimator
    manifest : dict

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


def _load(target: Path, kind: str | None) -> tuple[Any, dict[str, Any]]:
    if not target.is_file():
        raise ModelFileError(f"no model {target}", "a trained model", "prefml train")
    manifest = read_manifest(target)
    if kind is not None and manifest["kind"] != kind:
        raise ModelFileError(f"{target} is a {manifest['kind']} model", f"a {kind} model")
    content = _verified(target, manifest["sha256"])
    _check_versions(manifest["versions"], target)
    model = _unpickled(content, target, manifest["versions"])
    if f"{type(model).__module__}.{type(model).__qualname__}" != manifest["class"]:
        raise ModelFileError(f"{target} holds a {type(model).__name__}", manifest["class"])
    return model, manifest


def _verified(target: Path, digest: str) -> bytes:
    """Read a model file once: the bytes that were checked are those that will be unpickled."""
    try:
        content = target.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{target}: {error.strerror}", "a readable file") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise ModelFileError(
            f"{target} is not the file its manifest describes", "an unchanged file", "prefml train"
        )
    return content


def _unpickled(content: bytes, target: Path, versions: Mapping[str, Any]) -> Any:
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
