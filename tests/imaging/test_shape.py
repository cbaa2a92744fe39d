import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.imaging import shape
from prefml.imaging.picture import Picture


def blank(width, height):
    return Picture(np.zeros((height, width, 3), np.uint8))


def test_size_is_that_of_the_whole_picture():
    values = shape.measure(blank(2000, 1000))
    assert values == {"width": 2000, "height": 1000, "megapixels": 2.0, "aspect": 2.0}


@given(st.integers(1, 400), st.integers(1, 400))
def test_turning_a_picture_swaps_its_sides_and_inverts_its_aspect(width, height):
    lying, upright = shape.measure(blank(width, height)), shape.measure(blank(height, width))
    assert (lying["width"], lying["height"]) == (upright["height"], upright["width"])
    assert lying["aspect"] * upright["aspect"] == pytest.approx(1)
    assert lying["megapixels"] == upright["megapixels"]
