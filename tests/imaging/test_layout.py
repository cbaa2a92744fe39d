import numpy as np
import pytest

from prefml.imaging import layout

from .conftest import picture


@pytest.fixture(scope="module")
def busy_left():
    pixels = np.full((120, 120, 3), 128)
    pixels[:, :8] = np.random.default_rng(0).integers(0, 256, (120, 8, 1))
    return layout.measure(picture(pixels))


def test_detail_at_a_border_is_told_by_its_side(busy_left):
    assert busy_left["border_detail_left"] > 0.6
    assert busy_left["border_detail_right"] < 0.01


def test_a_busy_border_is_not_flat(busy_left):
    assert busy_left["border_flatness_left"] < 0.7
    assert busy_left["border_flatness_right"] == pytest.approx(1.0)


def test_the_sharp_half_holds_the_detail():
    rng = np.random.default_rng(0)
    pixels = np.tile(np.linspace(60, 200, 200)[:, None, None], (1, 200, 3))
    pixels[100:] += rng.normal(0, 30, (100, 200, 1))
    cues = layout.measure(picture(np.clip(pixels, 0, 255)))
    assert cues["detail_y05"] > 0.45
    assert cues["detail_grid_00"] < 0.001
    assert cues["detail_x"] == pytest.approx(0.5, abs=0.03)
