from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from prefml.imaging import detail
from prefml.imaging.decode import from_image

from .conftest import picture


def measured(pixels: np.ndarray) -> dict[str, float]:
    return detail.measure(picture(pixels))


def gray(levels: np.ndarray) -> np.ndarray:
    return np.repeat(levels[..., None], 3, axis=2)


@pytest.fixture
def noise() -> np.ndarray:
    """Return a grey picture of white noise, not clipped, of a standard deviation of 10."""
    return gray(np.random.default_rng(2).normal(128, 10, (400, 500)))


def test_blur_lowers_every_sharpness(scene):
    sharp, soft = measured(scene), measured(cv2.GaussianBlur(scene, (0, 0), 3))
    falling = ["sharpness", "sharpness_half", "gradient", "detail_full", "gradient_full"]
    falling += ["edge_density", "high_frequency", "sharpness_peak"]
    assert [name for name in falling if soft[name] >= sharp[name]] == []


def test_an_unsharp_mask_raises_sharpness():
    noise = np.random.default_rng(5).integers(40, 210, (60, 80, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((640, 480), Image.Resampling.BICUBIC)
    sharper = image.filter(ImageFilter.UnsharpMask(3, 200, 0))
    found = [detail.measure(from_image(one))["sharpness"] for one in (image, sharper)]
    assert found[0] < found[1]


def test_brightness_does_not_matter(scene):
    whole = np.rint(scene)
    before, after = measured(whole), measured(whole + 20)
    assert before == pytest.approx(after, abs=1e-3)


def test_sharpness_is_the_log_of_the_variance_of_the_laplacian():
    levels = np.random.default_rng(0).integers(0, 256, (60, 80)).astype(float)
    padded = np.pad(levels, 1, "edge")
    laplacian = (
        padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] - 4 * levels
    )
    assert measured(gray(levels))["sharpness"] == pytest.approx(np.log1p(laplacian.var()), rel=1e-6)


def test_gradient_is_the_log_of_the_mean_squared_sobel_response():
    """On a ramp of one level a pixel, Sobel's weights sum to 8 across and to 0 down."""
    levels = np.tile(np.arange(40.0), (30, 1))
    inner = (38 * 8**2) / 40
    assert measured(gray(levels))["gradient"] == pytest.approx(np.log1p(inner), abs=0.05)


@pytest.mark.parametrize("name", ["noise", "noise_full"])
def test_noise_is_measured_in_grey_levels(noise, name):
    assert measured(noise)[name] == pytest.approx(10, rel=0.05)


def test_noise_over_a_smooth_picture_is_told_from_its_texture(scene):
    smooth = cv2.GaussianBlur(scene, (0, 0), 8)
    grain = np.random.default_rng(2).normal(0, 10, (*scene.shape[:2], 1))
    assert measured(smooth + grain)["noise_full"] == pytest.approx(10, rel=0.1)
    assert measured(smooth)["noise_full"] < 1


def test_enlarged_picture_has_less_detail_per_pixel(scene):
    large = cv2.resize(scene, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    true, enlarged = measured(scene), measured(large)
    assert enlarged["detail_full"] < true["detail_full"] - 1
    assert enlarged["detail_gain"] < true["detail_gain"] - 1


def test_compression_raises_blockiness(scene):
    noisy = scene + np.random.default_rng(3).normal(0, 12, scene.shape)
    ok, data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 5])
    assert ok
    assert measured(cv2.imdecode(data, 1))["blockiness"] > measured(noisy)["blockiness"] + 0.1


def test_blockiness_is_the_log_ratio_of_steps_at_block_borders_to_others():
    """Blocks of 8 pixels that differ by 10 levels, each with a slope of 1 level a pixel."""
    line = np.arange(96) + 9 * (np.arange(96) // 8)
    levels = (line + line[:, None]) / 2.0
    ratio = np.log((5 + 0.1) / (0.5 + 0.1))
    found = measured(gray(np.floor(levels)))["blockiness"]
    assert found == pytest.approx(ratio, abs=0.1)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_the_slope_of_the_spectrum_is_that_of_the_noise(exponent):
    """Noise whose power falls with frequency to the given power."""
    rng = np.random.default_rng(4)
    frequency = np.hypot(np.fft.fftfreq(512)[:, None], np.fft.rfftfreq(512))
    frequency[0, 0] = 1
    shaped = np.fft.rfft2(rng.normal(size=(512, 512))) / frequency ** (exponent / 2)
    levels = np.fft.irfft2(shaped)
    levels = 128 + 20 * (levels - levels.mean()) / levels.std()
    assert measured(gray(levels))["spectrum_slope"] == pytest.approx(-exponent, abs=0.25)


@given(st.integers(0, 255), st.integers(1, 40), st.integers(1, 40))
def test_a_plain_picture_has_no_detail(level, height, width):
    found = measured(np.full((height, width, 3), float(level)))
    assert {name for name, value in found.items() if abs(value) > 1e-6} == set()


@given(st.integers(1, 700))
def test_tiles_start_on_the_grid_of_jpeg_blocks_and_lie_inside(length):
    starts = detail._tile_starts(length)
    assert 1 <= len(starts) <= 3
    assert all(start % 8 == 0 for start in starts)
    assert starts[-1] + min(96, length) <= length
