import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from prefml.imaging.decode import from_image
from prefml.imaging.picture import WORKING_SIDE, Bands, Picture, halve, shrink

sides = st.integers(1, 600)


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_working_copy_fits_its_side_and_never_vanishes(width, height):
    small = shrink(np.zeros((height, width), np.uint8), WORKING_SIDE)
    assert 1 <= min(small.shape) <= max(small.shape) <= WORKING_SIDE


def test_small_picture_is_not_enlarged():
    picture = Picture(noise(32, 64))
    assert picture.working is picture.pixels


def test_working_copy_of_halves_is_within_two_levels_of_the_mean_of_its_pixels():
    pixels = noise(2048, 1024)
    working = Picture(pixels).working
    exact = pixels.reshape(512, 4, 256, 4, 3).mean(axis=(1, 3))
    assert working.shape == (512, 256, 3)
    assert np.abs(working - exact).max() <= 1.5


def test_gray_is_the_luma_of_the_working_copy():
    picture = from_image(Image.new("RGB", (1024, 256), (200, 30, 40)))
    assert picture.gray.shape == (128, 512)
    assert picture.gray.dtype == np.uint8
    assert picture.gray[0, 0] == pytest.approx(0.299 * 200 + 0.587 * 30 + 0.114 * 40, abs=0.5)


@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from([np.uint8, np.float32]))
def test_halving_averages_two_by_two_pixels(rows, columns, dtype):
    plane = noise(2 * rows, 2 * columns)[..., 0].astype(dtype)
    exact = plane.reshape(rows, 2, columns, 2).mean(axis=(1, 3))
    small = halve(plane)
    assert small.dtype == dtype
    assert np.abs(small - exact).max() <= (0.5 if dtype == np.uint8 else 1e-4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (3, 5)])
def test_halving_leaves_at_least_one_pixel(shape):
    assert halve(np.full(shape, 7, np.uint8)).shape == tuple(max(1, side // 2) for side in shape)


@given(sides, sides, st.sampled_from([84, 128, 256]))
def test_a_downsampled_copy_is_the_smallest_level_that_is_large_enough(height, width, side):
    picture = Picture(np.zeros((height, width, 3), np.uint8))
    small, working = picture.downsampled(side), picture.working
    if max(working.shape) < side:
        assert small is working
    else:
        assert max(small.shape[:2]) >= side
    # One level further down would be too small, or there is none of a whole pixel.
    assert max(small.shape[:2]) // 2 < side or min(small.shape[:2]) == 1


@given(st.integers(1, 600))
def test_bands_hold_rows_with_their_true_neighbours(height):
    rows = np.arange(height)
    plane = np.stack([rows // 256, rows % 256], axis=1).astype(np.uint8)
    bands = Bands.cut(plane)
    kept = bands.without_halo(bands.plane) @ [256, 1]
    held = bands.plane.reshape(bands.count, -1, 2) @ [256, 1]
    assert (np.diff(held, axis=1) == 1).all()
    assert (np.diff(kept) > 0).all()
    if bands.halo:
        assert len(kept) % 2 == 0
        assert len(bands.plane) < height
        assert kept.min() - held.min() == held.max() - kept.max() == bands.halo
    else:
        assert np.array_equal(kept, rows)


def rows_of_bands(picture):
    """Return the rows of the working copy that its bands hold, halos left out."""
    rows = np.arange(len(picture.gray))
    bands = Bands.cut(np.stack([rows // 256, rows % 256], axis=1).astype(np.uint8))
    return bands.without_halo(bands.plane) @ [256, 1]


@pytest.mark.parametrize("height", [40, 300, 512])
def test_gradients_of_the_bands_are_those_of_the_whole(height):
    picture = Picture(noise(height, 90))
    whole = cv2.spatialGradient(picture.gray)
    for found, expected in zip(picture.gradients, whole, strict=True):
        np.testing.assert_array_equal(found, expected[rows_of_bands(picture)])


@pytest.mark.parametrize("height", [40, 512])
def test_the_noise_response_is_that_of_immerkaers_mask(height):
    picture = Picture(noise(height, 90))
    mask = np.outer([1, -2, 1], [1, -2, 1])
    whole = ndimage.correlate(picture.gray.astype(int), mask, mode="mirror")
    np.testing.assert_array_equal(picture.noise_response, whole[rows_of_bands(picture)])


def test_the_dark_channel_is_the_least_level_of_a_window():
    picture = Picture(noise(60, 90))
    expected = ndimage.minimum_filter(picture.pixels.min(axis=2), 7, mode="constant", cval=255)
    np.testing.assert_array_equal(picture.dark_channel, expected)


def test_lab_of_a_grey_picture_has_no_colour():
    lab = Picture(np.full((40, 40, 3), 119, np.uint8)).lab
    assert np.abs(lab[..., 1:].astype(int) - 128).max() <= 1


@pytest.mark.parametrize("size", [(1001, 2000), (2000, 1001), (511, 900), (40, 3000), (900, 700)])
def test_pictures_without_a_half_that_is_large_enough_are_left_to_the_encoder(size):
    assert from_image(Image.new("RGB", size)).resized((300, 200), "lanczos") is None


def test_filters_without_a_matrix_are_left_to_the_encoder():
    picture = from_image(Image.new("RGB", (2048, 2048)))
    assert picture.resized((224, 224), "nearest") is None
    assert picture.resized((224, 224), "bilinear").size == (224, 224)


@pytest.mark.parametrize("size", [(64, 96), (224, 336), (60, 380)])
def test_resizing_leads_to_nearly_what_pillow_makes_of_the_full_size(size):
    image = Image.fromarray(noise(192, 128)).resize((1024, 1536), Image.Resampling.BICUBIC)
    picture = from_image(image)
    small = np.asarray(picture.resized(size, "bicubic"), np.float32)
    exact = np.asarray(picture.image.resize(size, Image.Resampling.BICUBIC), np.float32)
    assert small.shape == exact.shape
    assert np.abs(small - exact).max() <= 3
    assert 0 < np.abs(small - exact).mean() <= 0.5
