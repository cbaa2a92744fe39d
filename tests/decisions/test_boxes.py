from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from prefml.decisions.boxes import as_fractions, read_box, read_number, read_size
from prefml.decisions.quarantine import RowRefusedError


def test_pixels_become_fractions():
    assert as_fractions((10, 20, 110, 220), (200, 400), True) == (0.05, 0.05, 0.55, 0.55)


def test_fractions_stay_in_a_log_that_also_has_pixels():
    box = (0.0, 0.0673828125, 0.54736328125, 0.61474609375)
    assert as_fractions(box, (2048, 2048), True) == box


def test_a_log_of_fractions_never_holds_pixels():
    with pytest.raises(RowRefusedError, match="impossible_box"):
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
    with pytest.raises(RowRefusedError, match="does not lie in 200x400"):
        as_fractions(box, (200, 400), True)


def test_less_than_a_pixel_is_impossible():
    with pytest.raises(RowRefusedError, match="impossible_box"):
        as_fractions((0.2, 0.3, 1.2, 0.9), (200, 400), True)


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
    ],
)
def test_what_is_no_box_is_impossible(values):
    with pytest.raises(RowRefusedError, match="impossible_box"):
        read_box(values)


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


sides = st.integers(8, 4000)
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
    assert pixels == pytest.approx([x1, y1, x2, y2])
