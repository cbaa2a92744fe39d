import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from prefml.imaging.resample import KERNELS, resample

sides = st.integers(1, 90)


def noise(height, width):
    # Pillow clips between the two directions: not so sharp that it would.
    return np.random.default_rng(0).integers(90, 166, (height, width, 3), dtype=np.uint8)


@settings(max_examples=60)
@given(sides, sides, st.integers(1, 90), st.integers(1, 90), st.sampled_from(sorted(KERNELS)))
def test_a_picture_that_was_not_halved_is_reduced_as_pillow_does(
    height, width, columns, rows, interpolation
):
    size = (min(columns, width), min(rows, height))
    pixels = noise(height, width)
    expected = Image.fromarray(pixels).resize(size, Image.Resampling[interpolation.upper()])
    difference = np.abs(resample(pixels, size, interpolation) - np.asarray(expected, np.float32))
    assert difference.max() <= 2
    assert difference.mean() <= 0.6


@pytest.mark.parametrize("interpolation", sorted(KERNELS))
def test_one_colour_stays(interpolation):
    flat = np.full((64, 48, 3), (10, 130, 255), np.uint8)
    small = resample(flat, (17, 23), interpolation, halvings=3)
    assert np.array_equal(small, np.full((23, 17, 3), (10, 130, 255), np.uint8))


def test_what_averaging_took_is_put_back():
    place = np.arange(1024)
    wave = (127.5 + 100 * np.cos(2 * np.pi * place / 32)).astype(np.uint8)
    full = np.repeat(np.tile(wave, (1024, 1))[..., None], 3, axis=2)
    quarter = full.reshape(256, 4, 256, 4, 3).mean(axis=(1, 3)).round().astype(np.uint8)
    exact = np.asarray(Image.fromarray(full).resize((128, 128), Image.Resampling.BICUBIC), float)
    blurred, restored = (
        np.abs(resample(quarter, (128, 128), "bicubic", halvings) - exact).mean()
        for halvings in (0, 2)
    )
    assert restored < blurred / 3
