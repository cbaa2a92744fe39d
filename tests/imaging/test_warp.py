import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.imaging.warp import warp


def ramp(height, width):
    """Return a picture whose red and green are the places of its pixels, in fractions of 255."""
    across = np.broadcast_to(np.linspace(0, 255, width), (height, width))
    down = np.broadcast_to(np.linspace(0, 255, height)[:, None], (height, width))
    return np.stack([across, down, np.zeros((height, width))], axis=-1).astype(np.uint8)


@given(st.integers(0, 20), st.integers(0, 30))
def test_an_unscaled_square_is_a_part_of_the_picture(left, top):
    pixels = np.random.default_rng(left + 31 * top).integers(0, 256, (60, 50, 3), np.uint8)
    placed = np.array([[1.0, 0, left], [0, 1, top]])
    square = warp(pixels, placed, 30, border=cv2.BORDER_CONSTANT)
    np.testing.assert_array_equal(square, pixels[top : top + 30, left : left + 30])


@pytest.mark.parametrize(
    ("border", "level"), [(cv2.BORDER_CONSTANT, 0), (cv2.BORDER_REPLICATE, 90)]
)
def test_beyond_the_picture_is_what_the_border_says(border, level):
    pixels = np.full((20, 20, 3), 90, np.uint8)
    square = warp(pixels, np.array([[1.0, 0, -40], [0, 1, -40]]), 30, border=border)
    assert (square == level).all()


@pytest.mark.parametrize("size", [(4, 40_000), (40_000, 4), (3, 70_001)])
def test_a_picture_longer_than_opencv_counts_is_sampled_at_the_same_places(size):
    pixels = ramp(*size)
    side = max(size) / 64
    square = warp(pixels, np.array([[side, 0, 0], [0, side, 0]]), 64, border=cv2.BORDER_REPLICATE)
    along = square[0, :, 0] if size[1] > size[0] else square[:, 0, 1]
    np.testing.assert_allclose(along, np.arange(64) / 64 * 255, atol=2)
