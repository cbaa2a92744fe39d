import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.boxes import FULL_FRAME
from prefml.sample.crop_rule import decide_crop, ideal_box


def test_logged_crops_keep_the_aspect_within_a_pixel(plans):
    for plan in plans:
        if plan.crop:
            x1, y1, x2, y2 = plan.crop.pixels
            ideal = (x2 - x1) / plan.chosen_image.width * plan.chosen_image.height
            assert abs(ideal - (y2 - y1)) <= 1.5


def test_logged_crops_lie_inside_the_picture(plans):
    for plan in plans:
        if plan.crop:
            x1, y1, x2, y2 = plan.crop.pixels
            assert 0 <= x1 < x2 <= plan.chosen_image.width
            assert 0 <= y1 < y2 <= plan.chosen_image.height


def test_about_one_crop_in_twelve_keeps_the_whole_picture(plans):
    crops = [plan.crop for plan in plans if plan.crop]

    assert 0.06 < np.mean([crop.ideal == FULL_FRAME for crop in crops]) < 0.11


def test_a_crop_is_either_whole_or_clearly_smaller(plans):
    for plan in plans:
        if plan.crop:
            x1, y1, x2, y2 = plan.crop.pixels
            area = (x2 - x1) * (y2 - y1) / plan.chosen_image.width / plan.chosen_image.height
            assert area == 1 or area < 0.90


def test_the_ideal_box_holds_the_subject():
    assert ideal_box((0.4, 0.4, 0.6, 0.6)) == pytest.approx((0.366, 0.346, 0.634, 0.614))


def test_a_subject_that_fills_the_picture_is_kept_whole():
    crop = decide_crop((0.02, 0.05, 0.97, 0.95), 300, 200, np.random.default_rng(0))

    assert crop.pixels == (0, 0, 300, 200)


extents = st.floats(0.2, 0.66)
places = st.floats(0, 1)


@given(extents, extents, places, places)
def test_the_ideal_box_keeps_the_aspect_lies_inside_and_holds_the_subject(width, height, x, y):
    left, top = x * (1 - width), y * (1 - height)
    subject = (left, top, left + width, top + height)
    x1, y1, x2, y2 = ideal_box(subject)
    assert x2 - x1 == pytest.approx(y2 - y1)
    assert 0 <= x1 <= left + 1e-9
    assert 0 <= y1 <= top + 1e-9
    assert left + width <= x2 + 1e-9 <= 1 + 2e-9
    assert top + height <= y2 + 1e-9 <= 1 + 2e-9


@given(extents, st.integers(96, 800), st.integers(96, 800), st.integers(0, 999))
def test_a_drawn_crop_lies_inside_and_near_the_rule(extent, width, height, seed):
    subject = (0.1, 0.1, 0.1 + extent, 0.1 + extent)
    crop = decide_crop(subject, width, height, np.random.default_rng(seed))
    x1, y1, x2, y2 = crop.pixels
    assert 0 <= x1 < x2 <= width
    assert 0 <= y1 < y2 <= height
    assert crop.ideal == ideal_box(subject)
    drawn = np.array([x1 / width, y1 / height, x2 / width, y2 / height])
    assert np.abs(drawn - crop.ideal).max() < 0.2


def test_the_same_seed_draws_the_same_crop():
    first, second = (
        decide_crop((0.2, 0.2, 0.6, 0.6), 400, 300, np.random.default_rng(7)) for _ in range(2)
    )
    assert first == second
