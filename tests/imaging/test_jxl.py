"""Check that the size of a JPEG XL is known before anything is unpacked."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from prefml.exceptions import ImageError
from prefml.imaging.decode import decode, upright_size
from prefml.imaging.jxl import stored_size


def bits(*fields):
    """Pack pairs of value and number of bits, the lowest first, behind the signature."""
    value = place = 0
    for number, count in fields:
        value |= number << place
        place += count
    return b"\xff\x0a" + value.to_bytes((place + 7) // 8 + 8, "little")


SELECTORS = ((9, 0), (13, 1), (18, 2), (30, 3))


def length(number):
    count, selector = next(pair for pair in SELECTORS if number <= 1 << pair[0])
    return (selector, 2), (number - 1, count)


def boxed(codestream):
    head = b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0\0\0\x14ftypjxl " + bytes(8)
    return head + (len(codestream) + 8).to_bytes(4, "big") + b"jxlc" + codestream


@given(st.integers(1, 2**30), st.integers(1, 2**30), st.booleans())
def test_a_stated_size_is_read_from_both_forms_of_file(width, height, box):
    data = bits((0, 1), *length(height), (0, 3), *length(width))
    assert stored_size(io.BytesIO(boxed(data) if box else data)) == (width, height)


@given(st.integers(1, 32), st.integers(1, 7))
def test_small_sizes_and_ratios_are_read(eighths, ratio):
    by = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio - 1]
    data = bits((1, 1), (eighths - 1, 5), (ratio, 3))
    height = 8 * eighths
    assert stored_size(io.BytesIO(data)) == (height * by[0] // by[1], height)


@given(st.binary(max_size=60), st.booleans())
def test_other_files_have_no_size_and_do_no_harm(data, box):
    start = b"\0\0\0\x0cJXL \r\n\x87\n" if box else b""
    assert len(stored_size(io.BytesIO(start + data))) == 2
    assert stored_size(io.BytesIO(b"\x89PNG" + data)) == (0, 0)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "a.jxl"
    path.write_bytes(bits((0, 1), *length(2**30), (0, 3), *length(2**30)))
    with pytest.raises(ImageError, match="1073741824x1073741824 pixels"):
        decode(path)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.booleans())
def test_what_the_decoder_says_agrees(tmp_path_factory, width, height, box):
    pytest.importorskip("pillow_jxl", reason="pillow-jxl-plugin is not installed")
    path = tmp_path_factory.mktemp("jxl") / "a.jxl"
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
    Image.fromarray(pixels).save(path, lossless=True, use_container=box)
    with path.open("rb") as file:
        assert stored_size(file) == (width, height) == upright_size(path)
    assert np.array_equal(decode(path).pixels, pixels)
