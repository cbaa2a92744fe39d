"""Model files: a joblib beside a manifest that is checked before anything is unpickled."""

from __future__ import annotations

import json
import platform
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from prefml import __version__
from prefml.exceptions import ModelFileError
from prefml.files import file_sha256, replacing, write_text

__all__ = [
    "FORMAT",
    "ModelVersionWarning",
    "library_versions",
    "load_model",
    "manifest_path",
    "read_manifest",
    "save_model",
]

# Raise by one when a model file of this version could not be used by the version before.
FORMAT = 2
# Raise as well when what a fitted estimator is made of changes: pickles of before would load and
# then fail. Exported models have a format of their own and stay readable.
OLDEST = 2
KINDS = ("ranker", "crop")
LIBRARIES = ("prefml", "lightgbm", "scikit-learn", "numpy", "scipy", "joblib")
REQUIRED = ("format", "kind", "sha256", "versions", "encoder")


class ModelVersionWarning(UserWarning):
    """A model was written with other library versions than those that load it."""


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
    import joblib

    target = Path(path)
    if not target.is_file():
        raise ModelFileError(f"no model {target}", "a trained model", "prefml train")
    manifest = read_manifest(target)
    if kind is not None and manifest["kind"] != kind:
        raise ModelFileError(f"{target} is a {manifest['kind']} model", f"a {kind} model")
    if file_sha256(target) != manifest["sha256"]:
        raise ModelFileError(
            f"{target} is not the file its manifest describes", "an unchanged file", "prefml train"
        )
    _check_versions(manifest["versions"], target)
    try:
        model = joblib.load(target)
    except Exception as error:
        versions = ", ".join(f"{k} {v}" for k, v in manifest["versions"].items())
        raise ModelFileError(
            f"{target} cannot be unpickled here ({type(error).__name__}: {error})",
            f"the versions that wrote it ({versions}), or a model of `prefml export-model`",
            "prefml train",
        ) from error
    written = manifest.get("class")
    if f"{type(model).__module__}.{type(model).__qualname__}" != written:
        raise ModelFileError(f"{target} holds a {type(model).__name__}", str(written))
    return model


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
            stacklevel=3,
        )


def _series(text: str | None) -> tuple[str, ...]:
    return tuple(str(text).split(".")[:2])
