from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from prefml.encoders.preprocess import center_crop, network_input, resize_shortest
from prefml.encoders.spec import EncoderSpec
from prefml.encoders.tower import OPENAI_MEAN, OPENAI_STD

SPEC = EncoderSpec(
    "x", 8, 48, "shortest-side", "bicubic", "center", OPENAI_MEAN, OPENAI_STD, "l2", "0" * 64
)


def noise(width, height, mode="RGB"):
    pixels = np.random.default_rng(width * 1000 + height).integers(0, 256, (height, width, 3))
    return Image.fromarray(pixels.astype(np.uint8)).convert(mode)


@given(st.integers(1, 200), st.integers(1, 200))
def test_shortest_side_gets_the_asked_size_and_the_other_is_no_shorter(width, height):
    resized = resize_shortest(noise(width, height), 16, "bilinear")
    assert min(resized.size) == 16
    assert (resized.width >= resized.height) or width < height


@given(st.integers(16, 90), st.integers(16, 90))
def test_center_crop_leaves_equal_margins(width, height):
    picture = Image.new("RGB", (width, height))
    picture.paste((255, 255, 255), (0, 0, width, height))
    cut = center_crop(picture, 16)
    assert cut.size == (16, 16)
    assert np.asarray(cut).min() == 255


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1"])
def test_other_modes_are_converted(mode):
    assert network_input(noise(60, 50, mode), SPEC).shape == (3, 48, 48)


@pytest.mark.parametrize("size", [(1, 1), (1, 20000), (20000, 1), (48, 48), (3, 2000)])
@pytest.mark.parametrize("resize", ["shortest-side", "stretch"])
def test_any_shape_of_picture_gives_one_shape_of_input(size, resize):
    array = network_input(Image.new("RGB", size, (10, 20, 30)), replace(SPEC, resize=resize))
    assert array.shape == (3, 48, 48)
    assert array.dtype == np.float32
    assert np.ptp(array, axis=(1, 2)).max() == 0


def test_pixels_are_scaled_then_normalised():
    array = network_input(Image.new("RGB", (48, 48), (255, 0, 51)), SPEC)
    expected = (np.array([1, 0, 0.2]) - OPENAI_MEAN) / OPENAI_STD
    np.testing.assert_allclose(array[:, 0, 0], expected, rtol=1e-6)


@pytest.mark.torch
@settings(max_examples=40, deadline=None)
@given(st.integers(13, 400), st.integers(13, 400), st.sampled_from(["shortest", "squash"]))
def test_input_equals_that_of_open_clip_to_the_last_bit(open_clip, width, height, mode):
    reference = open_clip.image_transform(48, is_train=False, resize_mode=mode)
    spec = replace(SPEC, resize="shortest-side" if mode == "shortest" else "stretch")
    picture = noise(width, height)
    np.testing.assert_array_equal(network_input(picture, spec), reference(picture).numpy())


@pytest.mark.torch
@pytest.mark.parametrize("size", [(2, 90), (90, 2), (8, 257), (3, 1001), (700, 9)])
def test_input_of_a_strip_is_that_of_open_clip_but_for_rounding(open_clip, size):
    reference = open_clip.image_transform(48, is_train=False)
    picture = noise(*size)
    difference = np.abs(network_input(picture, SPEC) - reference(picture).numpy())
    grey_level = 1.01 / 255 / min(OPENAI_STD)
    # Pillow may resize the other way first, and noise is clipped in between.
    assert (difference <= grey_level).mean() > 0.95
    assert difference.max() < 0.5
