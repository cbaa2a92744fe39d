import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prefml.boxes import to_pixels
from prefml.cropping.geometry import (
    areas,
    contains,
    cover,
    enlarge,
    exclude,
    from_params,
    from_sides,
    keep_aspect,
    to_params,
    to_sides,
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


@pytest.mark.parametrize(
    ("box", "position"),
    [
        ([0, 0, 1, 1], [0.5, 0.5]),
        ([0.0, 0.1, 0.2, 0.9], [0.0, 0.5]),
        ([0.8, 0.0, 1.0, 0.8], [1.0, 1 / 3]),
    ],
    ids=["the whole picture", "at the left", "at the right"],
)
def test_the_position_of_a_box_of_another_aspect_lies_between_the_bounds(box, position):
    np.testing.assert_allclose(to_params(np.array([box], float))[0, 1:], position, atol=1e-12)


def test_the_area_of_a_box_is_its_share_of_the_picture():
    np.testing.assert_allclose(areas(np.array([[0.1, 0.3, 0.6, 0.5], [0, 0, 1, 1]])), [0.1, 1.0])


@given(equal_sided(), sides, sides)
def test_whole_pixels_lie_inside_and_keep_the_aspect_within_half_a_pixel(box, width, height):
    left, top, right, bottom = to_pixels(box, (width, height))
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    w, h = right - left, bottom - top
    assert abs(h - w * height / width) <= 0.5 + 1e-9
    assert abs(w - h * width / height) <= 0.5 + 1e-9


@pytest.mark.parametrize("size", [(1000, 100), (100, 1000)], ids=["wide", "high"])
def test_a_box_in_a_corner_is_in_that_corner_in_whole_pixels(size):
    assert to_pixels([0.894, 0.894, 1, 1], size)[2:] == size
    assert to_pixels([0, 0, 0.106, 0.106], size)[:2] == (0, 0)


def test_the_smallest_box_is_one_pixel():
    assert to_pixels([0.5, 0.5, 0.5001, 0.5001], (100, 100)) == (50, 50, 51, 51)


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


@pytest.mark.parametrize(
    ("centre", "expected"),
    [
        ([0.4, 0.7], [0.1, 0.55, 0.7, 0.85]),
        ([0.0, 0.9], [0.0, 0.7, 0.6, 1.0]),
        ([1.0, 0.1], [0.4, 0.0, 1.0, 0.3]),
    ],
)
def test_another_aspect_may_be_put_elsewhere_as_far_as_the_picture_allows(centre, expected):
    crop = with_aspect([0.2, 0.2, 0.5, 0.8], (1000, 500), 4.0, centre)
    np.testing.assert_allclose(crop, expected)


@pytest.mark.parametrize("corner", [0.0, 0.8])
def test_another_aspect_of_a_box_in_a_corner_stays_in_the_picture(corner):
    crop = with_aspect([corner, corner, corner + 0.2, corner + 0.2], (1000, 1000), 4.0)
    expected = [0.0, 0.05, 0.4, 0.15] if corner == 0 else [0.6, 0.85, 1.0, 0.95]
    np.testing.assert_allclose(crop, expected)


@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        (0.0, (100, 100)), (-1.0, (100, 100)), (float("inf"), (100, 100)),
        (float("nan"), (100, 100)), (1.5, (0, 100)), (1.5, (100, 0)),
    ],
)  # fmt: skip
def test_an_impossible_aspect_or_size_is_refused(aspect, size):
    with pytest.raises(ValueError, match="must be positive"):
        with_aspect([0, 0, 1, 1], size, aspect)


def test_a_picture_of_one_pixel_has_crops_of_every_aspect():
    np.testing.assert_allclose(with_aspect([0, 0, 1, 1], (1, 1), 2.0), [0, 0.25, 1, 0.75])


@given(equal_sided(), st.floats(0.0, 5.0))
def test_small_boxes_grow_to_the_least_side_and_stay_inside(box, least):
    grown = with_least_side(box[None], least)[0]
    assert inside_picture(grown)
    assert grown[2] - grown[0] >= min(least, 1.0) - 1e-9


@given(equal_sided(), equal_sided())
def test_boxes_that_are_large_enough_are_returned_as_they_are(box, other):
    boxes = np.array([box, other])
    np.testing.assert_array_equal(with_least_side(boxes, boxes[:, 2] - boxes[:, 0]), boxes)


