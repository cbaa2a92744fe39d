import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from prefml.encoders import open_encoder
from prefml.encoders.builtin import BLOCKS, SPEC, BuiltinEncoder
from prefml.exceptions import EncoderError

ENCODER = BuiltinEncoder()
# Place in the vector of scikit-learn's first photograph -> what begins there, one in each block.
PINNED = {
    0: [0.0014364, 0.0084863, 0.00059386, 0.0006551],
    512: [0.11153, -0.0041752, -0.030533, 0.10637],
    672: [0.050329, 0.062744, 0.067658, 0.070684],
    688: [0.086863, 0.030017, 0.045041, 0.031528],
}


def encode(*images):
    return ENCODER.encode([ENCODER.preprocess(image) for image in images])


def test_name_opens_it():
    assert open_encoder("builtin").spec == SPEC


def test_vectors_have_length_one_and_the_stated_dimension(pictures):
    vectors = encode(*pictures)
    assert vectors.shape == (len(pictures), SPEC.dim) == (10, sum(BLOCKS.values()))
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(("start", "values"), PINNED.items())
def test_canonical_vector_is_what_it_always_was(pictures, start, values):
    np.testing.assert_allclose(encode(pictures[0])[0, start : start + 4], values, rtol=1e-2)


def test_identity_stays_what_it_was():
    assert SPEC.identity == "1993180b52987350"


def test_vector_does_not_depend_on_the_batch(pictures):
    together = encode(*pictures[:5])
    alone = np.concatenate([encode(picture) for picture in pictures[:5]])
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (256, 256), (700, 300)])
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (1, 2, 3)])
def test_blank_pictures_of_any_shape_have_finite_vectors(size, colour):
    assert np.isfinite(encode(Image.new("RGB", size, colour))).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 80), st.integers(1, 80), st.integers(0, 2**32 - 1))
def test_any_picture_has_a_vector_of_length_one(width, height, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert np.linalg.norm(encode(Image.fromarray(pixels))) == pytest.approx(1, rel=1e-5)


def test_a_resized_copy_is_nearer_than_another_picture(pictures):
    picture = pictures[0]
    small = picture.resize((picture.width // 2, picture.height // 2))
    original, copy, other = encode(picture, small, pictures[5])
    assert original @ copy > 0.98 > original @ other


def test_no_pictures_give_no_vectors():
    assert ENCODER.encode([]).shape == (0, SPEC.dim)


def test_an_array_that_preprocess_did_not_make_is_refused():
    with pytest.raises(EncoderError, match="256 x 256 x 3"):
        ENCODER.encode([np.zeros((3, 224, 224), np.float32)])


def test_it_needs_no_torch():
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['open_clip'] = None\n"
        "from prefml.encoders import open_encoder; open_encoder('builtin')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
