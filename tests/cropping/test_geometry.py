import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prefml.cropping.geometry import (
    as_boxes,
    contains,
    cover,
    enlarge,
    exclude,
    from_params,
    is_full_frame,
    to_params,
    to_pixels,
    with_aspect,
    with_least_side,
)

unit = st.floats(0.0, 1.0)
anything = st.floats(allow_nan=False, allow_infinity=False)
sides = st.integers(1, 6000)


@st.composite
def equal_sided(draw):
    side = draw(st.floats(0.05, 1.0))
    return from_params(np.array([[side, draw(unit), draw(unit)]]))[0]


@st.composite
def any_box(draw):
    x, y = sorted([draw(unit), draw(unit)]), sorted([draw(unit), draw(unit)])
    box = np.array([x[0], y[0], x[1], y[1]])
    return box if (box[2:] - box[:2]).min() > 0.01 else np.array([0.2, 0.3, 0.4, 0.6])


def inside_picture(box):
    return (box >= 0).all() and (box <= 1).all() and (box[2:] > box[:2]).all()


@given(arrays(float, (3,), elements=anything))
def test_any_three_numbers_give_a_box_inside_with_equal_sides(params):
    box = from_params(params[None])[0]
    assert (box >= 0).all()
    assert (box <= 1).all()
    assert box[2] - box[0] == pytest.approx(box[3] - box[1], abs=1e-12)


@given(equal_sided())
def test_parameters_give_the_box_back(box):
    np.testing.assert_allclose(from_params(to_params(box[None]))[0], box, atol=1e-9)


def test_a_box_of_another_aspect_becomes_one_of_the_same_area_and_centre():
    box = from_params(to_params(np.array([[0.3, 0.2, 0.7, 0.8]])))[0]
    np.testing.assert_allclose((box[:2] + box[2:]) / 2, [0.5, 0.5])
    assert (box[2] - box[0]) * (box[3] - box[1]) == pytest.approx(0.24)


@given(equal_sided(), sides, sides)
def test_whole_pixels_lie_inside_and_keep_the_aspect_within_one_pixel(box, width, height):
    left, top, right, bottom = to_pixels(box, (width, height))
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    w, h = right - left, bottom - top
    assert abs(h - w * height / width) <= 1
    assert abs(w - h * width / height) <= 1


@given(equal_sided(), st.integers(300, 6000), st.integers(300, 6000))
def test_whole_pixels_are_near_the_box(box, width, height):
    pixels = np.array(to_pixels(box, (width, height))) / [width, height, width, height]
    assert np.abs(pixels - box).max() <= 1.01 / 300


@given(any_box(), st.floats(0.3, 3.0), st.integers(300, 4000), st.integers(300, 4000))
def test_another_aspect_is_met_in_whole_pixels(box, aspect, width, height):
    crop = with_aspect(box, (width, height), aspect)
    assert inside_picture(crop)
    left, top, right, bottom = to_pixels(crop, (width, height), aspect)
    w, h = right - left, bottom - top
    assert min(abs(w - h * aspect), abs(h - w / aspect)) <= 1


def test_another_aspect_keeps_centre_and_area_where_there_is_room():
    crop = with_aspect([0.3, 0.3, 0.7, 0.7], (1000, 1000), 0.8)
    np.testing.assert_allclose((crop[:2] + crop[2:]) / 2, [0.5, 0.5])
    assert (crop[2] - crop[0]) * (crop[3] - crop[1]) == pytest.approx(0.16)
    assert (crop[2] - crop[0]) / (crop[3] - crop[1]) == pytest.approx(0.8)


@pytest.mark.parametrize("aspect", [0.0, -1.0, float("inf"), float("nan")])
def test_an_impossible_aspect_is_refused(aspect):
    with pytest.raises(ValueError, match="must be positive"):
        with_aspect([0, 0, 1, 1], (100, 100), aspect)


@given(equal_sided(), st.floats(0.0, 5.0))
def test_small_boxes_grow_to_the_least_side_and_stay_inside(box, least):
    grown = with_least_side(box[None], least)[0]
    assert inside_picture(grown)
    assert grown[2] - grown[0] >= min(least, 1.0) - 1e-9


@given(any_box(), st.floats(1.0, 10.0))
def test_enlarging_keeps_the_aspect_and_what_was_inside(box, factor):
    grown = enlarge(box, factor)
    assert inside_picture(grown)
    assert contains(grown, box)
    before, after = box[2:] - box[:2], grown[2:] - grown[:2]
    assert before[0] / before[1] == pytest.approx(after[0] / after[1])


@given(any_box(), any_box())
def test_covering_contains_the_target(box, target):
    covered = cover(box, target)
    assert inside_picture(covered)
    assert contains(covered, target)


@given(any_box())
def test_covering_what_is_inside_changes_nothing(box):
    inner = np.concatenate([box[:2] + 0.001, box[2:] - 0.001])
    np.testing.assert_allclose(cover(box, inner), box, atol=1e-12)


@given(equal_sided(), any_box())
def test_excluding_leaves_the_part_out(box, part):
    left = exclude(box, part, 0.05)
    if left is not None:
        assert inside_picture(left)
        overlap = np.minimum(left[2:], part[2:]) - np.maximum(left[:2], part[:2])
        assert overlap.min() <= 1e-9


def test_excluding_gives_up_rather_than_leave_out_what_must_stay():
    assert exclude([0.1, 0.1, 0.9, 0.9], [0.4, 0.4, 0.6, 0.6], 0.1, [0.3, 0.3, 0.7, 0.7]) is None


def test_excluding_prefers_the_largest_box():
    left = exclude([0.0, 0.0, 0.8, 0.8], [0.7, 0.1, 0.9, 0.2], 0.1)
    np.testing.assert_allclose(left, [0.0, 0.2, 0.8, 1.0])


def test_rounding_beyond_the_picture_is_cut_off():
    np.testing.assert_array_equal(as_boxes([[-0.001, 0, 1.002, 1]]), [[0, 0, 1, 1]])


@pytest.mark.parametrize(
    "boxes", [[[0, 0, 0, 1]], [[0.5, 0, 0.4, 1]], [[0, 0, 1.2, 1]], [[0, np.nan, 1, 1]], [[0, 1]]]
)
def test_what_is_no_box_is_refused(boxes):
    with pytest.raises(ValueError, match="boxes"):
        as_boxes(boxes)


def test_the_full_frame_begins_at_98_per_cent_of_the_area():
    boxes = from_params(np.array([[0.98**0.5, 0.5, 0.5], [0.9895, 0.5, 0.5], [1.0, 0, 0]]))
    assert is_full_frame(boxes).tolist() == [True, False, True]
