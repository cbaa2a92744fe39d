"""An int8 encoder is another encoder, made from the float32 one."""

import json

import numpy as np
import pytest

from prefml.encoders import quantization
from prefml.encoders.folder import read_folder
from prefml.encoders.onnx import OnnxEncoder
from prefml.encoders.parity import sample_pictures
from prefml.encoders.quantization import quantize_folder
from prefml.encoders.vectors import cosines
from prefml.exceptions import EncoderError

pytest.importorskip("onnx")


def test_the_int8_encoder_gives_nearly_the_same_vectors_and_has_another_identity(
    write_folder, tmp_path
):
    exact = OnnxEncoder.open(write_folder())
    quantize_folder(exact.folder, tmp_path)
    small = OnnxEncoder.open(tmp_path)
    batch = [exact.preprocess(one) for one in sample_pictures()]
    assert cosines(exact.encode(batch), small.encode(batch)).min() > 0.99
    assert small.spec.precision == "int8"
    assert small.spec.identity != exact.spec.identity
    assert small.spec.sha256 == exact.spec.sha256


def test_without_onnx_the_error_says_how_to_get_it(write_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(quantization, "find_spec", lambda name: None)
    with pytest.raises(EncoderError, match=r"pip install 'prefml\[clip\]'"):
        quantize_folder(read_folder(write_folder()), tmp_path)


def test_a_model_that_cannot_be_quantised_is_refused(write_folder, tmp_path):
    exact = read_folder(write_folder())
    exact.model.write_bytes(b"no model")
    with pytest.raises(EncoderError, match="cannot be quantised"):
        quantize_folder(exact, tmp_path)


def test_weights_in_several_files_are_not_quantised(write_folder, tmp_path):
    exact = read_folder(write_folder())
    description = exact.model.parent / "encoder.json"
    document = json.loads(description.read_text()) | {"external": {"weights": "0"}}
    description.write_text(json.dumps(document))
    with pytest.raises(EncoderError, match="other files"):
        quantize_folder(exact, tmp_path)
    assert np.all([path.suffix != ".onnx" for path in tmp_path.iterdir()])
