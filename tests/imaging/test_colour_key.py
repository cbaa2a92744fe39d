"""Check that a transparent colour is found at every depth of a PNG."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from prefml.imaging.colour_key import is_misread
from prefml.imaging.decode import decode

from .profiles import grey_profile

GREY, RGB = 0, 2
SHARED = Path(__file__).resolve().parents[3] / "shared" / "cases" / "png_colour_key"


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def packed(samples: np.ndarray, depth: int) -> bytes:
    """Pack the samples of rows, of shape (height, samples), as a PNG holds them."""
    if depth == 16:
        rows = [row.astype(">u2").tobytes() for row in samples]
    else:
        bits = (samples[:, :, None] >> np.arange(depth)[::-1]) & 1
        rows = [np.packbits(row.reshape(-1).astype(np.uint8)).tobytes() for row in bits]
    return zlib.compress(b"".join(b"\0" + row for row in rows))


def write(path: Path, samples: np.ndarray, depth: int, colour: int, key, *chunks: bytes) -> None:
    """Write samples of shape (height, width, channels) with a transparent colour."""
    height, width, channels = samples.shape
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(chunks)
        + chunk(b"tRNS", struct.pack(f">{channels}H", *key))
        + chunk(b"IDAT", packed(samples.reshape(height, -1), depth)) + chunk(b"IEND", b"")
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([(1, GREY), (2, GREY), (4, GREY), (8, GREY), (16, GREY), (8, RGB), (16, RGB)]),
    st.integers(0, 2**16 - 1),
    st.integers(0, 999),
)
def test_pixels_of_the_transparent_colour_are_white_and_no_others(
    tmp_path_factory, kind, key, seed
):
    path, (depth, colour) = tmp_path_factory.mktemp("key") / "a.png", kind
    top, channels = 2**depth - 1, 3 if colour == RGB else 1
    rng = np.random.default_rng(seed)
    samples = rng.integers(0, top + 1, (5, 7, channels))
    chosen = rng.random((5, 7)) < 0.4
    samples[chosen] = key & top
    # Colours that differ from it in the lowest bit alone are others.
    samples[0, 0] = (key & top) ^ 1
    write(path, samples, depth, colour, [key & top] * channels)
    matches = (samples == key & top).all(axis=2)
    expected = np.where(matches[:, :, None], top, samples)
    found = decode(path).pixels.astype(int)
    # Pillow cuts 16 bits of colour to their upper 8, and grey is rounded.
    assert np.abs(found - expected * (255 / top)).max() <= 1
    assert (found[matches] == 255).all()


@pytest.mark.parametrize("depth", [2, 4, 16])
def test_what_pillow_misreads_is_known_from_the_header(tmp_path, depth):
    path = tmp_path / "a.png"
    write(path, np.ones((2, 2, 1), int), depth, GREY, [1])
    with path.open("rb") as file, Image.open(file) as image:
        assert is_misread(image, file)
    Image.new("L", (2, 2)).save(path, transparency=0)
    with path.open("rb") as file, Image.open(file) as image:
        assert not is_misread(image, file)


def test_a_key_and_a_profile_count_both(tmp_path):
    path, profile = tmp_path / "a.png", grey_profile(1.0)
    icc = chunk(b"iCCP", b"a\0\0" + zlib.compress(profile))
    write(path, np.array([[[3], [8]]]), 4, GREY, [3], icc)
    found = decode(path).pixels[0, :, 0]
    assert found[0] == 255
    assert found[1] > 8 * 17 + 20


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the cases beside the project are not here")
def test_the_case_beside_the_project_shows_white():
    assert (decode(SHARED / "gray4_trns.png").pixels == 255).any()
