"""Read and verify an encoder folder: an ONNX model, and `encoder.json` that describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prefml.encoders.external import external_files
from prefml.encoders.spec import EncoderSpec
from prefml.exceptions import EncoderError
from prefml.files import file_sha256

__all__ = ["DESCRIPTION", "EncoderFolder", "read_folder"]

DESCRIPTION = "encoder.json"
_EXPORT = "prefml export-encoder OUT"
_LARGEST_DESCRIPTION = 1_000_000
# No network's input is near it; at 65,536 one picture would take 50 GB.
_LARGEST_SIZE = 4096


@dataclass(frozen=True)
class EncoderFolder:
    """A folder whose files have the hashes that its `encoder.json` states.

    Attributes
    ----------
    spec : EncoderSpec
        Description of the embeddings.
    model : Path
        The ONNX file.
    input, output : str
        Names of the model's input (n, 3, size, size) and output (n, dim).
    patches : str or None
        Name of a second output (n, rows, columns), the similarity of each patch of the picture to
        the embedding of the whole, if the model has one.
    """

    spec: EncoderSpec
    model: Path
    input: str
    output: str
    patches: str | None = None


def read_folder(folder: Path) -> EncoderFolder:
    """Read `encoder.json` and verify every file it names.

    Fields that are not known are ignored.

    Parameters
    ----------
    folder : Path
        A folder with an `encoder.json`.

    Returns
    -------
    EncoderFolder

    Raises
    ------
    EncoderError
        If a file is missing or another than the one described, if the model takes weights from
        one that is not described, or if the description is not one.
    """
    path = folder / DESCRIPTION
    document = _read_description(path)
    model = _verified_file(folder, document.get("file"), document.get("sha256"))
    listed = _object(document, "external", path, {})
    for name, digest in listed.items():
        _verified_file(folder, name, digest)
    if unlisted := sorted(external_files(model) - set(listed)):
        found = f"{model} takes weights from {unlisted[0]!r:.200}, which is not verified"
        raise EncoderError(found, f"a file that {path} lists under external", _EXPORT)
    input_block, output_block = _object(document, "input", path), _object(document, "output", path)
    spec = _spec_of(document, input_block, output_block)
    if spec.size > _LARGEST_SIZE:
        wanted = f"a whole number from 1 to {_LARGEST_SIZE}"
        raise EncoderError(f"{path}: input size = {spec.size}", wanted, _EXPORT)
    _check_identity(document, spec, path)
    patches = _object(output_block, "patches", path, {}).get("name")
    return EncoderFolder(
        spec,
        model,
        _name(input_block, "pixels"),
        _name(output_block, "embedding"),
        patches if isinstance(patches, str) else None,
    )


def _read_description(path: Path) -> Mapping[str, object]:
    if not path.is_file():
        raise EncoderError(f"no {path}", "a folder with an ONNX model and encoder.json", _EXPORT)
    try:
        if path.stat().st_size > _LARGEST_DESCRIPTION:
            raise EncoderError(f"{path} is larger than a megabyte", "a description", _EXPORT)
        document: object = json.loads(path.read_text("utf-8-sig"))
    except (ValueError, OSError, RecursionError) as error:
        raise EncoderError(f"{path}: {error}", "a JSON file", _EXPORT) from error
    if not isinstance(document, dict):
        raise EncoderError(f"{path}: {type(document).__name__}", "a JSON object", _EXPORT)
    return document


def _object(
    holder: Mapping[str, object], key: str, path: Path, default: dict[str, object] | None = None
) -> Mapping[str, object]:
    value = holder.get(key, default)
    if not isinstance(value, dict):
        raise EncoderError(f"{path}: {key} = {value!r}", "a JSON object", _EXPORT)
    return value


def _name(block: Mapping[str, object], default: str) -> str:
    name = block.get("name", default)
    if not isinstance(name, str):
        raise EncoderError(f"encoder input or output name = {name!r}", "text", _EXPORT)
    return name


def _verified_file(folder: Path, name: object, digest: object) -> Path:
    if not isinstance(name, str) or not name or Path(name).name != name or "\0" in name:
        raise EncoderError(f"{folder / DESCRIPTION}: file = {name!r}", "a file name", _EXPORT)
    path = folder / name
    try:
        found = path.is_file()
    except OSError:
        found = False
    if not found:
        raise EncoderError(f"no {str(path)[:200]}", f"the file that {DESCRIPTION} names", _EXPORT)
    content = file_sha256(path)
    if content != digest:
        raise EncoderError(f"{path} has sha256 {content}", f"{digest!r} as described", _EXPORT)
    return path


def _spec_of(
    document: Mapping[str, object],
    input_block: Mapping[str, object],
    output_block: Mapping[str, object],
) -> EncoderSpec:
    layout = input_block.get("layout", "NCHW")
    if layout != "NCHW":
        raise EncoderError(f"encoder input layout = {layout!r}", "NCHW", _EXPORT)
    picture = {key: input_block[key] for key in _INPUT_FIELDS if key in input_block}
    vector = {key: output_block[key] for key in ("dim", "normalize") if key in output_block}
    other = {key: document[key] for key in _OTHER_FIELDS if key in document}
    # The hash of an export is that of the weights it was made from, so that its vectors and
    # those of the network it came from are known to be the same.
    digest = document.get("weights_sha256", document.get("sha256"))
    return EncoderSpec.from_dict({**other, **picture, **vector, "sha256": digest})


_INPUT_FIELDS = ("size", "resize", "interpolation", "crop", "mean", "std")
_OTHER_FIELDS = ("id", "source", "license", "precision")


def _check_identity(document: Mapping[str, object], spec: EncoderSpec, path: Path) -> None:
    stated = document.get("identity", spec.identity)
    if stated != spec.identity:
        raise EncoderError(
            f"{path} was changed: its fields give identity {spec.identity}", f"{stated!r}", _EXPORT
        )
