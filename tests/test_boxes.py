from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from prefml.boxes import (
    FULL_FRAME,
    SIMILAR,
    Box,
    as_boxes,
    as_fractions,
    is_whole,
    keeps_whole,
    nearly_same,
    read_box,
    read_number,
    read_size,
    same_box,
)
from prefml.exceptions import BoxError


def test_pixels_become_fractions():
    assert as_fractions((10, 20, 110, 220), (200, 400), True) == (0.05, 0.05, 0.55, 0.55)


def test_fractions_stay_in_a_log_that_also_has_pixels():
    box = (0.0, 0.0673828125, 0.54736328125, 0.61474609375)
    assert as_fractions(box, (2048, 2048), True) == box


def test_a_log_of_fractions_never_holds_pixels():
    with pytest.raises(BoxError):
        as_fractions((10, 20, 110, 220), (200, 400), False)


@pytest.mark.parametrize(
    ("box", "clipped"),
    [
        ((-1, 0, 100, 401), (0, 0, 0.5, 1)),
        ((0, -0.4, 200.9, 400), (0, 0, 1, 1)),
        ((0, 0, 1.001, 1.002), (0, 0, 1, 1)),
    ],
)
def test_a_pixel_of_overshoot_is_clipped(box, clipped):
    assert as_fractions(box, (200, 400), True) == clipped


@pytest.mark.parametrize(
    "box", [(-2, 0, 100, 400), (0, 0, 202, 400), (0, 0, 200, 402), (300, 0, 400, 100)]
)
def test_more_than_a_pixel_outside_is_impossible(box):
    with pytest.raises(BoxError, match="does not lie in 200x400"):
        as_fractions(box, (200, 400), True)


def test_less_than_a_pixel_is_impossible():
    with pytest.raises(BoxError):
        as_fractions((0.2, 0.3, 1.2, 0.9), (200, 400), True)


@pytest.mark.parametrize(
    ("box", "size", "said"),
    [
        ((0, 0, 10, 999), (200, 400), "box 0,0,10,999 (pixels) does not lie in 200x400"),
        ((0, 0, 1.008, 0.9), (200, 400), "box 0,0,1.008,0.9 (pixels) does not lie in 200x400"),
        ((0.5, 0.5, 2, 1), None, "box 0.5,0.5,2,1 (fractions) does not lie in the image"),
    ],
)
def test_a_refused_box_is_shown_with_its_unit_and_the_image(box, size, said):
    with pytest.raises(BoxError, match=f"^{re.escape(said)}; "):
        as_fractions(box, size, size is not None)


def test_in_a_log_of_both_a_little_above_one_is_still_a_fraction():
    assert as_fractions((0.2, 0.3, 1.005, 0.9), (200, 400), True) == (0.2, 0.3, 1.0, 0.9)
    pixels = as_fractions((0.2, 0.3, 1.505, 0.9 + 1), (200, 400), True)
    assert pixels == pytest.approx((0.2 / 200, 0.3 / 400, 1.505 / 200, 1.9 / 400))


@pytest.mark.parametrize("size", [(200, 400), (400, 200)])
def test_a_box_of_one_pixel_is_the_smallest(size):
    width, height = size
    one = (3, 4, 4, 5)
    assert as_fractions(one, size, True) == pytest.approx(
        (3 / width, 4 / height, 4 / width, 5 / height)
    )
    for box in ((3, 4, 3.99, 9), (3, 4, 9, 4.99)):
        with pytest.raises(BoxError):
            as_fractions(box, size, True)


def test_half_a_per_cent_of_overshoot_is_clipped_and_no_more():
    assert read_box((-0.005, 0.2, 1, 1.005)) == (0, 0.2, 1, 1)
    for box in ((-0.0051, 0, 1, 1), (0, 0, 1, 1.0051)):
        with pytest.raises(BoxError, match="does not lie in the image"):
            read_box(box)


def test_a_box_thinner_than_a_thousandth_is_a_slip():
    assert read_box((0.5, 0, 0.501, 1)) == (0.5, 0, 0.501, 1)
    for box in ((0.5, 0, 0.5009, 1), (0, 0.5, 1, 0.5009), (-0.005, 0, 0.0005, 1)):
        with pytest.raises(BoxError, match="thinner than"):
            read_box(box)


def test_fractions_need_no_size():
    assert as_fractions((0.1, 0.2, 0.3, 0.4), None, False) == (0.1, 0.2, 0.3, 0.4)


@pytest.mark.parametrize(
    "values",
    [
        ["1", "2", "3"],
        ["1", "2", "3", ""],
        ["1", "2", "nan", "4"],
        ["1", "2", "inf", "4"],
        ["1", "2", "1e999", "4"],
        ["1", "2", "1_0", "4"],
        [0, 0, True, 1],
        [0, 0, None, 1],
        [0, 0, 10**400, 1],
        [None],
        ["5", "0", "5", "9"],
        ["0", "9", "5", "0"],
        ["0", "5", "9", "5"],
    ],
)
def test_what_is_no_box_is_impossible(values):
    with pytest.raises(BoxError):
        read_box(values)


