"""Quantise the weights of an ONNX model to 8-bit integers."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from prefml.encoders.folder import DESCRIPTION, EncoderFolder
from prefml.encoders.silence import silenced_libraries
from prefml.exceptions import EncoderError
from prefml.files import file_sha256, write_text

__all__ = ["quantize_folder", "quantize_model"]

_MODEL = "model.onnx"


def quantize_model(exact: Path, path: Path) -> None:
    """Write a model's dynamic quantisation: int8 weights, activations scaled as they come.

    Parameters
    ----------
    exact : Path
        The float32 ONNX file.
    path : Path
        The file to write.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with silenced_libraries():
        quantize_dynamic(
            exact,
            path,
            op_types_to_quantize=["MatMul", "Gemm"],
            per_channel=True,
            weight_type=QuantType.QInt8,
        )


def quantize_folder(exact: EncoderFolder, out: Path) -> None:
    """Write an encoder folder with int8 weights, of an identity of its own.

    Parameters
    ----------
    exact : EncoderFolder
        The float32 encoder.
    out : Path
        An empty folder.

    Raises
    ------
    EncoderError
        If the package `onnx` is missing, or the model cannot be quantised.
    """
    if find_spec("onnx") is None:
        raise EncoderError("no package onnx to quantise with", run="pip install 'prefml[clip]'")
    document = json.loads((exact.model.parent / DESCRIPTION).read_text("utf-8-sig"))
    if document.get("external"):
        raise EncoderError(f"{exact.model} has weights in other files", "a model of one file")
    try:
        quantize_model(exact.model, out / _MODEL)
    except Exception as error:
        # onnx and ONNX Runtime raise many classes for what they cannot quantise.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise EncoderError(f"{exact.model} cannot be quantised: {reason}") from error
    spec = replace(exact.spec, precision="int8")
    document |= {
        "file": _MODEL,
        "sha256": file_sha256(out / _MODEL),
        "weights_sha256": spec.sha256,
        "precision": spec.precision,
        "identity": spec.identity,
    }
    write_text(out / DESCRIPTION, json.dumps(document, indent=2) + "\n")
