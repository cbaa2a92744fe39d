from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from prefml.imaging import tone

from .conftest import picture

weights = hnp.arrays(float, st.integers(2, 20), elements=st.just(0.0) | st.floats(1e-6, 1e6))


def measured(pixels: np.ndarray) -> dict[str, float]:
    return tone.measure(picture(pixels))


def test_brightness_moves_exposure(scene):
    shift = measured(scene + 20)["exposure"] - measured(scene)["exposure"]
    assert shift == pytest.approx(20 / 255, abs=0.01)


def test_stretching_raises_contrast(scene):
    flat = 128 + (scene - 128) * 0.3
    assert measured(flat)["contrast"] < measured(scene)["contrast"]
    assert measured(flat)["entropy"] < measured(scene)["entropy"]


def test_luma_cues_are_those_of_the_histogram():
    levels = np.repeat([0, 64, 128, 255], [5000, 2500, 2000, 500]).reshape(100, 100)
    found = measured(np.repeat(levels[..., None], 3, axis=2))
    luma = levels / 255
    assert found["exposure"] == pytest.approx(luma.mean())
    assert found["contrast"] == pytest.approx(luma.std())
    shares = np.array([0.5, 0.25, 0.2, 0.05])
    assert found["entropy"] == pytest.approx(-(shares * np.log2(shares)).sum())
    assert (found["luma_low"], found["luma_high"]) == (0, 128 / 255)


def test_grey_picture_has_no_colour(scene):
    grey = np.repeat(scene.mean(axis=2, keepdims=True), 3, axis=2)
    values = measured(grey)
    for name in ("colourfulness", "saturation", "hue_variety", "warmth", "tint"):
        assert values[name] == pytest.approx(0, abs=0.6), name


def test_colourfulness_is_that_of_hasler_and_suesstrunk():
    pixels = np.random.default_rng(0).integers(0, 256, (120, 120, 3)).astype(float)
    red, green, blue = (pixels[..., channel] for channel in range(3))
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = np.hypot(red_green.std(), yellow_blue.std())
    distance = np.hypot(red_green.mean(), yellow_blue.mean())
    assert measured(pixels)["colourfulness"] == pytest.approx(spread + 0.3 * distance, rel=1e-4)


def test_orange_light_is_warm(scene):
    assert measured(scene * [1.1, 1.0, 0.6])["warmth"] > measured(scene)["warmth"] + 5


def test_clipped_shares_count_pixels_without_detail():
    pixels = np.full((100, 100, 3), 128.0)
    pixels[:25], pixels[-10:] = 255, 0
    values = measured(pixels)
    assert values["clipped_highlights"] == pytest.approx(0.25)
    assert values["clipped_shadows"] == pytest.approx(0.10)


def test_one_clipped_channel_does_not_clip_a_pixel():
    values = measured(np.full((100, 100, 3), [255.0, 0.0, 128.0]))
    assert (values["clipped_highlights"], values["clipped_shadows"]) == (0, 0)


def test_light_center_is_seen(scene):
    spot = scene.copy()
    spot[120:360, 160:480] += 25
    assert measured(spot)["center_exposure"] > measured(scene)["center_exposure"] + 0.02


def test_two_hues_vary_less_than_many():
    hues = np.linspace(0, 180, 120, endpoint=False).astype(np.uint8)
    saturated = np.full((120, 120, 3), 255, np.uint8)
    saturated[..., 0] = hues
    many = cv2.cvtColor(saturated, cv2.COLOR_HSV2RGB)
    saturated[..., 0] = np.where(hues < 90, 0, 90)
    two = cv2.cvtColor(saturated, cv2.COLOR_HSV2RGB)
    assert measured(many)["hue_variety"] > 0.98
    assert measured(two)["hue_variety"] == pytest.approx(np.log(2) / np.log(18), abs=0.05)


@given(weights, st.randoms())
def test_normalized_entropy_lies_in_0_to_1_and_ignores_order_and_scale(values, random):
    found = tone._normalized_entropy(values)
    assert 0 <= found <= 1 + 1e-9
    shuffled = list(values)
    random.shuffle(shuffled)
    assert tone._normalized_entropy(np.array(shuffled)) == pytest.approx(found, abs=1e-6)
    assert tone._normalized_entropy(values * 3) == pytest.approx(found, abs=1e-6)


def test_normalized_entropy_is_0_for_one_bin_and_1_for_equal_bins():
    assert tone._normalized_entropy(np.array([0.0, 7.0, 0.0])) == 0
    assert tone._normalized_entropy(np.zeros(5)) == 0
    assert tone._normalized_entropy(np.full(5, 0.2)) == pytest.approx(1)