def test_a_box_that_cannot_be_read_is_shown():
    with pytest.raises(BoxError, match=r"^box \['1', 'x'\] is not four numbers; "):
        read_box(["1", "x"])
    with pytest.raises(BoxError, match=r"^box 5,0,2,9 is empty; "):
        read_box(["5", "0", "2", "9"])


def test_the_sides_of_an_image_lie_between_one_pixel_and_a_million():
    assert read_size(1, 1_000_000) == (1, 1_000_000)
    assert read_size(1_000_000, 1) == (1_000_000, 1)
    assert read_size(0.5, 1) is read_size(1, 1_000_001) is read_size(5, None) is None


@pytest.mark.parametrize(
    ("width", "height"),
    [("0", "0"), ("", ""), ("x", "1"), ("-5", "5"), ("1.5", "2"), ("1e308", "1"), ("nan", "1")],
)
def test_what_is_no_size_is_none(width, height):
    assert read_size(width, height) is None


def test_a_size_may_be_written_as_a_float():
    assert read_size("832.0", 1216) == (832, 1216)


@given(st.floats(allow_nan=False))
def test_numbers_are_read_back(number):
    assert read_number(repr(number)) == number


sides = st.integers(8, 1000)
shares = st.tuples(*[st.floats(0, 1)] * 4)


@given(sides, sides, shares)
def test_every_box_inside_the_image_comes_back_inside_the_unit_square(width, height, share):
    x1, x2 = sorted(round(s * width) for s in share[:2])
    y1, y2 = sorted(round(s * height) for s in share[2:])
    assume(x1 < x2 and y1 < y2 and x2 > 1 and (x2, y2) > (1, 1))
    found = as_fractions((x1, y1, x2, y2), (width, height), True)
    assert 0 <= found[0] < found[2] <= 1
    assert 0 <= found[1] < found[3] <= 1
    pixels = [c * s for c, s in zip(found, (width, height) * 2, strict=True)]
    expected = [0, 0, width, height] if found == FULL_FRAME else [x1, y1, x2, y2]
    assert pixels == pytest.approx(expected)


@pytest.mark.parametrize("edge", range(4))
def test_a_picture_is_kept_whole_up_to_half_a_per_cent_of_each_edge(edge):
    inwards = 1 if edge < 2 else -1
    within, beyond = list(FULL_FRAME), list(FULL_FRAME)
    within[edge] += inwards * 0.005
    beyond[edge] += inwards * 0.0051
    assert read_box(within) is FULL_FRAME
    assert read_box(beyond) == tuple(beyond)
    assert is_whole(np.array([within, beyond])).tolist() == [True, False]


edges = st.floats(-0.2, 1.2) | st.sampled_from([0, 1, 0.995, 0.005])
boxes = st.lists(edges, min_size=4, max_size=4)


@given(st.lists(boxes, min_size=1, max_size=4))
def test_many_boxes_are_read_as_one_is(rows):
    try:
        singly = [read_box(row) for row in rows]
    except BoxError:
        with pytest.raises(BoxError, match=r"^boxes\["):
            as_boxes(rows)
        return
    np.testing.assert_array_equal(as_boxes(rows), singly)
    assert is_whole(np.array(singly)).tolist() == [box == FULL_FRAME for box in singly]


@given(boxes)
def test_a_box_that_was_read_is_read_back_as_it_is(values):
    try:
        box = read_box(values)
    except BoxError:
        return
    assert isinstance(box, Box)
    assert 0 <= box.x1 < box.x2 <= 1
    assert 0 <= box.y1 < box.y2 <= 1
    assert read_box(box) == box
    assert keeps_whole(box) == (box == FULL_FRAME)


def test_an_array_of_another_shape_is_refused():
    for rows in ([0, 0, 1, 1], [[0, 1]], [[0, 0, 1, 1], [0, 1]]):
        with pytest.raises(BoxError, match="of shape"):
            as_boxes(rows)


def test_no_box_is_the_same_as_no_box_only():
    assert same_box(None, None)
    assert not same_box(None, FULL_FRAME)
    assert same_box((0, 0, 0.5, 0.5), (0, 0, 0.50005, 0.5))
    assert not same_box((0, 0, 0.5, 0.5), (0, 0, 0.5002, 0.5))


def test_boxes_are_on_the_ground():
    heavy = "{'lightgbm', 'pandas', 'sklearn'}"
    code = f"import sys, prefml.boxes; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_a_box_passes_if_it_overlaps_the_persons_by_more_than_the_limit():
    own = np.array([[0, 0, 1.0, 0.5]] * 2)
    proposed = np.array([[0, 0, SIMILAR - 0.01, 0.5], [0, 0, SIMILAR + 0.01, 0.5]])
    assert nearly_same(own, proposed).tolist() == [False, True]
    assert nearly_same(proposed, own).tolist() == [False, True]


@pytest.mark.parametrize(
    ("own", "passes"), [(FULL_FRAME, True), ((0.004, 0, 1, 1), True), ((0.05, 0, 1, 1), False)]
)
def test_keeping_the_whole_passes_only_where_the_person_kept_it(own, passes):
    assert nearly_same([own], [FULL_FRAME]).tolist() == [passes]
