"""A PNG whose scanlines are stored has the same pixels, or there is none."""

from __future__ import annotations

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from prefml.imaging.scanlines import LARGEST, with_stored_scanlines

HEAD = struct.Struct(">II5B")


def chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def scanlines_of(pixels: np.ndarray, filters: list[int]) -> bytes:
    """Filter each row by one of the five types, in turn."""
    height = len(pixels)
    left, up, corner = (np.zeros(pixels.shape, int) for _ in range(3))
    left[:, 1:], up[1:], corner[1:, 1:] = pixels[:, :-1], pixels[:-1], pixels[:-1, :-1]
    guess = left + up - corner
    far = [np.abs(guess - one) for one in (left, up, corner)]
    nearest = np.where((far[0] <= far[1]) & (far[0] <= far[2]), left,
                       np.where(far[1] <= far[2], up, corner))  # fmt: skip
    predictions = [np.zeros(pixels.shape, int), left, up, (left + up) // 2, nearest]
    rows = []
    for y in range(height):
        kind = filters[y % len(filters)]
        values = (pixels[y].astype(int) - predictions[kind][y]).astype(np.uint8)
        rows.append(bytes([kind]) + values.tobytes())
    return b"".join(rows)


def png(
    pixels: np.ndarray,
    filters: tuple[int, ...] = (0, 1, 2, 3, 4),
    level: int = 6,
    part: int = 1 << 16,
    kind: tuple[int, ...] = (8, 2, 0, 0, 0),
    surplus: bytes = b"",
) -> bytes:
    packed = zlib.compress(scanlines_of(pixels, list(filters)) + surplus, level)
    parts = [chunk(b"IDAT", packed[at : at + part]) for at in range(0, len(packed), part)]
    head = HEAD.pack(pixels.shape[1], pixels.shape[0], *kind)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(parts) + chunk(b"IEND", b"")


def stored(data: bytes) -> np.ndarray | None:
    return with_stored_scanlines(data, imagecodecs.deflate_decode, imagecodecs.deflate_crc32)


def opened(data: bytes | np.ndarray) -> np.ndarray:
    with Image.open(io.BytesIO(bytes(data))) as image:
        return np.asarray(image)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.lists(st.integers(0, 4), min_size=1, max_size=7).map(tuple),
    st.integers(0, 9),
    st.integers(1, 5000),
)
def test_the_pixels_stay_whatever_the_filters_and_the_chunks(height, width, filters, level, part):
    pixels = noise(height, width)
    data = png(pixels, filters, level, part)
    assert np.array_equal(opened(data), pixels)
    assert np.array_equal(opened(stored(data)), pixels)


# Scanlines of one block less a byte, of exactly one and of one byte more; then of several.
@pytest.mark.parametrize(
    ("height", "width"), [(2, 10922), (15, 1456), (3, 7281), (6, 7281), (64, 700)]
)
def test_scanlines_end_anywhere_in_a_block(height, width):
    pixels = noise(height, width)
    assert np.array_equal(opened(stored(png(pixels))), pixels)


@pytest.mark.parametrize(
    "kind", [(16, 2, 0, 0, 0), (8, 6, 0, 0, 0), (8, 0, 0, 0, 0), (8, 2, 0, 0, 1), (8, 2, 0, 1, 0)]
)
def test_other_channels_and_interlacing_are_left_alone(kind):
    assert stored(png(noise(9, 9), kind=kind)) is None


def test_pictures_of_which_two_more_copies_are_too_large_are_left_alone():
    head = HEAD.pack(LARGEST // 1000 + 1, 1000, 8, 2, 0, 0, 0)
    data = png(noise(9, 9))
    assert stored(data[:8] + chunk(b"IHDR", head) + data[33:]) is None


def test_scanlines_that_are_missing_are_not_made_up():
    data = png(noise(9, 9))
    taller = chunk(b"IHDR", HEAD.pack(9, 10, 8, 2, 0, 0, 0))
    assert stored(data[:8] + taller + data[33:]) is None


def test_more_scanlines_than_rows_are_no_picture_of_this_kind():
    with pytest.raises(imagecodecs.DeflateError):
        stored(png(noise(9, 9), surplus=b"\0"))


def test_pixels_in_two_places_are_no_picture_of_this_kind():
    data = png(noise(9, 9), part=50)
    at = data.index(b"IDAT", data.index(b"IDAT") + 1) - 4
    assert stored(data) is not None
    assert stored(data[:at] + chunk(b"tEXt", b"a\0b") + data[at:]) is None


@given(st.data())
def test_damage_is_never_shown(given_data):
    pixels = noise(12, 17)
    data = bytearray(png(pixels, part=200))
    at = given_data.draw(st.integers(data.index(b"IDAT"), len(data) - 13))
    data[at] ^= given_data.draw(st.integers(1, 255))
    try:
        found = stored(bytes(data))
    except imagecodecs.DeflateError:
        return
    assert found is None or np.array_equal(opened(found), pixels)


@given(st.integers(33, 700))
def test_a_file_that_ends_early_gives_nothing(end):
    data = png(noise(12, 17), part=200)
    whole = data.rindex(b"IEND") - 4
    try:
        found = stored(data[: min(end, whole - 1)])
    except imagecodecs.DeflateError:
        return
    assert found is None
