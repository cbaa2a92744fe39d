from __future__ import annotations

import re

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


@pytest.mark.parametrize(
    ("box", "size", "said"),
    [
        ((0, 0, 10, 999), (200, 400), "box 0,0,10,999 (pixels) does not lie in 200x400"),
        ((0, 0, 1.008, 0.9), (200, 400), "box 0,0,1.008,0.9 (pixels) does not lie in 200x400"),
        ((0.5, 0.5, 2, 1), None, "box 0.5,0.5,2,1 (fractions) does not lie in the image"),
    ],
)
def test_a_refused_box_is_shown_with_its_unit_and_the_image(box, size, said):
    with pytest.raises(RowRefusedError, match=f"^impossible_box: {re.escape(said)}$"):
        as_fractions(box, size, size is not None)


def test_a_fraction_may_exceed_one_by_a_pixel_of_the_shorter_side():
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
        with pytest.raises(RowRefusedError, match="impossible_box"):
            as_fractions(box, size, True)


def test_without_a_size_a_thousandth_of_overshoot_is_clipped_and_no_more():
    assert as_fractions((-0.001, 0, 1, 1.001), None, False) == (0, 0, 1, 1)
    for box in ((-0.0011, 0, 1, 1), (0, 0, 1, 1.0011), (0.5, 0, 0.5009, 1), (0, 0.5, 1, 0.5009)):
        with pytest.raises(RowRefusedError, match="impossible_box"):
            as_fractions(box, None, False)


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
    with pytest.raises(RowRefusedError, match="impossible_box"):
        read_box(values)


def test_a_box_that_cannot_be_read_is_shown():
    with pytest.raises(RowRefusedError, match=r"^impossible_box: box .'1', 'x'. is not four"):
        read_box(["1", "x"])
    with pytest.raises(RowRefusedError, match=r"^impossible_box: box 5,0,2,9 is empty$"):
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