@pytest.mark.parametrize(
    ("box", "least", "expected"),
    [
        ([0.2, 0.5, 0.4, 0.7], 0.3, [0.15, 0.45, 0.45, 0.75]),
        ([0.0, 0.8, 0.2, 1.0], 0.4, [0.0, 0.6, 0.4, 1.0]),
        ([0.3, 0.3, 0.4, 0.4], 1.5, [0.0, 0.0, 1.0, 1.0]),
    ],
    ids=["about its centre", "as far as the edges allow", "to the whole picture"],
)
def test_a_small_box_grows(box, least, expected):
    np.testing.assert_allclose(with_least_side(np.array([box]), least), [expected], atol=1e-12)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([0.3, 0.3, 0.5, 0.7], [0.2, 0.1, 0.6, 0.9]),
        ([0.0, 0.2, 0.2, 0.6], [0.0, 0.0, 0.4, 0.8]),
        ([0.1, 0.2, 0.4, 1.0], [0.0625, 0.0, 0.4375, 1.0]),
    ],
    ids=["about its centre", "as far as the edges allow", "until a side is the picture's"],
)
def test_a_box_is_enlarged(box, expected):
    np.testing.assert_allclose(enlarge(box, 2.0), expected, atol=1e-12)


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


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ([0.65, 0.8, 0.75, 0.95], [0.65, 0.75, 0.85, 0.95]),
        ([0.75, 0.3, 0.85, 0.9], [0.4, 0.3, 1.0, 0.9]),
        ([0.0, 0.1, 1.0, 0.2], [0.0, 0.0, 1.0, 1.0]),
    ],
    ids=["by moving", "by growing, inside the picture", "by growing to the picture"],
)
def test_covering_changes_a_box_as_little_as_it_takes(target, expected):
    np.testing.assert_allclose(cover([0.7, 0.7, 0.9, 0.9], target), expected, atol=1e-12)


def test_covering_gives_up_the_aspect_where_the_picture_is_too_small_for_it():
    np.testing.assert_allclose(cover([0, 0.4, 1, 0.5], [0.2, 0.1, 0.3, 0.6]), [0, 0.1, 1, 0.6])


@given(any_box())
def test_a_box_contains_itself_without_slack(box):
    assert contains(box, box, slack=0.0)


@given(any_box())
def test_covering_what_is_inside_changes_nothing(box):
    inner = np.concatenate([box[:2] + 0.001, box[2:] - 0.001])
    np.testing.assert_allclose(cover(box, inner), box, atol=1e-12)


@given(equal_sided(), any_box())
@example(
    np.array([0.0, 0.0, 0.745873181125018, 0.745873181125018]), np.array([0.0, 0.4375, 1.0, 1.0])
)
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


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ([0.35, 0.4, 0.40, 0.5], [0.4, 0.4, 0.65, 0.65]),
        ([0.55, 0.4, 0.70, 0.6], [0.3, 0.4, 0.55, 0.65]),
        ([0.40, 0.2, 0.50, 0.45], [0.35, 0.45, 0.6, 0.7]),
        ([0.40, 0.6, 0.50, 0.7], [0.35, 0.35, 0.6, 0.6]),
    ],
    ids=["right", "left", "down", "up"],
)
def test_excluding_moves_a_box_the_shortest_way_off_the_part(part, expected):
    moved = exclude([0.35, 0.4, 0.6, 0.65], part, 0.1)
    np.testing.assert_allclose(moved, expected, atol=1e-12)


def test_excluding_keeps_a_box_of_just_the_least_size():
    np.testing.assert_array_equal(
        exclude([0.25, 0.25, 0.5, 0.5], [0.5, 0.25, 0.75, 0.5], 0.25), [0.25, 0.25, 0.5, 0.5]
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda box: cover(box, box),
        lambda box: enlarge(box, 1.7),
        lambda box: exclude(box, box / 3, 0.01),
        lambda box: with_aspect(box, (640, 480), 1.1, box[:2]),
    ],
    ids=["cover", "enlarge", "exclude", "with_aspect"],
)
def test_boxes_in_single_precision_are_computed_in_double(change):
    single = np.array([0.31, 0.37, 0.73, 0.79], np.float32)
    np.testing.assert_array_equal(change(single), change(single.astype(float)))


@pytest.mark.parametrize(
    ("boxes", "kept"),
    [
        ([[0.1, 0.1, 0.5, 0.5]] * 10, True),
        ([[0.1, 0.1, 0.5, 0.5]] * 8 + [[0.1, 0.1, 0.5, 0.9]] * 2, False),
        ([[0.1, 0.1, 0.5, 0.9]] + [[0.0, 0.0, 1.0, 1.0]] * 30, False),
        ([[0.0, 0.0, 1.0, 1.0]] * 3, True),
    ],
)
def test_crops_keep_the_aspect_if_nearly_all_do_whole_pictures_left_aside(boxes, kept):
    assert keep_aspect(np.array(boxes)) == kept


def test_a_free_box_that_is_too_thin_grows_on_that_side_only():
    grown = with_least_side(np.array([[0.1, 0.2, 0.15, 0.9]]), 0.2)
    np.testing.assert_allclose(grown, [[0.025, 0.2, 0.225, 0.9]])


@given(unit, unit, unit, unit)
def test_a_box_of_any_aspect_survives_being_written_as_sides(a, b, c, d):
    box = np.array([[min(a, b), min(c, d), max(a, b), max(c, d)]])
    np.testing.assert_allclose(from_sides(to_sides(box)), box, atol=1e-8)
