from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from prefml.encoders.onnx import OnnxEncoder
from prefml.exceptions import EncoderError

SIZE, DIM = 8, 5


@pytest.fixture
def inputs():
    values = np.random.default_rng(3).standard_normal((7, 3, SIZE, SIZE), dtype=np.float32)
    return list(values)


def opened(folder):
    return OnnxEncoder.open(folder, threads=1)


def test_vectors_are_those_of_the_model_scaled_to_length_one(write_folder, inputs, little_matrix):
    vectors = opened(write_folder()).encode(inputs)
    expected = np.stack([value.ravel() for value in inputs]) @ little_matrix
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected, rtol=1e-4, atol=1e-6)


def test_vectors_are_left_as_they_are_when_the_description_says_so(
    write_folder, inputs, little_matrix
):
    folder = write_folder(changes={"output.normalize": "none"})
    expected = np.stack([value.ravel() for value in inputs]) @ little_matrix
    np.testing.assert_allclose(opened(folder).encode(inputs), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_any_number_of_pictures_can_be_encoded(write_folder, inputs, count):
    assert opened(write_folder()).encode(inputs[:count]).shape == (count, DIM)


def test_external_weights_are_used(write_folder, inputs):
    whole = opened(write_folder()).encode(inputs)
    split = opened(write_folder("external")).encode(inputs)
    np.testing.assert_allclose(split, whole, rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("nan", "not finite"),
        ("constant", "same vector"),
        ("zero", "zeros"),
        ("wide", r"\(3, 6\).*\(3, 5\)"),
        ("fixed", "could not run"),
    ],
)
def test_an_unsound_model_is_refused_at_the_first_batch(write_folder, inputs, kind, message):
    with pytest.raises(EncoderError, match=message):
        opened(write_folder(kind)).encode(inputs[:1])


def test_a_file_that_is_no_model_is_refused(write_folder, inputs):
    folder = write_folder()
    encoder = opened(folder)
    (folder / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(EncoderError, match="an ONNX model"):
        encoder.encode(inputs)


@pytest.mark.parametrize("block", ["input", "output"])
def test_names_that_the_model_does_not_have_are_refused(write_folder, inputs, block):
    folder = write_folder(changes={f"{block}.name": "other"})
    with pytest.raises(EncoderError, match=r"maps \['pixels'\] to \['embedding'\]"):
        opened(folder).encode(inputs)


def test_threads_may_share_an_encoder(write_folder, inputs):
    encoder = opened(write_folder())
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(encoder.encode, [inputs] * 8))
    for result in results:
        np.testing.assert_array_equal(result, results[0])


def test_a_model_without_patches_says_so(write_folder, inputs):
    encoder = opened(write_folder())
    assert not encoder.has_patches
    with pytest.raises(EncoderError, match="no patches"):
        encoder.encode_with_patches(inputs)


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_here_is_refused_with_the_way_on(write_folder, device):
    import onnxruntime

    if len(onnxruntime.get_available_providers()) > 2:
        pytest.skip("this ONNX Runtime has accelerators")
    with pytest.raises(EncoderError, match="--device cpu"):
        OnnxEncoder.open(write_folder(), device)


@pytest.mark.shared
def test_mobilenet_tells_pictures_apart(shared, pictures):
    encoder = OnnxEncoder.open(shared / "encoders" / "mobilenet_v2", threads=1)
    mirrored = pictures[0].transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    inputs = [encoder.preprocess(image) for image in (pictures[0], mirrored, pictures[5])]
    vectors = encoder.encode(inputs)
    assert vectors[0] @ vectors[1] > 0.8 > vectors[0] @ vectors[2]


def test_a_device_that_nobody_knows_is_refused_with_those_there_are(write_folder):
    with pytest.raises(EncoderError, match=r"device 'tpu'.*auto, cpu, cuda, mps"):
        OnnxEncoder.open(write_folder(), "tpu")


def test_patches_that_are_no_grid_are_refused(write_folder, inputs):
    folder = write_folder(changes={"output.patches": {"name": "embedding"}})
    with pytest.raises(EncoderError, match=r"gave patches of shape \(\d+, 5\)"):
        opened(folder).encode_with_patches(inputs)
