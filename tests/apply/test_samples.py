"""Crops hold the samples of their originals as they are, or there is none."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from prefml.apply.cropped import write_cropped
from prefml.apply.metadata import lost_metadata
from prefml.apply.samples import bits_per_channel, samples_obstacle
from prefml.exceptions import ImageError
from prefml.imaging.decode import decode
from prefml.imaging.opening import open_image

BOX, WIDE, HIGH = (0.25, 0.25, 0.75, 0.75), 16, 8
# Channels of the colour types of a PNG, and the depths they may have (PNG 1.2, 4.1.1).
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PNG_KINDS = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4),
             (3, 8), (4, 8), (4, 16), (6, 8), (6, 16)]  # fmt: skip
# Photometric interpretation and channels of a TIFF (TIFF 6.0, tag 262).
WHITE_IS_ZERO, GREY, RGB, CMYK, LAB = 0, 1, 2, 5, 8
CHANNELS = {WHITE_IS_ZERO: 1, GREY: 1, RGB: 3, CMYK: 4, LAB: 3}
UNSIGNED, SIGNED, FLOAT = 1, 2, 3


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(colours, depth, rng, key):
    """Return a PNG of any kind, with a transparent colour that occurs in it, and a background."""
    bits = WIDE * PNG_CHANNELS[colours] * depth
    rows = [rng.integers(0, 256, (bits + 7) // 8, np.uint8).tobytes() for _ in range(HIGH)]
    head = struct.pack(">IIBBBBB", WIDE, HIGH, depth, colours, 0, 0, 0)
    parts = [chunk(b"IHDR", head)]
    if colours == 3:
        parts.append(chunk(b"PLTE", rng.integers(0, 256, 3 << depth, np.uint8).tobytes()))
    if key and colours in (0, 2):
        # The samples of the first pixel, as numbers of 16 bits.
        size = PNG_CHANNELS[colours]
        first = int.from_bytes(rows[3][: size * 2], "big") >> (size * 16 - size * depth)
        levels = [first >> depth * (size - 1 - i) & ((1 << depth) - 1) for i in range(size)]
        parts.append(chunk(b"tRNS", struct.pack(f">{size}H", *levels)))
        parts.append(chunk(b"bKGD", struct.pack(f">{size}H", *levels)))
    elif key and colours == 3:
        parts.append(chunk(b"tRNS", bytes([0, 128])))
        parts.append(chunk(b"bKGD", b"\1"))
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def tiff(colours, bits, form, order, rng, extra=()):
    """Return a TIFF of one strip: of any interpretation, depth and sort of numbers."""
    channels = CHANNELS[colours] + len(extra)
    if form == FLOAT:
        data = rng.random(WIDE * HIGH * channels).astype(order + "f4").tobytes()
    elif bits == 12:
        data = rng.bytes(WIDE * HIGH * channels * 12 // 8)
    else:
        dtype = np.dtype({8: "u1", 16: "u2", 32: "u4"}[bits]).newbyteorder(order)
        data = rng.integers(0, 1 << bits, WIDE * HIGH * channels).astype(dtype).tobytes()
    entries = {256: [WIDE], 257: [HIGH], 258: [bits] * channels, 259: [1], 262: [colours],
               273: [8], 277: [channels], 278: [HIGH], 279: [len(data)]}  # fmt: skip
    entries |= {338: list(extra)} if extra else {}
    entries[339] = [form] * channels
    start = 8 + len(data) + 2 + 12 * len(entries) + 4
    table, behind = struct.pack(order + "H", len(entries)), b""
    for tag in sorted(entries):
        values = struct.pack(order + f"{len(entries[tag])}H", *entries[tag])
        if len(values) > 4:
            field = struct.pack(order + "I", start + len(behind))
            behind += values
        else:
            field = values.ljust(4, b"\0")
        table += struct.pack(order + "HHI", tag, 3, len(entries[tag])) + field
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "I", 8 + len(data)) + data + table + bytes(4) + behind


def crop(path):
    target = path.with_name("crop" + path.suffix)
    write_cropped(path, target, BOX, 10**6)
    return target


def middle(pixels):
    return pixels[HIGH // 4 : HIGH * 3 // 4, WIDE // 4 : WIDE * 3 // 4]


def stated(path):
    with open_image(path) as (file, image):
        return bits_per_channel(image, file)


@pytest.mark.parametrize("key", [False, True], ids=["plain", "key"])
@pytest.mark.parametrize(("colours", "depth"), PNG_KINDS)
def test_the_crop_of_any_png_shows_what_the_original_shows_there(tmp_path, colours, depth, key):
    for seed in range(5):
        path = tmp_path / "a.png"
        path.write_bytes(png(colours, depth, np.random.default_rng(seed), key))
        if depth == 16 and colours != 0:
            with pytest.raises(ImageError, match="16 bits a channel; crop it by hand"):
                crop(path)
            continue
        target = crop(path)
        np.testing.assert_array_equal(decode(target).pixels, middle(decode(path).pixels))
        assert stated(target) >= depth if colours == 0 else stated(target) <= 8
        assert lost_metadata(path) == ()
        assert (b"bKGD" in target.read_bytes()) is key or colours in (4, 6)


@pytest.mark.parametrize(("depth", "step"), [(2, 85), (4, 17)])
def test_levels_that_are_stretched_take_the_transparent_one_and_the_background_along(
    tmp_path, depth, step
):
    path = tmp_path / "a.png"
    path.write_bytes(png(0, depth, np.random.default_rng(0), key=True))
    with Image.open(path) as image:
        level = image.info["transparency"]
    target = crop(path)
    with Image.open(target) as image:
        assert image.info["transparency"] == level * step
    assert b"bKGD" + struct.pack(">H", level * step) in target.read_bytes()


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(list(CHANNELS)),
    st.sampled_from([8, 12, 16, 32]),
    st.sampled_from([UNSIGNED, SIGNED, FLOAT]),
    st.sampled_from("<>"),
    st.integers(0, 99),
)
def test_the_crop_of_any_tiff_has_its_numbers_and_its_depth_or_is_refused(
    tmp_path_factory, colours, bits, form, order, seed
):
    path = tmp_path_factory.mktemp("tiff") / "a.tif"
    bits = 32 if form == FLOAT else bits
    path.write_bytes(tiff(colours, bits, form, order, np.random.default_rng(seed)))
    try:
        target = crop(path)
    except ImageError:
        return
    assert stated(target) == bits
    with Image.open(path) as before, Image.open(target) as after:
        np.testing.assert_array_equal(np.asarray(after), middle(np.asarray(before)))
        if bits > 8:
            assert after.tag_v2[262] == before.tag_v2[262]
            assert after.tag_v2.get(339, (1,)) == before.tag_v2[339]


@pytest.mark.parametrize(
    ("colours", "bits", "form", "refused"),
    [(GREY, 16, UNSIGNED, False), (GREY, 32, FLOAT, False), (GREY, 32, SIGNED, False),
     (GREY, 32, UNSIGNED, True), (GREY, 16, SIGNED, True), (GREY, 12, UNSIGNED, True),
     (WHITE_IS_ZERO, 16, UNSIGNED, True), (CMYK, 16, UNSIGNED, True), (RGB, 16, UNSIGNED, True),
     (RGB, 8, UNSIGNED, False), (CMYK, 8, UNSIGNED, False)],
)  # fmt: skip
def test_depths_that_pillow_would_change_are_refused_from_the_header(
    tmp_path, colours, bits, form, refused
):
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(colours, bits, form, "<", np.random.default_rng(0)))
    with open_image(path) as (file, image):
        found = samples_obstacle(image, file)
    assert found == (f"has {bits} bits a channel; crop it by hand" if refused else None)


def test_a_channel_beside_the_colours_is_named_as_lost(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(RGB, 8, UNSIGNED, "<", np.random.default_rng(0), extra=(0,)))
    assert lost_metadata(path) == ("channels beside the colours",)
    path.write_bytes(tiff(RGB, 8, UNSIGNED, "<", np.random.default_rng(0), extra=(2,)))
    assert lost_metadata(path) == ()


def bitmap(rgba):
    """Return a BMP of the fifth version, with or without a mask for its alpha."""
    pixels = np.random.default_rng(0).integers(0, 256, (HIGH, WIDE, 4), np.uint8).tobytes()
    head = struct.pack("<IiiHHIIiiII", 124, WIDE, HIGH, 1, 32, 3, len(pixels), 2835, 2835, 0, 0)
    head += struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000 if rgba else 0)
    head = (head + b"BGRs").ljust(124, b"\0")
    return b"BM" + struct.pack("<IHHI", 138 + len(pixels), 0, 0, 138) + head + pixels


def test_transparency_that_no_bmp_is_written_with_is_refused(tmp_path):
    (tmp_path / "a.bmp").write_bytes(bitmap(rgba=True))
    with pytest.raises(ImageError, match="BMP with transparency"):
        crop(tmp_path / "a.bmp")
    (tmp_path / "b.bmp").write_bytes(bitmap(rgba=False))
    np.testing.assert_array_equal(
        decode(crop(tmp_path / "b.bmp")).pixels, middle(decode(tmp_path / "b.bmp").pixels)
    )
