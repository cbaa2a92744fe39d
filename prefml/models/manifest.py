"""Declare the manifest of a model file, and check it before anything else is read."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import msgspec

from prefml._version import __version__
from prefml.exceptions import ModelFileError

__all__ = [
    "FORMAT",
    "KINDS",
    "LIBRARIES",
    "OLDEST",
    "Manifest",
    "TrainedEncoder",
    "check_format",
    "check_manifest",
    "library_versions",
    "manifest_path",
    "read_manifest",
]

# Raise by one when a model file of this version could not be used by the version before.
FORMAT = 6
# Raise as well when what a fitted estimator is made of changes: pickles of before would load and
# then fail. Exported models have a format of their own and stay readable.
OLDEST = 6
KINDS = ("ranker", "crop", "rejection")
LIBRARIES = ("prefml", "lightgbm", "scikit-learn", "numpy", "scipy", "joblib")
_REQUIRED = ("format", "kind", "class", "sha256", "versions", "encoder")
_LONGEST = 300


class TrainedEncoder(msgspec.Struct, frozen=True):
    """Encoder whose vectors a model was trained on.

    Attributes
    ----------
    id : str
        Name of the network or descriptor.
    identity : str
        Changes whenever the vectors would; see `prefml.encoders.EncoderSpec`.
    name : str
        Name that opened it: `builtin`, `clip`, a folder.
    """

    id: str
    identity: str
    name: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, rename={"class_name": "class"}):
    """Manifest of a model file, checked.

    Attributes
    ----------
    format : int
        Format of the model file.
    kind : {"ranker", "crop", "rejection"}
        Which model.
    class_name : str
        Module and class of the estimator; `class` in the file.
    sha256 : str
        Hash of the model file, 64 hex digits.
    size : int or None
        Bytes of the model file; None in manifests that do not say.
    written : str or None
        When, in ISO 8601.
    versions : dict of str to str
        Library -> the version that wrote the model.
    encoder : TrainedEncoder or None
        None for a model that learned without pictures.
    cues : str or None
        Identity of the cues among its columns.
    decisions_sha256 : str or None
        Hash of the decisions it learned from.
    last_decision : str or None
        Time of the latest of them, in ISO 8601.
    counts : dict of str to int
        Sets or crops, images, projects.
    fold_scores : dict of str to float
        Scores on held-out folds of the training.
    left_out : dict of str to int
        Reason -> sets or crops that were not learned from.
    rejection_sha256 : str or None
        Of a ranker: hash of the model of "none is good" that belongs to what it promises.
    document : dict of str to object
        The whole content of the file, entries that are not declared here included.
    """

    format: int
    kind: str
    class_name: str
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    versions: dict[str, str]
    encoder: TrainedEncoder | None
    document: dict[str, object]
    size: Annotated[int, msgspec.Meta(ge=0)] | None = None
    written: str | None = None
    cues: str | None = None
    decisions_sha256: str | None = None
    last_decision: str | None = None
    counts: dict[str, int] = {}
    fold_scores: dict[str, float] = {}
    left_out: dict[str, int] = {}
    rejection_sha256: str | None = None


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


def read_manifest(path: str | Path) -> Manifest:
    """Read the manifest of a model file and check that prefml wrote it.

    Parameters
    ----------
    path : str or Path
        The model file, `<name>.joblib`.

    Returns
    -------
    Manifest

    Raises
    ------
    ModelFileError
        If the manifest is missing, damaged, foreign, or of a newer or a much earlier format.
    """
    place = manifest_path(path)
    if not place.is_file():
        raise ModelFileError(f"no manifest {place}", "a model written by prefml", "prefml train")
    try:
        content: object = json.loads(place.read_text("utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise ModelFileError(f"{place}: {error}", "a manifest", "prefml train") from error
    if not isinstance(content, dict):
        raise ModelFileError(f"{place} holds no object", "a manifest", "prefml train")
    return check_manifest(content, place)


def check_manifest(content: Mapping[str, object], place: Path) -> Manifest:
    """Check the content of a manifest.

    Parameters
    ----------
    content : mapping
        The JSON object.
    place : Path
        Its file, for the message.

    Returns
    -------
    Manifest

    Raises
    ------
    ModelFileError
        If an entry is missing or of the wrong kind, or the format is not one of these versions.
    """
    missing = [name for name in _REQUIRED if name not in content]
    if missing:
        raise ModelFileError(f"{place} lacks {', '.join(missing)}", "a manifest", "prefml train")
    if check_format(content["format"], FORMAT, place) < OLDEST:
        raise ModelFileError(
            f"{place} has format {content['format']}, of an earlier prefml",
            f"a format from {OLDEST} on (exported models of any version load)",
            "prefml train",
        )
    if content["kind"] not in KINDS or not isinstance(content["versions"], dict):
        raise ModelFileError(f"{place} is of another program", "a manifest", "prefml train")
    try:
        return msgspec.convert({**content, "document": content}, Manifest)
    except (msgspec.ValidationError, UnicodeError) as error:
        found = f"{place}: {error}"[:_LONGEST]
        raise ModelFileError(found, "what prefml writes there", "prefml train") from error


def check_format(number: object, newest: int, place: Path) -> int:
    """Return the format number of a file, refusing what is none and what is newer.

    Parameters
    ----------
    number : object
        The entry `format`.
    newest : int
        The latest format that this version reads.
    place : Path
        The file, for the message.

    Returns
    -------
    int
        From 1 to `newest`.

    Raises
    ------
    ModelFileError
        If it is no such number.
    """
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= newest:
        raise ModelFileError(
            f"{place} has format {number!r}", f"a format up to {newest}", "pip install -U prefml"
        )
    return number
